"""Paths of the host on which ctr runs, as somebody gave them."""

from pathlib import Path

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.far import Far


def absolute(path: str | Path, option: str, far: Far | None) -> Path:
    """The path from the root: the runtime starts from another directory than we.

    UsageError for a relative one on another host, where nobody has a working directory.
    """
    if far is not None:
        require_absolute(path, option, far)
    return Path(path).absolute()


def require_absolute(path: str | Path, option: str, far: Far) -> None:
    """Raise UsageError for a relative path on another host."""
    if not Path(path).is_absolute():
        raise UsageError(
            f"{option} {str(path)!r} needs an absolute path with --host",
            hint=f"it is a path on {far}, not on this host",
        )
