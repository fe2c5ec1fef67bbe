"""One line on a terminal, drawn again and again."""

import fcntl
import os
import pty
import struct
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from kuke_ctr.terminals.steady_line import SteadyLine


@dataclass
class Screen:
    """A terminal and the line on it."""

    master: int
    slave: int
    line: SteadyLine

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def draw(self, text: str) -> str:
        self.line.draw(lambda room: text[:room])
        return self.shown()

    def shown(self) -> str:
        """What has been written since the last look."""
        os.set_blocking(self.master, False)
        found = b""
        try:
            while piece := os.read(self.master, 4096):
                found += piece
        except BlockingIOError:
            return found.decode()
        return found.decode()


@pytest.fixture
def screen() -> Iterator[Screen]:
    master, slave = pty.openpty()
    screen = Screen(master, slave, SteadyLine(slave, len))
    screen.resize(40)
    yield screen
    screen.line.clear()
    os.close(master)
    os.close(slave)


def test_a_line_is_drawn_over_the_last_one_and_vanishes(screen: Screen) -> None:
    assert screen.draw("importing: 12 MiB") == "\rimporting: 12 MiB"
    assert screen.draw("importing: 9 s") == "\rimporting: 9 s   "
    screen.line.clear()
    assert screen.shown() == f"\r{' ' * len('importing: 9 s')}\r"
    screen.line.clear()
    assert screen.shown() == ""


def test_nothing_is_cleared_where_nothing_was_drawn(screen: Screen) -> None:
    screen.line.clear()
    assert screen.shown() == ""


def test_the_last_column_stays_free_and_a_resized_window_counts(screen: Screen) -> None:
    assert screen.draw("x" * 100) == "\r" + "x" * 39
    screen.resize(25)
    assert screen.draw("x" * 100) == "\r" + "x" * 24
    screen.line.clear()
    assert screen.shown() == f"\r{' ' * 24}\r"


def test_a_very_narrow_window_has_no_line(screen: Screen) -> None:
    screen.resize(12)
    assert screen.draw("x" * 100) == ""


def test_there_is_no_escape_sequence(screen: Screen) -> None:
    assert "\x1b" not in screen.draw("importing") + screen.draw("x")


def test_nobody_waits_for_a_terminal_that_takes_nothing(screen: Screen) -> None:
    began = time.monotonic()
    for _ in range(3000):  # nobody reads the other end
        screen.line.draw(lambda room: "x" * room)
    assert time.monotonic() - began < 10


def test_a_terminal_that_has_hung_up_is_no_error(screen: Screen) -> None:
    screen.draw("importing")
    os.close(screen.master)
    screen.master = os.open(os.devnull, os.O_RDONLY)
    screen.line.draw(lambda room: "importing")
    screen.line.clear()
