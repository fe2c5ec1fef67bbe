"""The words of `cp`: containers, each with its colon; behind the colon paths in the container.

Nothing runs in a container for it. A directory is read through /proc/PID/root, which takes root,
and every link on the way is resolved within the container, as `cp` itself does it.
"""

import os
import signal
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from kuke_ctr.processes.proc import PROC, parent_of, words_of
from kuke_ctr.recipes.copying.inside import Place, find

_ROOT = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_MOST = 5000
"""Names of one directory that are read."""


def is_inside(front: str) -> bool:
    """Whether a word has named its container: `web:/etc`; `./a:b` and `/a:b` are files here."""
    return ":" in front and not front.startswith(("/", "./", "../", ":", "~"))


def containers(ids: Sequence[str]) -> list[str]:
    """The words for containers, of which a path has to follow."""
    return [f"{one}:" for one in ids]


def files_here(front: str) -> list[str]:
    """The files of this host whose path begins so, directories with a slash."""
    folder, slash, name = front.rpartition("/")
    try:
        with os.scandir(f"{folder}{slash}" or ".") as entries:
            return sorted(
                f"{folder}{slash}{one.name}{'/' if one.is_dir() else ''}"
                for one in entries
                if one.name.startswith(name) and (name or not one.name.startswith("."))
            )
    except OSError:
        return []


def pids_in(table: str) -> dict[str, int]:
    """Containers that run and their pids, from what `ctr tasks ls` printed."""
    found = {}
    for row in table.splitlines()[1:]:
        match row.split():
            case [container, pid, "RUNNING" | "PAUSED"] if pid.isdecimal() and int(pid):
                found[container] = int(pid)
    return found


def paths_inside(front: str, pid: int, namespace: str, proc: Path = PROC) -> list[str]:
    """The paths behind `front`, an absolute path in the container of a process; OSError.

    Empty for a process that is not that of a container of the namespace in this /proc.
    """
    folder, _, name = front.rpartition("/")
    with _files_of(proc / str(pid), namespace) as root:
        if root is None:
            return []
        with find(root, f"{folder}/") as place:
            names = _names(place, name)
    return [f"{folder}/{one}" for one in names]


@contextmanager
def _files_of(process: Path, namespace: str) -> Iterator[int | None]:
    """A container's `/`; None for a process whose parent is no shim of the namespace.

    The daemon may be in another pid namespace, and a runtime with virtual machines names a process
    that has this host's files.
    """
    shim = words_of(process.parent / str(parent_of(process)))
    root = os.open(process / "root", _ROOT)
    try:
        ours, theirs = os.stat("/"), os.fstat(root)  # noqa: PTH116
        is_ours = (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)
        of_shim = ("-namespace", namespace) in pairwise(shim)
        yield root if of_shim and not is_ours else None
    finally:
        os.close(root)


def _names(place: Place, beginning: str) -> list[str]:
    """The names in a directory that begin so, directories with a slash."""
    if not place.is_folder:
        return []
    folder = os.open(place.name, _READ | os.O_NOFOLLOW, dir_fd=place.folder)
    try:
        with os.scandir(folder) as entries:
            found = [one.name for one, _ in zip(entries, range(_MOST), strict=False)]
        fitting = (one for one in found if one.startswith(beginning))
        shown = [one for one in fitting if beginning or not one.startswith(".")]
        return sorted(f"{one}/" if _is_folder(one, folder) else one for one in shown)
    finally:
        os.close(folder)


def _is_folder(name: str, folder: int) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def end_after(seconds: float) -> None:
    """End this process then, without a word: a tenant's file system may never answer."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
