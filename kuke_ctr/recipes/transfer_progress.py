"""How far a transfer is: found out from outside, without a change of what ctr does.

What ctr has read of an archive stands in /proc; so does what it has written. A ctr that runs as
another user or on another host tells neither: then there is the time alone.
"""

import os
import stat
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

from kuke_ctr.parse.transfers import Frame, being_unpacked, last_frame
from kuke_ctr.processes.proc import PROC, counts_of, position_of

Measure = Callable[[int], int | None]
"""Gives the bytes that the process has moved; None where that can't be known."""

_WINDOW = 3.0
"""Seconds over which a rate is taken."""

_TAIL = 1 << 16
"""Bytes: two frames of an image with very many layers."""
_ROOM = 1 << 20


class Moment(NamedTuple):
    """How far it is: bytes `done` of a `total` (None: not known), bytes a second, seconds.

    `unpacking` is the image that ctr unpacks now, empty where it does not say which; None before.
    `blobs` are those that are done, and all that are known so far.
    """

    done: int | None
    total: int | None
    rate: float | None
    seconds: float
    unpacking: str | None = None
    blobs: tuple[int, int] | None = None


class Follows(Protocol):
    """Knows how far a call is."""

    def moment(self, pid: int, stdout: int) -> Moment:
        """How far the process is now; `stdout` is the file with what it has printed, or -1."""


class _Rate:
    """Bytes a second over the last seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, now: float, done: int | None) -> float | None:
        """With so many bytes done now; None before there is anything to compare with."""
        if done is not None:
            self._seen.append((now, done))
        while len(self._seen) > 1 and now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        if len(self._seen) < 2:  # noqa: PLR2004
            return None
        (first, few), (last, many) = self._seen[0], self._seen[-1]
        return (many - few) / (last - first) if last > first else None


class Counted:
    """Follows a call by its bytes.

    `unpacks`: once ctr has read the last byte of the archive, it unpacks what it has read.
    """

    def __init__(
        self,
        measure: Measure,
        total: int | None = None,
        *,
        unpacks: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._measure = measure
        self._total = total
        self._unpacks = unpacks
        self._clock = clock
        self._began = clock()
        self._done: int | None = None
        self._rate = _Rate()

    def moment(self, pid: int, stdout: int) -> Moment:
        """How far the process is now."""
        now = self._clock()
        found = self._measure(pid)
        closed = found is None and self._done is not None  # it has read all that it wants
        if found is not None:
            self._done = found if self._total is None else min(found, self._total)
        unpacking = being_unpacked(_tail(stdout)) if self._unpacks else None
        whole = self._total is not None and self._done == self._total
        if unpacking is None and self._unpacks and (closed or whole):
            unpacking = ""
        rate = self._rate.at(now, self._done)
        return Moment(self._done, self._total, rate, now - self._began, unpacking)


class Drawn:
    """Follows a pull or a push by what ctr draws into a file of ours, which is emptied at times.

    `measure`: a ctr that moves the bytes itself (1.x) has read or written them.
    """

    def __init__(
        self,
        output: int,
        measure: Measure,
        *,
        unpacks: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._output = output
        self._measure = measure
        self._unpacks = unpacks
        self._clock = clock
        self._began = clock()
        self._frame: Frame | None = None
        self._done = 0
        self._rate = _Rate()

    def moment(self, pid: int, stdout: int) -> Moment:
        """How far the process is now."""
        del stdout
        now = self._clock()
        self._frame = frame = last_frame(_tail(self._output)) or self._frame
        if os.fstat(self._output).st_size > _ROOM:
            os.ftruncate(self._output, 0)
            os.lseek(self._output, 0, os.SEEK_SET)  # ctr's place in it, too
        if frame is None:
            return Moment(None, None, None, now - self._began)
        # frames are approximate, and may go back
        self._done = max(self._done, frame.moved, self._measure(pid) or 0)
        return Moment(
            self._done,
            None,
            self._rate.at(now, self._done),
            now - self._began,
            "" if self._unpacks and frame.fetched else None,
            (frame.done, frame.blobs) if frame.blobs else None,
        )


def pulled(output: int) -> Drawn:
    """Of `ctr images pull`, which draws into `output`."""
    return Drawn(output, _read_so_far, unpacks=True)


def pushed(output: int) -> Drawn:
    """Of `ctr images push`, which draws into `output`."""
    return Drawn(output, _written_so_far, unpacks=False)


def imported(file: str, *, unpacks: bool) -> Counted:
    """Of `ctr images import` of a file, or of our stdin (`-`)."""
    try:
        found = os.fstat(0) if file == "-" else os.stat(file)  # noqa: PTH116 (as it was typed)
    except OSError:
        return Counted(lambda pid: None, unpacks=unpacks)
    if not stat.S_ISREG(found.st_mode):
        return imported_from_pipe(unpacks=unpacks)
    return Counted(partial(_position, found), found.st_size, unpacks=unpacks)


def imported_from_pipe(*, unpacks: bool) -> Counted:
    """Of `ctr images import -` of what a program writes."""
    return Counted(_read_so_far, unpacks=unpacks)


def _position(file: os.stat_result, pid: int) -> int | None:
    return position_of(PROC / str(pid), file)


def exported(descriptor: int) -> Counted:
    """Of `ctr images export` into a file, or into a pipe."""
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return Counted(lambda pid: os.fstat(descriptor).st_size)
    return Counted(_written_so_far)


def _read_so_far(pid: int) -> int | None:
    """Nearly all that ctr reads are the bytes; the rest are short answers."""
    counts = counts_of(PROC / str(pid))
    return None if counts is None else counts[0]


def _written_so_far(pid: int) -> int | None:
    counts = counts_of(PROC / str(pid))
    return None if counts is None else counts[1]


def _tail(descriptor: int) -> str:
    """The end of what ctr has printed so far."""
    if descriptor < 0:
        return ""
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, _TAIL, max(0, size - _TAIL)).decode(errors="replace")
