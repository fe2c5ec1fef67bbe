"""`--watch`: what is printed to a pipe, and what stands on a terminal."""

import json
import os
import subprocess  # noqa: TID251 (what a user starts)
from collections.abc import Callable, Iterator, Sequence
from signal import Signals

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.commands.shared import watch
from scripts.lib import processes
from scripts.lib.seat import Seat
from tests.support import tables
from tests.support.fake_ctr import FakeCtr
from tests.support.runner import PROGRAM

Capture = pytest.CaptureFixture[str]
N = ("-n", "kukeon-main")
WORDS = ("-n", "kukeon-main", "--watch")
Steps = Callable[..., None]
LIMIT = 20.0


def has(fake_ctr: FakeCtr, *rows: tuple[str, str]) -> None:
    """Which tasks there are."""
    lines = tables.tasks([(name, "42", status) for name, status in rows])
    fake_ctr.answer(*N, "tasks", "ls", stdout="\n".join(lines) + "\n")


def fails(fake_ctr: FakeCtr) -> None:
    """The daemon has gone."""
    fake_ctr.answer(*N, "tasks", "ls", stderr="ctr: no daemon\n", exit_code=1)


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """What happens while it waits, one after the other; in the end somebody presses Ctrl-C."""

    def steps(*given: Callable[[], None]) -> None:
        rest = iter(given)

        def wait(watched: object) -> bool:
            step = next(rest, None)
            if step is None:
                raise KeyboardInterrupt
            step()
            return False

        monkeypatch.setattr(watch._Watched, "_wait", wait)
        monkeypatch.setattr(watch._News, "listen", lambda news: None)

    return steps


def printed(capsys: Capture, *words: str, code: int = 130) -> tuple[list[str], str]:
    assert main(["tasks", "ls", *WORDS, *words]) == code
    out, err = capsys.readouterr()
    return out.splitlines(), err


def test_lines_are_printed_once_and_again_when_they_change(
    fake_ctr: FakeCtr, capsys: Capture, then: Steps
) -> None:
    has(fake_ctr, ("a", "RUNNING"), ("b", "RUNNING"))
    then(
        lambda: None,
        lambda: has(fake_ctr, ("a", "RUNNING"), ("b", "STOPPED")),
        lambda: has(fake_ctr, ("a", "RUNNING")),
        lambda: has(fake_ctr, ("a", "RUNNING"), ("b", "STOPPED")),
    )
    out, err = printed(capsys, "-o", "jsonl", "--columns", "id,status")
    rows = [tuple(json.loads(line).values()) for line in out]
    assert rows == [("a", "RUNNING"), ("b", "RUNNING"), ("b", "STOPPED"), ("b", "STOPPED")]
    assert err == "kuke-ctr: interrupted\n"


def test_the_header_of_csv_is_printed_once(fake_ctr: FakeCtr, capsys: Capture, then: Steps) -> None:
    has(fake_ctr, ("a", "RUNNING"))
    then(lambda: has(fake_ctr, ("a", "PAUSED")))
    out, _ = printed(capsys, "-o", "csv", "--columns", "id,status")
    assert out == ["id,status", "a,RUNNING", "a,PAUSED"]


@pytest.mark.parametrize(
    ("form", "between"), [("table", [""]), ("wide", [""]), ("json", []), ("yaml", ["---"])]
)
def test_a_whole_is_printed_again_when_something_changed(
    fake_ctr: FakeCtr, capsys: Capture, then: Steps, form: str, between: Sequence[str]
) -> None:
    words = ("-o", form, "--columns", "id,status")

    def now(*rows: tuple[str, str]) -> list[str]:
        has(fake_ctr, *rows)
        assert main(["tasks", "ls", *N, *words]) == 0
        return capsys.readouterr().out.splitlines()

    second, first = now(("b", "STOPPED")), now(("a", "RUNNING"))
    then(lambda: None, lambda: has(fake_ctr, ("b", "STOPPED")))
    out, _ = printed(capsys, *words)
    assert out == [*first, *between, *second]


def test_a_daemon_that_goes_away_is_told_once_and_tried_again(
    fake_ctr: FakeCtr, capsys: Capture, then: Steps
) -> None:
    has(fake_ctr, ("a", "RUNNING"))
    then(
        lambda: fails(fake_ctr),
        lambda: None,
        lambda: has(fake_ctr, ("a", "RUNNING"), ("b", "RUNNING")),
    )
    out, err = printed(capsys, "-q")
    assert out == ["a", "b"]
    assert err.count("kuke-ctr: ctr: no daemon") == 1


