"""What attach, exec and run share: their exit code is that of the process in the container."""

from collections.abc import Iterator
from contextlib import contextmanager

from kuke_ctr.errors import Interrupted, KukeCtrError, TimeLimit, UsageError

OURS = 125
"""The exit code of a failure that is not the process's own, as in docker."""


@contextmanager
def own_failures() -> Iterator[None]:
    """Failures inside exit with 125, but for wrong usage (2), the time limit (124) and Ctrl-C."""
    try:
        yield
    except (UsageError, TimeLimit, Interrupted):
        raise
    except KukeCtrError as error:
        error.exit_code = OURS
        raise
