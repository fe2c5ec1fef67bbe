"""The user's own terminal: its modes, which always come back, and its window size."""

import os
import signal
import termios
from collections.abc import Collection
from contextlib import suppress
from enum import Enum, auto
from typing import Any, Self

from kuke_ctr.processes.descriptors import close_all

USUAL_SIZE = (24, 80)
"""Rows and columns where nobody has a window."""

_INPUT, _OUTPUT, _CONTROL, _LOCAL, _CHARACTERS = 0, 1, 2, 3, 6

_LEFT_ALONE = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT),
    *(signal.SIGTSTP, signal.SIGTTOU),
)
"""Signals that the terminal sends to all of a job, or that would stop its guard."""

_NO_CHARACTER = b"\0"
_MANY_DESCRIPTORS = 1 << 20

Modes = list[Any]
"""What termios gives: four flags, two speeds, the characters."""


class Mode(Enum):
    """RAW: every key is a byte, and output is written as it is (a task with a terminal).

    KEYS: every key can be read at once and nothing is echoed, but Ctrl-C and Ctrl-Z are still
    signals and output is written as before.
    """

    RAW = auto()
    KEYS = auto()


def is_terminal(descriptor: int) -> bool:
    """Whether an open descriptor is a terminal."""
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def window_size(descriptors: Collection[int]) -> tuple[int, int] | None:
    """Rows and columns of the first of them that is a terminal and knows them."""
    for descriptor in descriptors:
        try:
            size = os.get_terminal_size(descriptor)
        except OSError:
            continue
        if size.lines and size.columns:
            return size.lines, size.columns
    return None


class UserTerminal:
    """A terminal in another mode, as a context manager: at the end it is as it was.

    Even `kill -9` of us does not leave it raw: a guard, a child that only waits for our end, puts
    it back then, unless somebody else has changed it by that time, and writes `last_words` to it.
    """

    def __init__(
        self, descriptor: int, mode: Mode, keys: bytes = b"", last_words: bytes = b""
    ) -> None:
        self._descriptor = descriptor
        self._last_words = last_words
        self._mode = mode
        self._keys = keys
        self._guard = 0
        self._alive = -1

    def __enter__(self) -> Self:
        self.before = termios.tcgetattr(self._descriptor)
        self.refresh()
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()

    @property
    def ours(self) -> bool:
        """Whether we are in the foreground: a job in the background leaves the terminal alone."""
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:  # not the terminal that controls us: there are no jobs on it
            return True

    def refresh(self) -> None:
        """Set the mode (again, after SIGCONT: a shell has had the terminal in between)."""
        if not self.ours:
            return
        with suppress(termios.error):  # it has hung up: whoever reads it will see
            modes = termios.tcgetattr(self._descriptor)
            wanted = _raw(modes) if self._mode is Mode.RAW else _keys(modes, self._keys)
            termios.tcsetattr(self._descriptor, termios.TCSANOW, wanted)
            if not self._guard:
                self._start_guard()

    def restore(self) -> None:
        """Give the terminal back as it was; `refresh` takes it again."""
        if not self._guard:
            return
        os.write(self._alive, b".")  # the guard ends, and leaves the terminal to us
        os.waitpid(self._guard, 0)
        os.close(self._alive)
        self._guard, self._alive = 0, -1
        with suppress(termios.error):
            termios.tcsetattr(self._descriptor, termios.TCSANOW, self.before)

    def _start_guard(self) -> None:
        ours = termios.tcgetattr(self._descriptor)
        read_end, self._alive = os.pipe()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _LEFT_ALONE)
        self._guard = os.fork()
        if self._guard == 0:  # pragma: no cover (another process)
            _watch_over(self._descriptor, read_end, ours, self.before, self._last_words)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        close_all(read_end)


def _raw(modes: Modes) -> Modes:
    """As C's cfmakeraw."""
    modes[_INPUT] &= ~(
        termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INPCK
    )
    modes[_OUTPUT] &= ~termios.OPOST
    modes[_CONTROL] = modes[_CONTROL] & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    modes[_LOCAL] &= ~termios.ISIG
    return _unedited(modes)


def _keys(modes: Modes, keys: bytes) -> Modes:
    """Signals and output stay, but for a signal's character that is one of the detach keys."""
    characters = modes[_CHARACTERS]
    for which in (termios.VINTR, termios.VQUIT, termios.VSUSP):
        if characters[which] in [bytes([key]) for key in keys]:
            characters[which] = _NO_CHARACTER
    return _unedited(modes)


def _unedited(modes: Modes) -> Modes:
    """Every byte at once, as it was typed, and not echoed."""
    modes[_INPUT] &= ~(termios.INLCR | termios.IGNCR | termios.ICRNL | termios.IXON)
    modes[_LOCAL] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.IEXTEN)
    modes[_CHARACTERS][termios.VMIN], modes[_CHARACTERS][termios.VTIME] = 1, 0
    return modes


class LineEditor:
    """The kernel's own line editing and echo, on a pseudo terminal that no process lives on.

    A task without a terminal is typed to in lines, with backspace, Ctrl-U and Ctrl-D as usual; the
    detach keys must work before Enter. So the user's terminal gives us every key, what is no detach
    key goes to `typed`, the echo comes from there too, and finished lines come out of `lines`,
    whose end is a Ctrl-D at the start of a line.
    """

    def __init__(self, modes: Modes) -> None:
        import pty

        self.typed, self.lines = pty.openpty()
        modes = [*modes[:_CHARACTERS], list(modes[_CHARACTERS])]
        modes[_INPUT] &= ~termios.IXON
        modes[_OUTPUT] &= ~termios.OPOST  # the user's terminal does that once more
        modes[_LOCAL] = modes[_LOCAL] & ~termios.ISIG | termios.ICANON
        termios.tcsetattr(self.lines, termios.TCSANOW, modes)

    def close(self) -> None:
        """Let the pseudo terminal go."""
        close_all(self.typed, self.lines)


def make_raw(descriptor: int) -> None:
    """Make a pseudo terminal of ours pass every byte as it is, both ways."""
    modes = _raw(termios.tcgetattr(descriptor))
    modes[_OUTPUT] = 0  # ctr sets OPOST again: then nothing must be left for it to do
    termios.tcsetattr(descriptor, termios.TCSANOW, modes)


def _watch_over(
    descriptor: int, alive: int, ours: Modes, before: Modes, last_words: bytes
) -> None:  # pragma: no cover (another process)
    """The guard: the signals of a job are still blocked here.

    In a session of its own it outlives a `kill -9` of our whole process group.
    """
    try:
        os.setsid()
        os.dup2(os.dup(descriptor), 0)
        os.dup2(alive, 1)
        os.closerange(2, _MANY_DESCRIPTORS)
        if os.read(1, 1) == b"" and termios.tcgetattr(0) == ours:
            termios.tcsetattr(0, termios.TCSANOW, before)
            os.write(0, last_words)
    finally:
        os._exit(0)
