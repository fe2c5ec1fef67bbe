"""Lines on the user's terminal that are drawn again and again, without flicker.

They stand on the terminal's alternate screen: what was there before comes back in every ending.
"""

import os
import select
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum, auto
from typing import Self

from kuke_ctr.processes.clock import milliseconds
from kuke_ctr.processes.descriptors import BLOCK
from kuke_ctr.processes.farewell import Farewell
from kuke_ctr.terminals.relay import Signals
from kuke_ctr.terminals.user_terminal import (
    USUAL_SIZE,
    Mode,
    UserTerminal,
    is_terminal,
    window_size,
)

_BEGIN = b"\x1b[?1049h\x1b[?25l\x1b[?7l"
"""The alternate screen, no cursor, and no second line for what is too wide."""
_END = b"\x1b[?7h\x1b[?25h\x1b[?1049l"

_HOME, _REST_OF_LINE, _REST_OF_SCREEN = b"\x1b[H", b"\x1b[K", b"\x1b[J"
_LEAVING = b"qQ\x03\x04"
"""q, Ctrl-D, and Ctrl-C on a terminal that makes no signal of it."""

_OF_TERMINALS = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)


class Woken(Enum):
    """Why a wait is over: the time has come, another window size, news, or the user leaves."""

    TIME = auto()
    RESIZED = auto()
    NEWS = auto()
    LEFT = auto()


def can_be_live(descriptor: int = 1) -> bool:
    """Whether a descriptor is a terminal on which the cursor can be moved."""
    return is_terminal(descriptor) and os.environ.get("TERM", "") not in ("", "dumb")


class LiveScreen:
    """The terminal that stdout is, while a command shows on it what changes: a context manager.

    Ctrl-C at any time ends the `with` block in silence, as q does during a wait; other exceptions
    pass. Whatever ends it, `kill -9` too, the terminal is as it was. Ctrl-Z gives the terminal to
    the shell, and after `fg` the lines are drawn again.

        with LiveScreen() as screen:
            woken = Woken.TIME
            while woken is not Woken.LEFT:
                screen.draw(lines())
                woken = screen.wait(time.monotonic() + 2)
    """

    def __init__(self, keyboard: int = 0, screen: int = 1) -> None:
        self._screen = screen
        self._keyboard = keyboard if is_terminal(keyboard) else -1
        descriptor = self._keyboard if self._keyboard >= 0 else screen
        self._terminal = UserTerminal(descriptor, Mode.KEYS, last_words=_END)
        self._signals = Signals(_OF_TERMINALS)
        self._begun = False

    def __enter__(self) -> Self:
        self._signals.__enter__()
        try:
            if not self._terminal.ours:  # as with `top &`, the shell stops us until `fg`
                signal.raise_signal(signal.SIGTTOU)
            self._terminal.__enter__()
            self._begin()
        except BaseException:
            self._put_back()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        if interrupted:
            Farewell.begin()
        self._put_back()
        return interrupted

    def draw(self, lines: Sequence[str]) -> None:
        """Show these lines in place of those of before; they must not move the cursor themselves.

        What is too wide is cut off. If there are more lines than the window has, the last one
        says so. A job in the background draws nothing. OSError.
        """
        if not self._begun:
            self._begin()
        if not self._terminal.ours:
            return
        rows, _ = window_size([self._screen]) or USUAL_SIZE
        shown = list(lines[:rows])
        if len(lines) > rows:
            hidden = len(lines) - rows + 1
            shown[-1] = f"({hidden} more lines: make the window taller to see them)"
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        errors = getattr(sys.stdout, "errors", None) or "backslashreplace"
        # first the clearing: behind a line that fills the window it would take the last character
        text = (_REST_OF_LINE + line.encode(encoding, errors) for line in shown)
        self._write(_HOME + b"\r\n".join(text) + _REST_OF_SCREEN)

    def wait(self, until: float, news: int = -1) -> Woken:
        """Wait until a time of the monotonic clock, or until there is something else to act on.

        `news` is a descriptor that becomes readable when there are some. After RESIZED the same
        lines are to be drawn, perhaps for another width.
        """
        while True:
            ready = self._ready(milliseconds(until), news)
            if self._keyboard in ready and self._leaves():
                return Woken.LEFT
            if self._signals.descriptor in ready and self._heed_signals():
                return Woken.RESIZED
            if news in ready:
                return Woken.NEWS
            if not ready:
                return Woken.TIME

    def heed(self) -> Sequence[int]:
        """Act on keys and signals while the caller is busy, before it draws again.

        Gives the descriptors that tell of more (`Processes.heed`); raises KeyboardInterrupt
        where the user leaves.
        """
        ready = self._ready(0, -1)
        if self._keyboard in ready and self._leaves():
            raise KeyboardInterrupt
        if self._signals.descriptor in ready:
            self._heed_signals()
        return self._watched()

    def _watched(self) -> list[int]:
        """To read the keyboard from the background would stop us: the shell has it then."""
        keyboard = self._keyboard if self._terminal.ours else -1
        return [one for one in (self._signals.descriptor, keyboard) if one >= 0]

    def _ready(self, patience: int | None, news: int) -> set[int]:
        """The descriptors that can be read within so many milliseconds (None: for ever)."""
        poll = select.poll()
        for descriptor in (*self._watched(), news):
            if descriptor >= 0:
                poll.register(descriptor, select.POLLIN)
        return {descriptor for descriptor, _ in poll.poll(patience)}

    def _leaves(self) -> bool:
        """Whether a key was typed that leaves, or the terminal has hung up."""
        try:
            typed = os.read(self._keyboard, BLOCK)
        except OSError:
            return True
        return not typed or any(key in _LEAVING for key in typed)

    def _heed_signals(self) -> bool:
        """Act on the signals that came; whether the lines are to be drawn again."""
        came = self._signals.taken()
        if signal.SIGTSTP in came:
            self._put_modes_back()
            os.kill(os.getpid(), signal.SIGSTOP)
            came += self._signals.taken()
        if signal.SIGTSTP in came or signal.SIGCONT in came:
            self._begun = False
            self._begin()
        return bool(came)

    def _begin(self) -> None:
        """Take the terminal, unless another job of the shell has it."""
        if self._terminal.ours:
            self._terminal.refresh()
            self._write(_BEGIN)
            self._begun = True

    def _put_back(self) -> None:
        self._put_modes_back()
        self._signals.__exit__()

    def _put_modes_back(self) -> None:
        if self._begun:
            with suppress(OSError):  # it has hung up
                self._write(_END)
        self._begun = False
        self._terminal.restore()

    def _write(self, data: bytes) -> None:
        Farewell.write(self._screen, data)
