"""What attach, exec and run share: their exit code is that of the process in the container."""

from collections.abc import Iterator
from contextlib import contextmanager

from kuke_ctr.errors import Interrupted, KukeCtrError, NotStarted, TimeLimit, UsageError
from kuke_ctr.user_tty import is_terminal

OURS = 125
"""The exit code of a failure that is not the process's own, as in docker."""


@contextmanager
def own_failures() -> Iterator[None]:
    """Failures inside exit with 125, but for wrong usage (2), the time limit (124) and Ctrl-C, and
    for a program that is not there or can't be run."""
    try:
        yield
    except (UsageError, TimeLimit, Interrupted, NotStarted):
        raise
    except KukeCtrError as error:
        error.exit_code = OURS
        raise


def require_terminal(tty: bool, force: bool) -> None:
    """Raise UsageError for -t where our stdin is no terminal, unless that was meant."""
    if tty and not force and not is_terminal(0):
        raise UsageError(
            "-t needs a terminal, and our stdin is none",
            hint="leave -t out (-i alone passes stdin on), or add --force-tty",
        )
