"""The last of a process's output: what ctr had not read when it closed its FIFOs.

ctr reads from FIFOs what a process prints. When the process ends it closes them, whatever they
still hold (cio's `Cancel`, 1.7 to 2.3), and a process can end before ctr has them open at all:
on a busy host output is missing, with exit code 0. So they are held open here, beside ctr; nothing
is read while ctr lives, and what is left when it has ended comes last.
"""

import os
import select
import time
from contextlib import suppress
from pathlib import Path

from kuke_ctr.processes.child_setup import Ahead
from kuke_ctr.processes.descriptors import BLOCK, close_all
from kuke_ctr.processes.proc import PROC

FOLDER = Path("/run/containerd/fifo")
"""Where every ctr makes a folder for the FIFOs of a process, before it has that process made."""

STDOUT, STDERR = "-stdout", "-stderr"
"""How the names of the FIFOs end, as cio makes them."""

_OFTEN, _SELDOM = 0.005, 0.02
_SHARE = 0.1
"""Seconds between two looks, and a share of ctr's age: a slow host is slow in all."""
_LOOK_LIMIT = 600.0
"""Seconds: a `ctr run` may have an image to unpack first."""
_AHEAD_LIMIT = 1.0
_WRITER_LIMIT = 1.0
"""Seconds that a shim may take to close a FIFO that it has written all to."""


class Fifos:
    """The FIFOs that a ctr reads from; made before that ctr is started.

    From then on, until they are held, we go before others where we may (nice -20): all that
    can be lost is lost in the first milliseconds, on a host that is busy. `process` is the id of
    the exec or container that they are for, as their names tell; None until one is held.
    """

    def __init__(self, *, terminal: bool) -> None:
        self._missing = [STDOUT] if terminal else [STDOUT, STDERR]
        self._held: dict[str, int] = {}
        self.process: str | None = None
        self._folder = PROC
        self._begin = self._next = time.monotonic()
        self._before = _last_change()
        Ahead.begin()

    def of(self, pid: int | None) -> None:
        """Look at this ctr; None: at nothing, there is none."""
        self._begin = self._next = time.monotonic()
        self._folder = PROC / str(pid) / "fd"
        if pid is None:
            self._end_looking()

    @property
    def in_hurry(self) -> bool:
        """Whether ctr's first moments go on: nothing else should take our time."""
        return bool(self._missing) and time.monotonic() - self._begin < _AHEAD_LIMIT

    @property
    def opened(self) -> bool | None:
        """Whether ctr, which has ended, had FIFOs at all: without them it has started nothing.

        None where that can't be known: none were seen, and somebody has made some meanwhile.
        """
        if self._held:
            return True
        now = _last_change()
        return False if now is not None and now == self._before else None

    def look(self) -> float:
        """Hold what ctr has opened by now; gives the time (monotonic) of the next look."""
        now = time.monotonic()
        if self._missing and now >= self._next:
            self._hold()
            age = now - self._begin
            self._next = now + min(max(_OFTEN, _SHARE * age), _SELDOM)
            if not self.in_hurry:
                Ahead.end()
            if age > _LOOK_LIMIT:
                self._end_looking()
        return self._next if self._missing else float("inf")

    def _hold(self) -> None:
        with suppress(OSError):  # ctr has ended, or runs as another user (`sudo ctr`)
            for entry in self._folder.iterdir():
                with suppress(OSError):
                    name = str(entry.readlink())
                    end = next((end for end in self._missing if name.endswith(end)), None)
                    if end is not None and entry.is_fifo():
                        self._held[end] = _open(entry, name)
                        self._missing.remove(end)
                        self.process = Path(name).name.removesuffix(end)

    def _end_looking(self) -> None:
        self._missing.clear()
        Ahead.end()

    def rest(self) -> list[tuple[bytes, bool]]:
        """What nobody has read, and whether it is of stderr; once ctr has ended.

        Nothing of a FIFO that still has a writer: its task goes on, and has other readers.
        """
        self._end_looking()
        until = time.monotonic() + _WRITER_LIMIT
        return [
            (_read_all(descriptor), end == STDERR)
            for end, descriptor in self._held.items()
            if _has_only_a_rest(descriptor, until)
        ]

    def close(self) -> None:
        """Let them go; also a second time."""
        self._end_looking()
        close_all(*self._held.values())
        self._held.clear()


def _open(entry: Path, name: str) -> int:
    """The FIFO of that name, open; OSError where the number has come to mean another file."""
    descriptor = os.open(entry, os.O_RDONLY | os.O_NONBLOCK)
    if str(Path(f"/proc/self/fd/{descriptor}").readlink()) == name:
        return descriptor
    close_all(descriptor)
    raise FileNotFoundError(name)


def _last_change() -> int | None:
    """When a name last came to FOLDER or went, 0 where it is not there; None: can't be known."""
    try:
        return FOLDER.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
    except OSError:
        return None


def _has_only_a_rest(descriptor: int, until: float) -> bool:
    """Whether something is in there, and nobody left who writes."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not any(events & select.POLLIN for _, events in poll.poll(0)):
        return False
    # Linux tells of no end before the first writer since our own open: so there is one now
    with suppress(OSError):
        close_all(os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK))
    poll.modify(descriptor, 0)
    return bool(poll.poll(max(0.0, until - time.monotonic()) * 1000))


def _read_all(descriptor: int) -> bytes:
    pieces = []
    with suppress(BlockingIOError):  # a stranger writes
        while piece := os.read(descriptor, BLOCK):
            pieces.append(piece)
    return b"".join(pieces)
