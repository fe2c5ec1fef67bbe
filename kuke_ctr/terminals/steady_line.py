"""One line on a terminal that is drawn again and again, and vanishes at the end.

It has no escape sequences, so any terminal shows it. Nobody waits for the terminal: one that was
stopped (Ctrl-S) misses what it does not take.
"""

import os
import select
from collections.abc import Callable
from contextlib import suppress

from kuke_ctr.processes.descriptors import close_all
from kuke_ctr.terminals.user_terminal import USUAL_SIZE, window_size

_NARROWEST = 20
"""Columns; in fewer nothing is drawn."""

Fitted = Callable[[int], str]
"""Gives a text that is no wider than so many columns."""


class SteadyLine:
    """The line of the terminal that an open descriptor is; `width` gives the columns of a text."""

    def __init__(self, descriptor: int, width: Callable[[str], int]) -> None:
        self._descriptor = descriptor
        self._width = width
        self._own = -1
        self._shown = 0

    def draw(self, text: Fitted) -> None:
        """Show a text in place of the last one."""
        room = self._room()
        if room < _NARROWEST:
            return
        line = text(room)
        wide = self._width(line)
        self._write(f"\r{line}{' ' * (min(self._shown, room) - wide)}")
        self._shown = wide

    def clear(self) -> None:
        """Leave an empty line, with the cursor at its beginning."""
        if self._shown:
            self._write(f"\r{' ' * min(self._shown, self._room())}\r")
            self._shown = 0
        close_all(self._own)
        self._own = -1

    def _room(self) -> int:
        _, columns = window_size([self._descriptor]) or USUAL_SIZE
        return columns - 1  # behind the last column some terminals begin a new line

    def _write(self, text: str) -> None:
        """As much of it as the terminal takes at once."""
        data = text.encode(errors="replace")
        with suppress(OSError):  # it takes nothing now, or has hung up
            if self._own < 0:
                self._open()
            if self._own >= 0:
                os.write(self._own, data)
            elif _takes(self._descriptor):
                os.write(self._descriptor, data)

    def _open(self) -> None:
        """A descriptor that does not wait; the flags of the user's own are other processes' too."""
        flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        with suppress(OSError):  # somebody else's terminal (su); no /proc
            self._own = os.open(f"/proc/self/fd/{self._descriptor}", flags)


def _takes(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))
