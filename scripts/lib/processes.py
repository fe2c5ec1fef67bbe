"""Processes and mounts as /proc shows them, for a clean end without a name to kill by."""

import contextlib
import ctypes
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_MNT_DETACH = 2


def until(done: Callable[[], bool], seconds: float) -> bool:
    """Look again and again until `done`, at most so long; what it said last.

    A look that takes long (a call of ctr) is taken less often: who is waited for needs a processor.
    """
    now = time.monotonic()
    end = now + seconds
    while True:
        began = now
        is_done = done()
        now = time.monotonic()
        if is_done or now >= end:
            return is_done
        time.sleep(max(0.01, now - began))
        now = time.monotonic()


def pids() -> Iterator[int]:
    """Every process of this machine."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            yield int(entry.name)


def command_line(pid: int) -> list[str]:
    """The process's words; none where it is gone, a zombie, or a thread of the kernel."""
    with contextlib.suppress(OSError):
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).rstrip("\0").split("\0")
    return []


def started(pid: int) -> str:
    """When the process was started (clock ticks since boot), empty where it is gone or a zombie."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    return ""


def children(parent: int) -> list[int]:
    """The direct children of a process; the kernel lists those of each of its threads."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{parent}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


def end(pid: int, number: signal.Signals, seconds: float) -> bool:
    """Send the signal and wait; whether the process is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
    return until(lambda: not started(pid), seconds)


def end_with(parent: int) -> Callable[[], None]:
    """For Popen's preexec_fn: the child gets SIGTERM when `parent`'s main thread ends."""

    def prepare() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def mounts_below(folder: Path) -> list[str]:
    """What is mounted below `folder`, or is made of files there, the innermost first."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        source, point = (_plain(field) for field in line.split(" ")[3:5])
        layers = line.partition(" - ")[2]
        below = any(path.startswith(f"{folder}/") for path in (source, point))
        if below or f"{folder}/" in layers:
            found.append(point)
    return sorted(found, key=len, reverse=True)


def _plain(field: str) -> str:
    """A path of mountinfo, whose blanks and the like are written as octal numbers."""
    return re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), field)


def mount_overlay(folder: Path) -> bool:
    """Whether an overlay can be mounted in `folder` (not where it lies on an overlay itself)."""
    for name in ("lower", "upper", "work", "merged"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
    merged = os.fsencode(folder / "merged")
    mounted: int = _libc.mount(b"overlay", merged, b"overlay", 0, os.fsencode(options))
    if mounted == 0:
        unmount(str(folder / "merged"))
    return mounted == 0


def unmount(point: str) -> None:
    """Unmount now from this place, and wholly when its last user is gone."""
    _libc.umount2(os.fsencode(point), _MNT_DETACH)
