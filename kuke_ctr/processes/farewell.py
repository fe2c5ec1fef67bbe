"""The last words: once we are leaving, nobody who does not read can hold us.

A write(2) to a terminal or a pipe waits for its reader, also through a signal that is only noted.
After a signal, a time limit or the detach keys every write goes through here, to the streams of the
command line too.
"""

import os
import select
import stat
import time

from kuke_ctr.processes.calls import write_all
from kuke_ctr.processes.clock import milliseconds

PATIENCE = 1.0
"""Seconds that a reader may take nothing; then what is still to be said to it is dropped."""

_PIECE = 4096
"""What a pipe that is writable takes at once, whoever else writes to it."""


class Farewell:
    """Whether we are leaving: of the whole process, for its streams are."""

    begun = False
    _deaf: set[int] = set()  # noqa: RUF012 (of the process, as `begun`)

    @classmethod
    def begin(cls) -> None:
        """From now on no reader is waited for longer than PATIENCE."""
        cls.begun = True

    @classmethod
    def write(cls, descriptor: int, data: bytes) -> None:
        """Write all of it; of what is said while we are leaving, what is read. OSError."""
        if not cls.begun or stat.S_ISREG(os.fstat(descriptor).st_mode):
            write_all(descriptor, data)
        elif descriptor not in cls._deaf and not _written(descriptor, data):
            cls._deaf.add(descriptor)

    @classmethod
    def forget(cls) -> None:
        """As at the start of a process."""
        cls.begun = False
        cls._deaf.clear()


def _written(descriptor: int, data: bytes) -> bool:
    """Write to a reader that must not be waited for; whether it took all of it.

    The flags of the user's own descriptor are other processes' too, and stay as they are: it is
    opened once more where we may do that, and else gets small pieces when it is writable.
    """
    try:
        flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        own = os.open(f"/proc/self/fd/{descriptor}", flags)
    except OSError:  # a socket; somebody else's terminal (su); no /proc
        return _take(descriptor, memoryview(data), _PIECE)
    try:
        return _take(own, memoryview(data), len(data))
    finally:
        os.close(own)


def _take(descriptor: int, rest: memoryview, piece: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    until = time.monotonic() + PATIENCE
    while rest:
        if not poll.poll(milliseconds(until)):
            return False
        try:
            rest = rest[os.write(descriptor, rest[:piece]) :]
        except BlockingIOError:  # writable, but for less than this
            time.sleep(0.01)
            piece = max(piece // 2, 1)
            if piece == 1:
                return False
    return True