def test_an_error_of_the_first_look_is_the_end(
    fake_ctr: FakeCtr, capsys: Capture, then: Steps
) -> None:
    fails(fake_ctr)
    then()
    out, err = printed(capsys, code=1)
    assert (out, err.splitlines()[0]) == ([], "kuke-ctr: ctr: no daemon")
    assert printed(capsys, "--columns", "nope", code=2)[1].startswith("kuke-ctr: unknown column")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--record", "x"), "--watch and --record cannot be combined"),
        (("--watch", "0"), "--watch was given twice"),
        (("--dry-run",), ""),
    ],
)
def test_what_cannot_be_watched(
    fake_ctr: FakeCtr, capsys: Capture, words: Sequence[str], said: str
) -> None:
    code = 2 if said else 0
    out, err = printed(capsys, *words, code=code)
    assert said in err
    assert out == ([] if said else ["env ctr -n kukeon-main tasks ls"])
    assert fake_ctr.calls == []


def test_what_is_no_list_has_no_watch(capsys: Capture) -> None:
    assert main(["logs", "-r", "main", "web", "--watch"]) == 2
    assert "has no option --watch" in capsys.readouterr().err


@pytest.fixture
def seat(fake_ctr: FakeCtr) -> Iterator[Seat]:
    """`tasks ls --watch` at a terminal; the fake ctr knows no events."""
    has(fake_ctr, ("first", "RUNNING"))
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    words = (PROGRAM, "tasks", "ls", *WORDS, "0.2")
    with Seat(words, environment, size=(12, 100)) as one:
        yield one


def test_a_list_stands_in_place_on_a_terminal(fake_ctr: FakeCtr, seat: Seat) -> None:
    assert seat.sees(b"every 0.2 s, q quits: kuke-ctr tasks ls -n kukeon-main")
    assert seat.sees(b"first")
    has(fake_ctr, ("second", "RUNNING"))
    assert seat.sees(b"second")
    fails(fake_ctr)
    assert seat.sees(b"kuke-ctr: ctr: no daemon")
    assert seat.sees(b"as read at ")
    has(fake_ctr, ("third", "RUNNING"))
    assert seat.sees(b"third")
    seat.type(b"q")
    assert seat.wait() == 0
    assert processes.until(lambda: seat.modes() == seat.modes_before, LIMIT)
    assert processes.until(lambda: bytes(seat.shown).endswith(b"\x1b[?1049l"), LIMIT)
    assert bytes(seat.shown).count(b"\x1b[?1049h") == 1


@pytest.mark.parametrize("signal", ["INT", "TERM", "HUP"])
def test_a_signal_puts_the_terminal_back(seat: Seat, signal: str) -> None:
    assert seat.sees(b"first")
    os.kill(seat.program.pid, Signals[f"SIG{signal}"])
    assert seat.wait() == {"INT": 0, "TERM": -15, "HUP": -1}[signal]
    assert processes.until(lambda: seat.modes() == seat.modes_before, LIMIT)
    assert processes.until(lambda: bytes(seat.shown).endswith(b"\x1b[?1049l"), LIMIT)


def test_it_ends_when_nobody_reads_though_nothing_is_new(fake_ctr: FakeCtr) -> None:
    has(fake_ctr, ("a", "RUNNING"))
    words = (str(PROGRAM), "tasks", "ls", *WORDS, "1h", "-q")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"a\n"
        child.stdout.close()
        assert child.wait(LIMIT) == 141
        assert child.stderr is not None
        assert child.stderr.read() == b""


def test_a_key_is_heeded_while_ctr_works(fake_ctr: FakeCtr, seat: Seat) -> None:
    assert seat.sees(b"first")
    fake_ctr.answer(*N, "tasks", "ls", first=f"touch {fake_ctr.folder}/hangs; exec sleep 60")
    assert processes.until((fake_ctr.folder / "hangs").exists, LIMIT)
    seat.type(b"q")
    assert seat.wait() == 0
    assert processes.until(lambda: bytes(seat.shown).endswith(b"\x1b[?1049l"), LIMIT)
