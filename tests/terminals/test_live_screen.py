"""Lines that are drawn again and again: keys, sizes, job control; the terminal is put back."""

import os
import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from kuke_ctr.terminals.live_screen import can_be_live
from scripts.lib import processes
from scripts.lib.seat import Seat
from tests.support.paths import TOP

PROGRAM = """
import os, sys, time
from kuke_ctr.terminals.live_screen import LiveScreen, Woken
sys.stdout.reconfigure(errors="backslashreplace")
drawn = 0
with LiveScreen() as screen:
    woken = Woken.TIME
    while woken is not Woken.LEFT:
        drawn += 1
        columns, rows = os.get_terminal_size()
        screen.draw([f"{woken.name} {rows}x{columns}", *(f"line {n}" for n in range(1, 9))])
        woken = screen.wait(time.monotonic() + PAUSE, FROM)
        if woken is Woken.NEWS:
            os.read(FROM, 100)
        if "FAIL" in os.environ:
            raise ValueError("a bug")
print("left")
"""
BEGIN, END = b"\x1b[?1049h\x1b[?25l\x1b[?7l", b"\x1b[?7h\x1b[?25h\x1b[?1049l"

Sit = Callable[..., Seat]


@pytest.fixture
def sit() -> Iterator[Sit]:
    """Starts the program at a terminal of its own."""
    seats: list[Seat] = []

    def start(pause: float = 60, *, stdin: int | None = None, fails: bool = False) -> Seat:
        text = PROGRAM.replace("PAUSE", str(pause)).replace("FROM", "-1" if stdin is None else "0")
        environment = {**os.environ, "PYTHONPATH": str(TOP), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        environment |= {"FAIL": "1"} if fails else {}
        words = (sys.executable, "-c", text)
        seats.append(Seat(words, environment, stdin=stdin, size=(12, 40)))
        return seats[-1]

    yield start
    for seat in seats:
        seat.__exit__()


def put_back(seat: Seat) -> bool:
    """Whether the terminal is as it was."""
    return processes.until(lambda: seat.modes() == seat.modes_before and END in seat.shown, 20)


@pytest.mark.parametrize("key", [b"q", b"xQ", b"\x03", b"\x04"])
def test_a_key_leaves_and_puts_the_terminal_back(sit: Sit, key: bytes) -> None:
    seat = sit()
    assert seat.sees(b"line 8")
    assert seat.shown.startswith(BEGIN + b"\x1b[H\x1b[KTIME 12x40\r\r\n\x1b[Kline 1")
    assert seat.modes() != seat.modes_before
    seat.type(key)
    assert seat.wait() == 0
    assert put_back(seat)
    assert seat.sees(END + b"left")


def test_other_keys_do_nothing(sit: Sit) -> None:
    seat = sit(0.1)
    assert seat.sees(b"line 8")
    seat.type(b"xyz\r")
    shown = seat.total
    assert processes.until(lambda: seat.total > shown + 200, 20)
    assert b"xyz" not in seat.shown
    assert seat.program.poll() is None


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, -15), (signal.SIGKILL, -9)]
)
def test_whatever_ends_it_the_terminal_is_put_back(
    sit: Sit, number: signal.Signals, code: int
) -> None:
    seat = sit()
    assert seat.sees(b"line 8")
    seat.kill(number)
    assert seat.wait() == code
    assert put_back(seat)


def test_an_error_puts_it_back_and_passes(sit: Sit) -> None:
    seat = sit(0.1, fails=True)
    assert seat.wait() == 1
    assert put_back(seat)
    assert seat.sees(b"ValueError: a bug")


def test_another_window_size_draws_at_once(sit: Sit) -> None:
    seat = sit()
    assert seat.sees(b"line 8")
    seat.resize(5, 30)
    assert seat.sees(b"RESIZED 5x30")
    assert seat.sees(b"line 3\r\r\n\x1b[K(5 more lines: make the window taller to see them)")


def test_ctrl_z_gives_the_terminal_to_the_shell(sit: Sit) -> None:
    seat = sit()
    assert seat.sees(b"line 8")
    seat.kill(signal.SIGTSTP)
    assert put_back(seat)
    before = seat.total
    seat.kill(signal.SIGCONT)
    assert processes.until(lambda: seat.total > before and seat.modes() != seat.modes_before, 20)
    assert seat.shown[before:].startswith(BEGIN)
    assert processes.until(lambda: b"line 8" in seat.shown[before:], 20)
    seat.type(b"q")
    assert seat.wait() == 0


def test_news_wake_it_where_stdin_is_no_keyboard(sit: Sit) -> None:
    read_end, write_end = os.pipe()
    seat = sit(stdin=read_end)
    assert seat.sees(b"line 8")
    os.write(write_end, b"q")
    assert seat.sees(b"NEWS 12x40")
    seat.type(b"\x03")
    assert seat.wait() == 0
    assert put_back(seat)
    os.close(read_end)
    os.close(write_end)


def test_a_terminal_that_hangs_up_ends_it(sit: Sit) -> None:
    seat = sit()
    assert seat.sees(b"line 8")
    seat.hang_up()
    assert seat.wait() in (0, -signal.SIGHUP)


def test_only_a_terminal_with_a_cursor_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = os.openpty()
    for term, live in (("xterm", True), ("dumb", False), ("", False)):
        monkeypatch.setenv("TERM", term)
        assert can_be_live(slave) is live
    os.close(master)
    os.close(slave)
    read_end, write_end = os.pipe()
    assert not can_be_live(write_end)
    os.close(read_end)
    os.close(write_end)
