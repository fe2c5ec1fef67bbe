"""An error of a call on another host: it says which one, and its lines can be pasted here."""

from typing import TypeVar

from kuke_ctr.errors import CtrMissing, KukeCtrError, Unreachable
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.far_lines import hint_there, other_hint

E = TypeVar("E", bound=KukeCtrError)


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
        return error if hint is None else error.but(hint=other_hint(far, hint))
    if command is not None and not (isinstance(error, CtrMissing) and command[:1] == ("ssh",)):
        message = f"{far}: {message}"
        command = command if command[:1] == ("ssh",) else far.typed(command)
    if hint is not None:
        hint = hint_there(far, hint)
    return error.but(message=message, hint=hint, command=command)
