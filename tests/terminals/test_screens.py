"""A terminal that a task has left everything on in: it is usable after every ending of ours."""

import signal
import subprocess  # noqa: TID251 (a server that the tests attach to)
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.seat import Seat
from tests.support.desk import KEYS, KINDS, LIMIT, Desk
from tests.support.scripts import LIMITS

ON = r"\033[?1049h\033[?1000;2004h\033[?25l\033=\033[31m\033[2;3rready"
OFF = b"\x1b[?1049l\x1b[?1000l\x1b[?2004l\x1b>\x1b[m\x1b7\x1b[r\x1b8\x1b[?25h"
LEAVES_ON = f"printf '{ON}'; "

ENDINGS: dict[str, Callable[[Seat], None]] = {
    "keys": lambda seat: seat.type(KEYS),
    "INT": lambda seat: seat.kill(signal.SIGINT),
    "TERM": lambda seat: seat.kill(signal.SIGTERM),
    "HUP": lambda seat: seat.kill(signal.SIGHUP),
}


def last_shown(seat: Seat, code: int) -> bytes:
    """What the terminal got after the task's output."""
    assert seat.wait() == code
    assert processes.until(lambda: seat.shown.endswith(OFF), LIMIT), bytes(seat.shown)
    assert seat.modes() == seat.modes_before
    return bytes(seat.shown)


@KINDS
@pytest.mark.parametrize(("name", "code"), [("keys", 0), ("INT", 0), ("TERM", 143), ("HUP", 129)])
def test_who_leaves_finds_the_terminal_usable(desk: Desk, kind: str, name: str, code: int) -> None:
    with desk.sit(kind, program=("sh", "-c", LEAVES_ON + "sleep 60")) as seat:
        assert desk.ready(seat)
        ENDINGS[name](seat)
        assert last_shown(seat, code).count(OFF) == 1


@KINDS
@pytest.mark.parametrize(
    ("options", "then", "code"),
    [
        (("--expect", "ready"), "sleep 60", 0),
        ((), "exit 3", 3),
        ((), "kill -KILL $$", 125),
    ],
)
def test_the_terminal_is_usable_whatever_ends_it(
    desk: Desk, kind: str, options: tuple[str, ...], then: str, code: int
) -> None:
    with desk.sit(kind, *options, program=("sh", "-c", LEAVES_ON + then)) as seat:
        last_shown(seat, code)


@KINDS
def test_the_time_limit_leaves_it_usable(desk: Desk, kind: str) -> None:
    for limit in LIMITS:
        words = ("sh", "-c", LEAVES_ON + "sleep 60")
        with desk.sit(kind, "--timeout", str(limit), program=words) as seat:
            assert seat.wait() == 124
            if seat.sees(b"ready", 0.1):
                last_shown(seat, 124)
                return
    raise AssertionError("the program was too slow")


@pytest.mark.parametrize("ending", ["keys", "gone"])
def test_so_it_is_where_kuketty_holds_the_terminal(desk: Desk, tmp_path: Path, ending: str) -> None:
    path = tmp_path / "socket"
    server = (sys.executable, "-m", "tests.support.kuketty_server", path, tmp_path / "log", "usual")
    shell = f"stty -echo; while read line; do {LEAVES_ON} done"
    with subprocess.Popen([*server, "sh", "-c", shell], env=desk.environment) as kuketty:
        try:
            assert processes.until(path.exists, LIMIT)
            with desk.sit("socket", program=(str(path),)) as seat:
                assert seat.sees(b"screen: ")
                seat.type(b"\r")
                assert seat.sees(b"ready")
                if ending == "keys":
                    seat.type(KEYS)
                else:
                    kuketty.kill()
                last_shown(seat, 0)
        finally:
            kuketty.kill()


@KINDS
def test_where_no_terminal_shows_it_nothing_is_added(desk: Desk, kind: str, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    words = ("sh", "-c", LEAVES_ON + "exit 3")
    assert desk.run(kind, program=words).stdout.endswith(b"ready")
    with desk.sit(kind, "--save", str(saved), program=words) as seat:
        last_shown(seat, 3)
    assert saved.read_bytes().endswith(b"ready")


@KINDS
def test_what_is_off_again_is_let_alone(desk: Desk, kind: str) -> None:
    shown = r"printf '\033[?1049h\033[31mx\033[m\033[?1049lready'"
    with desk.sit(kind, program=("sh", "-c", shown)) as seat:
        assert seat.wait() == 0
        assert seat.sees(b"ready")
        assert seat.shown.endswith(b"ready")
