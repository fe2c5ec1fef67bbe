"""What the output of a task is connected to: /proc knows, ctr has no command for it.

The task's parent is its shim. The shim holds what `ctr tasks attach` would read (a FIFO), or the
log file that it writes. Only root sees the files of another user's process.
"""

import fcntl
import os
import struct
import termios
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from kuke_ctr.processes.proc import PROC, OpenFile, link_of, open_files, parent_of, words_of

_SHIM = "containerd-shim"
_STDOUT = 1
_DELETED = " (deleted)"


class IoKind(StrEnum):
    """FIFO and TERMINAL can be attached to (a TERMINAL's stream is a FIFO as well).

    NULL shows nothing, ever; a LOG is a file that the shim writes; UNKNOWN is what could not be
    seen (no root, no such process) or is nothing of these (a `binary://` logger).
    """

    NULL = "null"
    FIFO = "fifo"
    TERMINAL = "pty"
    LOG = "log"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TaskIO:
    """What was seen.

    `log` is the file of a LOG, None where it was deleted; `held` the same as the shim has it open,
    which can be read also then. `readers` are the processes that read the FIFO beside the shim: two
    of them split the stream between them. A kuke-ctr that only holds it beside its ctr is none.
    """

    kind: IoKind
    log: Path | None = None
    readers: tuple[int, ...] = ()
    held: Path | None = field(default=None, compare=False)


_UNSEEN = TaskIO(IoKind.UNKNOWN)


def task_io(
    pid: int, namespace: str, container: str, *, proc: Path = PROC, readers: bool = True
) -> TaskIO:
    """Where the output of the task with this pid (`tasks ls`) goes.

    To look for the `readers` of a FIFO is to look at every process of the host.
    """
    stdout = link_of(proc / str(pid) / "fd" / str(_STDOUT))
    shim = _shim_of(pid, namespace, proc)
    if stdout is None or shim is None:
        return _UNSEEN
    files = list(open_files(proc / str(shim)))
    fifo = next((f.name for f in files if f.name.endswith(f"/{container}-stdout")), None)
    if fifo is not None:
        kind = IoKind.TERMINAL if _is_terminal(stdout) else IoKind.FIFO
        return TaskIO(kind, readers=tuple(_readers(fifo, shim, proc)) if readers else ())
    if stdout == os.devnull:
        return TaskIO(IoKind.NULL)
    return _log_of(files, container)


def terminal_size(pid: int, *, proc: Path = PROC) -> tuple[int, int] | None:
    """Rows and columns of the terminal that a task has as its stdout, where that can be seen."""
    name = proc / str(pid) / "fd" / str(_STDOUT)
    target = link_of(name)
    if target is None or not _is_terminal(target):
        return None
    try:
        terminal = os.open(name, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        packed = fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return None
    finally:
        os.close(terminal)
    rows, columns, _, _ = struct.unpack("HHHH", packed)
    return (rows, columns) if rows and columns else None


def shims_write(files: Collection[tuple[int, int]], *, proc: Path = PROC) -> bool | None:
    """Whether any shim has one of these files (device, inode) open for writing.

    None where the open files of a shim may not be seen.
    """
    seen: bool | None = False
    for folder in proc.glob("[0-9]*"):
        if not _is_shim(words_of(folder)):
            continue
        if not os.access(folder / "fd", os.R_OK):
            seen = None
        for file in open_files(folder):
            with suppress(OSError):
                found = file.entry.stat()
                if file.writes and (found.st_dev, found.st_ino) in files:
                    return True
    return seen


def _shim_of(pid: int, namespace: str, proc: Path) -> int | None:
    """The pid of the task's parent, if that is a shim of the namespace."""
    parent = parent_of(proc / str(pid))
    words = words_of(proc / str(parent))
    with suppress(ValueError):
        if _is_shim(words) and _after("-namespace", words) == namespace:
            return parent
    return None


def _is_shim(words: list[str]) -> bool:
    return Path(words[0]).name.startswith(_SHIM)


def _after(flag: str, words: list[str]) -> str:
    return words[words.index(flag) + 1]


def _is_terminal(name: str) -> bool:
    return name.startswith("/dev/pts/") or name == "/dev/console"


def _readers(fifo: str, shim: int, proc: Path) -> list[int]:
    pids = [
        int(folder.name)
        for folder in proc.glob("[0-9]*")
        if any(file.name == fifo and file.reads for file in open_files(folder))
    ]
    holders = {parent_of(proc / str(pid)) for pid in pids}
    return sorted({*pids} - {shim} - holders)


def _log_of(files: list[OpenFile], container: str) -> TaskIO:
    """The file that the shim only writes: its own log and the FIFOs it also reads.

    A shim that serves several containers may have several of those.
    """
    read = {file.name for file in files if file.reads}
    logs = {file.name for file in files if file.writes and file.name.startswith("/")} - read
    names = (container, f"/{container.rpartition('_')[2]}/")  # Kukeon's folder of the container
    own = logs if len(logs) == 1 else {n for n in logs if any(name in n for name in names)}
    if len(own) != 1:
        return _UNSEEN
    (log,) = own
    held = next(file.entry for file in files if file.name == log)
    return TaskIO(IoKind.LOG, log=None if log.endswith(_DELETED) else Path(log), held=held)
