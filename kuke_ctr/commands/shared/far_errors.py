"""An error of a call on another host: it says which one, and its lines can be pasted here."""

from typing import TypeVar

from kuke_ctr.errors import KukeCtrError, Unreachable
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.far_lines import hint_there, kuke_there

E = TypeVar("E", bound=KukeCtrError)


def of_far(error: E, host: str) -> E:
    """The same error, for a command that was given this --host."""
    far = Far.parse(host)
    message, hint, command = error.message, error.hint, error.command
    if command is not None and command[:1] != ("ssh",):
        message, command = f"{far}: {message}", far.typed(command)
    elif isinstance(error, Unreachable) or command is None:
        return error if hint is None else error.but(hint=kuke_there(far, hint))
    if hint is not None:
        hint = hint_there(far, hint)
    return error.but(message=message, hint=hint, command=command)
