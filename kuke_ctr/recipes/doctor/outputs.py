"""The tasks whose output goes into a FIFO that nobody reads: /proc knows, ctr does not.

Such a task runs until some 64 KiB are waiting, and then its next write waits for a reader.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from kuke_ctr.processes.proc import PROC, link_of, open_files, parent_of
from kuke_ctr.recipes.doctor.facts import Space
from kuke_ctr.records import TaskStatus

_WAITS = "pipe_w"
"""Of the kernel's functions in which a process waits for room in a pipe: pipe_write and others."""


def tasks_without_reader(
    spaces: Iterable[Space], *, proc: Path = PROC
) -> dict[tuple[str, str], bool]:
    """Namespace and id of the running tasks without a reader -> whether the task waits for one.

    One look at each process of the host, as root.
    """
    fifos: dict[str, tuple[str, str, int, int]] = {}
    names: dict[int, list[str]] = {}
    for space in spaces:
        for task in space.tasks:
            shim = parent_of(proc / str(task.pid)) if task.status == TaskStatus.RUNNING else None
            if shim is None:
                continue
            if shim not in names:
                names[shim] = [file.name for file in open_files(proc / str(shim))]
            for name in names[shim]:
                if name.endswith(f"/{task.id}-stdout"):
                    fifos[name] = (space.namespace, task.id, task.pid, shim)
    holders = _holders(fifos, proc) if fifos else {}
    return {
        (namespace, name): _waits(proc / str(pid))
        for fifo, (namespace, name, pid, shim) in fifos.items()
        if holders.get(fifo, set()) <= {shim}
    }


def _holders(fifos: Iterable[str], proc: Path) -> dict[str, set[int]]:
    """The processes that have each FIFO open."""
    wanted = set(fifos)
    found: dict[str, set[int]] = {}
    for folder in proc.glob("[0-9]*"):
        with suppress(OSError):
            for entry in os.scandir(folder / "fd"):
                name = link_of(Path(entry.path))
                if name in wanted:
                    found.setdefault(name, set()).add(int(folder.name))
    return found


def _waits(task: Path) -> bool:
    with suppress(OSError):
        return _WAITS in (task / "wchan").read_text()
    return False
