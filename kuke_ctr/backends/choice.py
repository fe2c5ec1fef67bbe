"""Which backend serves an operation: the one place that decides."""

from enum import StrEnum


class Backend(StrEnum):
    """What `--backend` takes."""

    AUTO = "auto"
    CTR = "ctr"
    NERDCTL = "nerdctl"


BY_NERDCTL = frozenset(
    (
        *("images ls", "containers ls", "ps", "inspect", "stats", "events", "info", "version"),
        *("logs", "start", "stop", "rm", "exec", "run"),
        *("images pull", "images push", "images tag", "images import", "images export"),
    )
)
"""The operations that nerdctl serves with `--backend nerdctl`; all others stay with ctr."""

ONLY_BY_NERDCTL = frozenset(("logs", "start", "stop", "rm"))
"""Those among them that ctr cannot do right for nerdctl's own containers: `auto` uses it there."""


def may_serve(backend: Backend, operation: str) -> bool:
    """Whether nerdctl may serve an operation (`images ls`, `logs`) with this backend."""
    if backend is Backend.NERDCTL:
        return operation in BY_NERDCTL
    return backend is Backend.AUTO and operation in ONLY_BY_NERDCTL
