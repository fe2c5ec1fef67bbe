"""An error of a call on another host: it says which one, and its lines can be pasted here."""

import re
from typing import TypeVar

from kuke_ctr.errors import CtrMissing, KukeCtrError, Unreachable
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.shell_words import shell_line

E = TypeVar("E", bound=KukeCtrError)

_LINES = re.compile(r"`(?:sudo )?(systemctl|journalctl|ls|mkdir|tail|df|file) ([^`]*)`")
"""Commands in hints that are about the files and services of the host."""

_SUDO = re.compile(r"(?:run the same command with|try|use) (?:--)?sudo")


def of_far(error: E, host: str) -> E:
    """The same error, for a command that was given this --host.

    One without a command is about that host where it names a file of it (`kukeon.files.named`);
    others are about files of this one.
    """
    far = Far.parse(host)
    message, hint, command = error.message, error.hint, error.command
    if isinstance(error, Unreachable):
        return error
    if command is None and f"{far}:/" not in message:
        return (
            error if hint is None else error.but(hint=_SUDO.sub("run it as a user who may", hint))
        )
    if command is not None and not (isinstance(error, CtrMissing) and command[:1] == ("ssh",)):
        message = f"{far}: {message}"
        command = command if command[:1] == ("ssh",) else far.typed(command)
    if hint is not None:
        hint = _LINES.sub(lambda found: f"`{shell_line(far.words)} {found[1]} {found[2]}`", hint)
        hint = _SUDO.sub(f"connect as a user who may: --host {_as_root(far)}", hint)
    return error.but(message=message, hint=hint, command=command)


def _as_root(far: Far) -> str:
    return str(far._replace(user="root")) if far.port is not None else f"ssh://root@{far.host}"
