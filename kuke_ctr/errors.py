"""Every failure that kuke-ctr can explain: one base type, each class knows its exit code."""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Self

OURS = 125
"""Of attach, exec, run and start: a failure that is not the process's own, as in docker."""

TIME_PASSED = 124
NOT_EXECUTABLE = 126
NO_PROGRAM = 127
INTERRUPTED = 130

NO_READER = 141
"""Nobody reads our output any more."""


class Reason(Enum):
    """What kind of failure it was, for whoever goes on differently after it."""

    ALREADY_EXISTS = auto()
    INVALID_REFERENCE = auto()
    KEPT_BY_NERDCTL = auto()
    MISSING_CONTENT = auto()
    NO_PLATFORM = auto()
    NO_SPACE = auto()
    NOT_RUNNING = auto()
    NOT_UNPACKED = auto()
    SNAPSHOTTER_NOT_LOADED = auto()
    WRONG_FILTER = auto()


class Explained(BaseException):
    """One sentence for the user and, where there is one, a next step.

    `message` says what happened, `hint` what to do next, `command` is the exact argv, with secrets
    masked already, and `ran` whether it was started at all. `exit_code` is what the command line
    exits with (docs/output.md). `reason` is for programs. None of it changes once it was raised:
    `but` makes another error.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        command: Sequence[str] | None = None,
        ran: bool = True,
        reason: Reason | None = None,
    ) -> None:
        super().__init__(message)
        self.ran = ran
        self.reason = reason
        self.message = message
        self.hint = hint
        self.command = tuple(command) if command is not None else None

    def but(
        self,
        *,
        message: str | None = None,
        hint: str | None = None,
        command: Sequence[str] | None = None,
    ) -> Self:
        """The same error with another message or hint: `raise error.but(...) from None`."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.message = self.message if message is None else message
        other.hint = self.hint if hint is None else hint
        other.command = self.command if command is None else tuple(command)
        other.args = (other.message,)
        return other


class KukeCtrError(Explained, Exception):
    """A failure that can be explained."""


class CtrFailed(KukeCtrError):
    """ctr ran and said no; the message is what it said."""


class Unreachable(KukeCtrError):
    """ssh could not reach another host, or lost it; what ran there has been ended."""


class OwnFailure(KukeCtrError):
    """Of attach, exec, run and start: what went wrong is not the process's own exit."""

    exit_code = OURS

    @classmethod
    def of(cls, error: KukeCtrError) -> Self:
        """The failure with the same words, for `raise ... from error`."""
        return cls(
            error.message,
            hint=error.hint,
            command=error.command,
            ran=error.ran,
            reason=error.reason,
        )


class UsageError(KukeCtrError):
    """Wrong usage or bad input: nothing was started."""

    exit_code = 2


class NotStarted(KukeCtrError):
    """A program in a container could not be started: NO_PROGRAM or NOT_EXECUTABLE."""

    def __init__(
        self,
        message: str,
        *,
        exit_code: int,
        hint: str | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, command=command)
        self.exit_code = exit_code


class NotFound(KukeCtrError):
    """The thing that was named does not exist."""

    exit_code = 3


class Unreadable(KukeCtrError):
    """What ctr printed, or what a recording holds, could not be read."""

    exit_code = 4


class FoundWrong(KukeCtrError):
    """The command looked and found something wrong (`images check`)."""

    exit_code = 5


class TimeLimit(KukeCtrError):
    """The time limit passed before there was an answer."""

    exit_code = TIME_PASSED


class Forbidden(KukeCtrError):
    """A file, a socket or a program may not be used by this user."""

    exit_code = NOT_EXECUTABLE


class CtrMissing(KukeCtrError):
    """The ctr program is not installed."""

    exit_code = NO_PROGRAM


class Declined(KukeCtrError):
    """The user was asked, and said no."""

    exit_code = INTERRUPTED


class Interrupted(Explained, KeyboardInterrupt):
    """Ctrl-C. It is no KukeCtrError: whoever can do without an answer must not go on after it."""

    exit_code = INTERRUPTED


def words_of(error: OSError) -> str:
    """What a call of the system failed with, and on which file."""
    if error.filename in ("stdout", "stderr", "the output"):
        what = f"cannot write to {error.filename}"
    else:
        what = f"cannot use {error.filename}" if error.filename else "the system call failed"
    return f"{what}: {error.strerror or error}"
