"""An error of a call on another host: it says which one, and its lines can be pasted here."""

import re
from typing import TypeVar

from kuke_ctr.errors import KukeCtrError, Unreachable
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.shell_words import shell_line

E = TypeVar("E", bound=KukeCtrError)

_LINES = re.compile(r"`(?:sudo )?(systemctl|journalctl|ls|mkdir|tail|df|file) ([^`]*)`")
"""Commands in hints that are about the files and services of the host."""

_SUDO = re.compile(r"run the same command with sudo|try sudo|use sudo")


def of_far(error: E, host: str) -> E:
    """The same error, for a command that was given this --host."""
    far = Far.parse(host)
    message, hint, command = error.message, error.hint, error.command
    if command is not None and command[:1] != ("ssh",):
        message, command = f"{far}: {message}", far.typed(command)
    elif isinstance(error, Unreachable) or command is None:
        return error
    if hint is not None:
        hint = _LINES.sub(lambda found: f"`{shell_line(far.words)} {found[1]} {found[2]}`", hint)
        hint = _SUDO.sub(f"connect as a user who may: --host ssh://root@{far.host}", hint)
    return error.but(message=message, hint=hint, command=command)
