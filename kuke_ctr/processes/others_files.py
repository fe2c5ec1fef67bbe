"""What another user may have left where everybody may write: nothing of ours goes into it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from kuke_ctr.errors import Forbidden

_ROOT = 0


def refuse_others(path: Path) -> None:
    """Raise Forbidden where another user has left this path, or a folder on the way to it.

    That counts in folders that all may write, such as /tmp: there a link, a folder or a file can
    wait for root under a name that root will use. Links are followed, and looked at themselves.
    """
    for each in _way(path):
        try:
            found, folder = each.lstat(), each.parent.stat()
        except OSError:  # it is not there: it will be ours
            continue
        if not folder.st_mode & stat.S_IWOTH or found.st_uid in _trusted(folder):
            continue
        kind = "symbolic link" if stat.S_ISLNK(found.st_mode) else "file"
        kind = "directory" if stat.S_ISDIR(found.st_mode) else kind
        raise Forbidden(
            f"{each} is a {kind} of another user, in a directory that everybody may write to; "
            "nothing was written",
            hint="use another name, or a directory of yours",
        )


def _way(path: Path) -> Iterator[Path]:
    """The path and all folders above it, by the names that were given and by the real ones."""
    given, real = Path(os.path.abspath(path)), Path(os.path.realpath(path))  # noqa: PTH100
    yield from dict.fromkeys((given, *given.parents, real, *real.parents))


def _trusted(folder: os.stat_result) -> set[int]:
    """Us, root, whose the folder is, and who called sudo."""
    caller = os.environ.get("SUDO_UID", "")
    sudo = {int(caller)} if caller.isascii() and caller.isdigit() else set()
    return {os.geteuid(), _ROOT, folder.st_uid} | sudo
