"""The line of a transfer: what it says in how many columns, when there is one, how it goes."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.commands.images import progress
from kuke_ctr.commands.images.progress import When, is_wanted, line_of
from kuke_ctr.recipes.transfer_progress import Moment
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from scripts.lib.seat import Seat
from tests.support.fake_ctr import FakeCtr
from tests.support.runner import PROGRAM
from tests.support.storage_host import MAIN, MANIFEST, fill

Capture = pytest.CaptureFixture[str]
REF = "docker.io/library/app:1"
MIB = 1 << 20
READING = Moment(312 * MIB, 700 * MIB, 71.5 * MIB, 4.4)
PULLING = Moment(189 * MIB, None, 45.0 * MIB, 61, blobs=(3, 6))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (READING, "312.0 MiB of 700.0 MiB (44 %), 71.5 MiB/s, 4 s"),
        (READING._replace(total=None, rate=0.0), "312.0 MiB, 4 s"),
        (READING._replace(unpacking="a:1"), "unpacking a:1, 4 s"),
        (READING._replace(unpacking=""), "unpacking, 4 s"),
        (PULLING, "3 of 6 blobs, 189.0 MiB, 45.0 MiB/s, 1 min 1 s"),
        (Moment(None, 700, None, 12), "12 s"),
        (Moment(0, 0, None, 1), "0.0 B, 1 s"),
    ],
)
def test_what_the_line_says(now: Moment, said: str) -> None:
    assert line_of("importing a.tar", now) == f"importing a.tar: {said}"


def test_a_narrow_terminal_has_less_of_it() -> None:
    widths = {room: line_of("importing app-1.0.tar", READING, room) for room in range(20, 100)}
    assert all(len(line) <= room for room, line in widths.items())
    assert widths[99].endswith("71.5 MiB/s, 4 s")
    assert widths[60].endswith("700.0 MiB (44 %), 4 s")
    assert widths[40] == "importing app-1.0.tar: 312.0 MiB"
    assert widths[26].endswith(": 312.0 MiB")
    assert widths[20].endswith("312.0 MiB")


def test_the_name_of_a_file_cannot_move_the_cursor() -> None:
    assert line_of("importing \x1b[2J\n.tar", READING).startswith("importing \\x1b[2J\\n.tar: ")


@pytest.mark.parametrize("terminal", [True, False])
def test_when_there_is_a_line(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "is_terminal", lambda descriptor: terminal)
    session, quiet = Session(SharedOptions()), Session(SharedOptions(quiet=True))
    assert is_wanted(session, When.AUTO) is terminal
    assert not is_wanted(quiet, When.AUTO)
    assert not is_wanted(session, When.NEVER)
    assert is_wanted(quiet, When.ALWAYS)


Hold = Callable[..., Path]


@pytest.fixture
def hold(fake_ctr: FakeCtr, tmp_path: Path) -> Hold:
    """A realm in which a call lasts until the file is there."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")
    fill(fake_ctr, "kukeon-main", refs=((REF, MANIFEST),), content={})

    def until(*words: str, **said: object) -> Path:
        go = tmp_path / "go"
        wait = f"until [ -e {go} ]; do sleep 0.05; done"
        fake_ctr.answer(*MAIN, "images", *words, first=wait, **said)  # type: ignore[arg-type]
        return go

    return until


UNPACKED = f"unpacking {REF} ({MANIFEST})...done\n"


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_an_import_has_a_line_that_vanishes(hold: Hold, term: str) -> None:
    go = hold("import", "-", stdout=UNPACKED)
    words = [str(PROGRAM), "images", "import", "-r", "main", "-"]
    with (
        Path(os.devnull).open("rb") as nothing,
        Seat(words, {**os.environ, "TERM": term}, stdin=nothing.fileno()) as seat,
    ):
        assert seat.sees(b"\rimporting stdin: "), bytes(seat.shown)
        go.touch()
        assert seat.wait() == 0, bytes(seat.shown)
        assert seat.sees(REF.encode())
        assert b"\x1b" not in seat.shown or term == "xterm"
    after = bytes(seat.shown).rpartition(b" \r")[2]
    assert after.startswith(b"nothing is new;")


def test_ctrl_c_takes_the_line_away_before_it_says_so(hold: Hold) -> None:
    hold("import", "-")
    words = [str(PROGRAM), "images", "import", "-r", "main", "-"]
    with (
        Path(os.devnull).open("rb") as nothing,
        Seat(words, os.environ, stdin=nothing.fileno()) as seat,
    ):
        assert seat.sees(b"\rimporting stdin: ")
        seat.kill(signal.SIGINT)
        assert seat.wait() == 130
        assert seat.sees(b"interrupted")
    assert b" \rkuke-ctr: interrupted" in seat.shown


def test_a_failure_takes_the_line_away_before_it_says_so(hold: Hold) -> None:
    go = hold("pull", "example.com/a:1", stderr="ctr: some failure\n", exit_code=1)
    words = [str(PROGRAM), "images", "pull", "-r", "main", "example.com/a:1"]
    with Seat(words, os.environ) as seat:
        assert seat.sees(b"\rpulling example.com/a:1: ")
        go.touch()
        assert seat.wait() == 1
        assert seat.sees(b"some failure")
    assert b" \rkuke-ctr: " in seat.shown


@pytest.mark.parametrize("words", [("-q",), ("--progress", "never")])
def test_there_may_be_none(hold: Hold, fake_ctr: FakeCtr, words: tuple[str, ...]) -> None:
    fake_ctr.answer(*MAIN, "images", "import", "-", first="sleep 0.8", stdout=UNPACKED)
    line = [str(PROGRAM), "images", "import", "-r", "main", "-", *words]
    with (
        Path(os.devnull).open("rb") as nothing,
        Seat(line, os.environ, stdin=nothing.fileno()) as seat,
    ):
        assert seat.wait() == 0
        assert seat.sees(REF.encode())
        assert b"importing" not in seat.shown


@pytest.mark.parametrize("when", ["auto", "always"])
def test_a_pipe_gets_lines_only_where_that_was_asked_for(
    when: str,
    hold: Hold,
    fake_ctr: FakeCtr,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "_FIRST", 0.0)
    monkeypatch.setattr(progress, "_EVERY", 0.01)
    archive = tmp_path / "app.tar"
    archive.write_bytes(bytes(10240))
    path = str(archive)
    fake_ctr.answer(*MAIN, "images", "import", path, first="sleep 0.3", stdout=UNPACKED)
    assert main(["images", "import", "-r", "main", path, "--progress", when]) == 0
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if line.startswith("importing app.tar: ")]
    assert len(lines) == (when == "always")
    assert "\r" not in err
    assert REF in out


def test_progress_has_three_words(capsys: Capture) -> None:
    assert main(["images", "pull", "a:1", "--progress", "sometimes"]) == 2
    assert "'auto', 'never', 'always'" in capsys.readouterr().err
