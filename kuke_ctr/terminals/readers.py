"""Who reads what a process in the foreground prints: a pipe's end, or a terminal that hung up."""

import os
import select
import stat
from contextlib import suppress

from kuke_ctr.processes.descriptors import close_all
from kuke_ctr.terminals.relay import Outlet


class ReaderOutlet(Outlet):
    """One of the user's; a reader that goes is remembered, and so is what came after."""

    gone = False
    wasted = False

    def put(self, data: bytes) -> None:
        super().put(data)
        self.wasted = self.wasted or (self.gone and bool(data))

    def _reader_gone(self) -> None:
        self.wasted = self.wasted or bool(self.kept)
        self.gone = True
        self.close()


class Readers:
    """The readers of stdout and stderr; made while the user's terminal is still there."""

    def __init__(self, stdin: int, stdout: int, stderr: int) -> None:
        self._streams = (stdin, stdout, stderr)
        self._had_terminal = _has_terminal()
        self.out = ReaderOutlet.shared(stdout)
        self.err = ReaderOutlet.shared(stderr)

    @property
    def wasted(self) -> bool:
        """Whether something was printed that nobody reads any more."""
        return self.out.wasted or self.err.wasted

    def forgive(self) -> None:
        """What was wasted by now does not count."""
        self.out.wasted = self.err.wasted = False

    def all_gone(self) -> bool:
        """Whether nobody is at the other end of any stream."""
        return all(map(_gone, self._streams))

    def hung_up(self) -> bool:
        """Whether our terminal is gone, which is what most HUPs are about."""
        return any(_gone(each) and _is_device(each) for each in self._streams) or (
            self._had_terminal and not _has_terminal()
        )


def _gone(descriptor: int) -> bool:
    """Whether nobody is at the other end."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return bool(poll.poll(0))


def _is_device(descriptor: int) -> bool:
    with suppress(OSError):
        return stat.S_ISCHR(os.fstat(descriptor).st_mode)
    return False


def _has_terminal() -> bool:
    try:
        close_all(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError:
        return False
    return True
