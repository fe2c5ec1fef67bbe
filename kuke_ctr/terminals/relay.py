"""Bytes between a task and the user: one loop that waits for all sides at once, never for one."""

import errno
import fcntl
import os
import select
import signal
import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import FrameType
from typing import Self

from kuke_ctr.processes.clock import milliseconds
from kuke_ctr.processes.descriptors import BLOCK, close_all

TYPED_AHEAD = 1 << 20
"""Bytes of input that wait for a task that does not read; meanwhile the detach keys work."""

_SAFE_WRITE = 4096
"""What a pipe that is writable takes at once, whoever else writes to it."""

_GONE = (errno.EPIPE, errno.EIO, errno.ECONNRESET, errno.ENXIO, errno.ENOTCONN)
_TROUBLE = select.POLLERR | select.POLLHUP | select.POLLNVAL


class ReaderGone(Exception):
    """Nobody reads what a vital outlet writes; where it was a terminal, that has hung up."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal


class Outlet:
    """A descriptor that is written to without ever waiting for its reader.

    What it does not take yet is kept. When its reader has gone, a `vital` outlet raises ReaderGone
    and another one swallows what it gets from then on.
    """

    def __init__(self, descriptor: int, *, vital: bool, at_once: bool = True) -> None:
        self.descriptor = descriptor
        self.kept = bytearray()
        self.last_put = 0.0
        self._vital = vital
        self._terminal = descriptor >= 0 and os.isatty(descriptor)
        self._at_once = at_once
        self._ends = False

    @classmethod
    def own(cls, descriptor: int) -> Self:
        """Write to a descriptor that is ours alone, and close it in the end."""
        os.set_blocking(descriptor, False)
        return cls(descriptor, vital=False)

    @classmethod
    def shared(cls, descriptor: int) -> Self:
        """Write to a descriptor that other processes have too: theirs must not change.

        A pipe or terminal is opened once more, where we may do that; else it gets small pieces
        when it is writable.
        """
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return cls(os.dup(descriptor), vital=True)
        flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
        try:
            return cls(os.open(f"/proc/self/fd/{descriptor}", flags), vital=True)
        except OSError:  # a socket; somebody else's terminal (su); no /proc
            return cls(os.dup(descriptor), vital=True, at_once=False)

    @property
    def open(self) -> bool:
        """Whether it still takes bytes."""
        return self.descriptor >= 0

    def put(self, data: bytes) -> None:
        """Write this, or keep it until it can be written."""
        if not data or not self.open:
            return
        self.last_put = time.monotonic()
        written = self._write(data) if self._at_once and not self.kept else 0
        if written < len(data) and self.open:
            self.kept += memoryview(data)[written:]

    def attend(self, events: int) -> None:
        """Act on what `poll` says of the descriptor."""
        if events & select.POLLOUT and self.kept:
            limit = BLOCK if self._at_once else _SAFE_WRITE
            del self.kept[: self._write(self.kept[:limit])]
            self._close_if_done()
        elif events & _TROUBLE:
            self._reader_gone()

    def end(self) -> None:
        """Close it once everything is written."""
        self._ends = True
        self._close_if_done()

    def close(self) -> None:
        """Close it now."""
        close_all(self.descriptor)
        self.descriptor = -1
        self.kept.clear()

    def _close_if_done(self) -> None:
        if self._ends and not self.kept:
            self.close()

    def _write(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self.descriptor, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            if error.errno not in _GONE:
                error.filename = error.filename or "the output"  # a full disk, say
                raise
            self._reader_gone()
            return len(data)

    def _reader_gone(self) -> None:
        if self._vital:
            raise ReaderGone(self._terminal)
        self.close()


@dataclass(slots=True, eq=False)
class Flow:
    """What is read from `source` goes `through` a function and to the `sinks`.

    It is read only while no sink keeps `room` bytes or more, and while it is `enabled`.
    """

    source: int
    sinks: tuple[Outlet, ...]
    through: Callable[[bytes], bytes] | None = None
    at_end: Callable[[], None] | None = None
    room: int = 1
    enabled: bool = True
    output: bool = False

    def ready(self) -> bool:
        """Whether there is a place for more."""
        return self.enabled and all(len(sink.kept) < self.room for sink in self.sinks)

    def carry(self, data: bytes) -> None:
        """Hand this on as if it had been read."""
        if self.through is not None:
            data = self.through(data)
        for sink in self.sinks:
            sink.put(data)


class Signals:
    """Signals that arrive as bytes in a pipe, so that a loop can act on them in its own time.

    A context manager; those that are ignored when it starts (`nohup`) stay ignored.
    """

    def __init__(self, numbers: Iterable[signal.Signals]) -> None:
        self._numbers = tuple(numbers)
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> Self:
        self.descriptor, self._write_end = os.pipe()
        for end in (self.descriptor, self._write_end):
            os.set_blocking(end, False)
        self._wakeup = signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        for number in self._numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, _noted)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        close_all(self.descriptor, self._write_end)

    def taken(self) -> list[int]:
        """Those that have come since the last call, in their order."""
        try:
            return [number for number in os.read(self.descriptor, BLOCK) if number in self._before]
        except BlockingIOError:
            return []


def _noted(number: int, frame: FrameType | None) -> None:
    """A handler must exist; the byte in the pipe is what counts."""


@dataclass(slots=True)
class Relay:
    """The loop: flows, the outlets to watch, and what to do at a signal."""

    signals: Signals
    at_signal: Callable[[int], None]
    flows: list[Flow] = field(default_factory=list)
    outlets: list[Outlet] = field(default_factory=list)
    watches: dict[int, Callable[[], None]] = field(default_factory=dict)
    """What to do, once, when a descriptor becomes readable; it is not read."""
    chore: Callable[[], float] | None = None
    """What to do before each wait; it gives the time when it is to be done again."""

    def outlet(self, outlet: Outlet) -> Outlet:
        """Watch an outlet."""
        self.outlets.append(outlet)
        return outlet

    def finished(self) -> bool:
        """Whether the task has said all, and all of that is written."""
        return not any(flow.output for flow in self.flows) and not any(
            outlet.kept for outlet in self.outlets
        )

    def step(self, until: float) -> None:
        """Wait for whatever happens next, at most to `until` of the monotonic clock, and act on it.

        Raises ReaderGone; OSError where a file can't be written (a full disk).
        """
        if self.chore is not None:
            until = min(until, self.chore())
        sources: dict[int, Flow] = {}
        outlets: dict[int, Outlet] = {}
        poll = select.poll()
        poll.register(self.signals.descriptor, select.POLLIN)
        for flow in self.flows:
            if flow.ready():
                sources[flow.source] = flow
                poll.register(flow.source, select.POLLIN)
        for outlet in self.outlets:
            if outlet.open:
                outlets[outlet.descriptor] = outlet
                poll.register(outlet.descriptor, select.POLLOUT if outlet.kept else 0)
        for descriptor in self.watches:
            poll.register(descriptor, select.POLLIN)
        for descriptor, events in poll.poll(milliseconds(until)):
            if descriptor in sources:
                self._read(sources[descriptor])
            elif descriptor in outlets:
                outlets[descriptor].attend(events)
            elif descriptor in self.watches:
                self.watches.pop(descriptor)()
            else:
                for number in self.signals.taken():
                    self.at_signal(number)

    def _read(self, flow: Flow) -> None:
        try:
            data = os.read(flow.source, BLOCK)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno not in _GONE:  # EIO: the other side of a pseudo terminal has closed
                raise
            data = b""
        if not data:
            self.flows.remove(flow)
            if flow.at_end is not None:
                flow.at_end()
            return
        flow.carry(data)

    def close(self) -> None:
        """Close the outlets."""
        for outlet in self.outlets:
            outlet.close()


def unread(descriptor: int, request: int) -> int:
    """Bytes that wait in the kernel for their reader; 0 where it can't be told."""
    try:
        answer = fcntl.ioctl(descriptor, request, bytes(4))
    except OSError:
        return 0
    return int.from_bytes(answer, "little")
