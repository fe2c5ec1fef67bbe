"""What a terminal shows while a table of many hosts waits for its last rows."""

import time
from collections.abc import Callable, Collection, Sequence

from kuke_ctr.columns import cut, width
from kuke_ctr.render import escape
from kuke_ctr.terminals.steady_line import SteadyLine
from kuke_ctr.terminals.user_terminal import is_terminal

_EVERY = 0.2
"""Seconds between two lines, as long as there are many to come."""

_FEW = 8
"""Hosts whose names are shown, not only how many they are."""


class Waiting:
    """A line on stderr, if that is a terminal: how many hosts are done, and which are the last."""

    def __init__(self, names: Sequence[str], fold: Callable[[Collection[str]], str]) -> None:
        self._names = names
        self._fold = fold
        self._missing = dict.fromkeys(range(len(names)))
        self._line = SteadyLine(2, width) if is_terminal(2) else None
        self._next = time.monotonic() + _EVERY

    def done(self, host: int) -> None:
        """A host has answered, or failed."""
        del self._missing[host]
        now = time.monotonic()
        if self._line is not None and (now >= self._next or len(self._missing) <= _FEW):
            self._next = now + _EVERY
            self._line.draw(lambda room: cut(escape(self.text()), room))

    def over(self) -> None:
        """Nothing more is waited for."""
        if self._line is not None:
            self._line.clear()

    def text(self) -> str:
        """`97 of 100 hosts; waiting for web[3,9,77]`."""
        every, missing = len(self._names), len(self._missing)
        few = 0 < missing <= _FEW
        last = self._fold([self._names[host] for host in self._missing]) if few else ""
        return f"{every - missing} of {every} hosts{f'; waiting for {last}' if last else ''}"
