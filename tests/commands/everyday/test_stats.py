"""`stats` over a fake ctr: its forms, what comes and goes, and the table on a terminal."""

import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kuke_ctr.commands.everyday.stats import fitting
from kuke_ctr.recipes.stats import Look, stats_of
from kuke_ctr.records import Stats
from kuke_ctr.render import make_view
from scripts.lib import processes
from scripts.lib.seat import Seat
from tests.support.fake_ctr import FakeCtr
from tests.support.paths import TOP
from tests.support.runtime_host import Capture, N, run, tasks_table

METRICS = {
    "pids": {"current": 4},
    "cpu": {"usage": {"total": 5_000_000}},
    "memory": {"usage": {"usage": 3 << 20, "limit": 12 << 20}},
}


def running(fake: FakeCtr, *names: str, first: str = "") -> None:
    """These containers run, and `silent` does not say what it uses."""
    table = tasks_table(*((name, "RUNNING") for name in names))
    fake.answer(*N, "tasks", "ls", stdout=table, first=first)
    fake.answer(*N, "containers", "ls", "-q", stdout="".join(f"{name}\n" for name in names))
    for name in names:
        words = (*N, "tasks", "metrics", "--format", "json", name)
        if name == "silent":
            fake.answer(*words, stderr="ctr: no metrics received: unknown\n", exit_code=1)
        else:
            fake.answer(*words, stdout=json.dumps(METRICS), first="sleep 0.01")


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    """A realm with three containers that run."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")
    running(fake_ctr, "db", "silent", "web-1")
    return fake_ctr


def asked(fake: FakeCtr) -> list[str]:
    return [shlex.join(call[2:]) for call in fake.calls if "metrics" in call]


def test_one_interval_takes_two_looks(host: FakeCtr, capsys: Capture) -> None:
    code, out, err = run("stats --no-stream --interval 0.1", capsys)
    assert (code, err) == (0, "silent: ctr: no metrics received\n")
    head, db, silent, web = (line.split() for line in out.splitlines())
    assert " ".join(head) == "ID CPU % MEMORY LIMIT PIDS READ WRITE NET IN NET OUT"
    assert db == ["db", "0.0", "3.0M", "12M", "4", *"----"]
    assert silent == ["silent", *"--------"]
    assert web[0] == "web-1"
    assert sorted(asked(host)) == sorted(
        f"tasks metrics --format json {name}" for name in ("db", "silent", "web-1") * 2
    )


def test_the_chosen_ones_are_named_as_elsewhere(host: FakeCtr, capsys: Capture) -> None:
    code, out, err = run("stats --no-stream --interval 0.1 -o json web db", capsys)
    assert (code, err) == (0, "web: the container web-1\n")
    rows = json.loads(out)
    assert [row["id"] for row in rows] == ["db", "web-1"]
    assert {name: rows[0][name] for name in ("memory_percent", "cpu_percent", "processes")} == {
        "memory_percent": 25.0,
        "cpu_percent": 0.0,
        "processes": 4,
    }
    code, out, err = run("stats --no-stream nope", capsys)
    assert (code, out) == (3, "")
    assert "there is no container nope in realm main" in err


def test_a_chosen_one_that_does_not_run_is_a_row(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*N, "containers", "ls", "-q", stdout="db\nidle\n")
    code, out, err = run("stats --no-stream --interval 0.1 -o wide idle", capsys)
    assert (code, err) == (0, "idle: no task\n")
    assert out.splitlines()[1].split() == ["idle", *"-" * 11, "no", "task"]


def test_where_nothing_runs_it_is_said(host: FakeCtr, capsys: Capture) -> None:
    running(host)
    code, out, err = run("stats --no-stream", capsys)
    assert (code, out) == (0, "")
    assert err == "realm main (namespace kukeon-main) has no running task\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("stats -o json", "stats goes on until Ctrl-C"),
        ("stats -o yaml", "hint: add --no-stream, or use -o jsonl"),
        ("stats --interval 0", "--interval 0 is too short"),
        ("stats --interval soon", "--interval 'soon' is not a time"),
        ("stats --columns nope", "unknown column 'nope'"),
        ("stats -A db", "this command works in one realm"),
    ],
)
def test_wrong_usage_starts_nothing(host: FakeCtr, capsys: Capture, line: str, said: str) -> None:
    code, out, err = run(line, capsys) if "-A" not in line else run_all(line, capsys)
    assert (code, out) == (2, "")
    assert said in err
    assert asked(host) == []


def run_all(line: str, capsys: Capture) -> tuple[int, str, str]:
    from kuke_ctr.cli.main import main

    return main(shlex.split(line)), *capsys.readouterr()


def test_a_dry_run_says_what_would_run(host: FakeCtr, capsys: Capture) -> None:
    code, out, err = run("stats --dry-run", capsys)
    assert code == 0
    assert out.splitlines() == [
        f"env ctr -n kukeon-main tasks metrics --format json {name}"
        for name in ("db", "silent", "web-1")
    ]
    assert err.endswith("+ env ctr -n kukeon-main tasks ls\n")


def ticking(monkeypatch: pytest.MonkeyPatch, *happens: object) -> None:
    """Nobody waits: at each wait the next of these is done, and then it is interrupted."""
    waits: Iterator[object] = iter(happens)

    def wait(seconds: float) -> None:
        if seconds < 0.1:
            return  # of the runner's own
        act = next(waits, None)
        if act is None:
            raise KeyboardInterrupt
        assert callable(act)
        act()

    monkeypatch.setattr(time, "sleep", wait)


def nothing() -> None:
    """It goes on."""


def test_a_pipe_gets_a_line_for_each_container_and_interval(
    host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticking(monkeypatch, nothing, lambda: running(host, "db", "new"))
    code, out, err = run("stats --interval 5", capsys)
    assert (code, err) == (130, "silent: ctr: no metrics received\nkuke-ctr: interrupted\n")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["id"] for row in rows] == ["db", "silent", "web-1", "db", "new"]
    assert [row["cpu_percent"] for row in rows] == [0.0, None, 0.0, 0.0, None]
    assert rows[1]["problem"] == "ctr: no metrics received"
    assert rows[0]["at"].endswith("Z")


def test_csv_has_one_header_and_a_table_one_each_time(
    host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(host, "db")
    ticking(monkeypatch, nothing, nothing)
    _, out, _ = run("stats --interval 5 -o csv --columns id,memory_bytes", capsys)
    assert out == "id,memory_bytes\ndb,3145728\ndb,3145728\n"
    ticking(monkeypatch, nothing, nothing)
    _, out, _ = run("stats --interval 5 -o table --columns id,memory_bytes", capsys)
    assert out == "ID  MEMORY\ndb  3.0M\nID  MEMORY\ndb  3.0M\n"


@pytest.mark.parametrize(
    ("room", "name", "last"),
    [
        (80, "web", "network_sent_bytes"),
        (80, "default_default_web_side-car", "io_write_bytes"),
        (60, "default_default_web_side-car", "processes"),
        (20, "default_default_web_side-car", "processes"),
        (None, "default_default_web_side-car", "network_sent_bytes"),
    ],
)
def test_in_a_narrow_terminal_names_stay_whole(room: int | None, name: str, last: str) -> None:
    rows = [stats_of(name, Look(1.0), None, at=datetime.now(UTC))]
    assert fitting(rows, make_view(Stats, output=None), room).fields[-1] == last
    for form, columns in (("json", ()), ("wide", ()), ("table", ("id", "network_sent_bytes"))):
        view = make_view(Stats, output=form, columns=columns)
        assert fitting(rows, view, room) == view


def sit(*words: str, size: tuple[int, int] = (12, 80)) -> Seat:
    """kuke-ctr at a terminal."""
    environment = {**os.environ, "PYTHONPATH": str(TOP), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    program = (sys.executable, "-m", "kuke_ctr", "-r", "main", "stats", *words)
    return Seat(program, environment, size=size)


def then(host: FakeCtr, shell: str) -> Path:
    """The file after whose making `tasks ls` does this instead; a running ctr is no safe place."""
    sign = host.folder / "sign"
    first = f"if [ -e {shlex.quote(str(sign))} ]; then {shell}; fi"
    running(host, "db", "silent", "web-1", first=first)
    return sign


def test_a_terminal_shows_one_table_until_q(host: FakeCtr) -> None:
    later = host.folder / "later"
    later.write_text(tasks_table(("db", "RUNNING"), ("web-1", "RUNNING")))
    sign = then(host, f"cat {shlex.quote(str(later))}; exit 0")
    with sit("--interval", "0.1") as seat:
        assert seat.sees(b"realm main (namespace kukeon-main): 3 containers, every 0.1 s; q quits")
        assert seat.sees(b"\r\n\x1b[Kweb-1   0.0    3.0M    12M    4     -     -      -       -")
        assert seat.sees(b"silent: ctr: no metrics received")
        sign.touch()
        assert seat.sees(b": 2 containers, every")
        seat.type(b"q")
        assert seat.wait() == 0
        assert processes.until(lambda: seat.modes() == seat.modes_before, 20)
        assert seat.whole().endswith(b"\x1b[?1049l")


def test_q_leaves_while_ctr_hangs(host: FakeCtr) -> None:
    sign = then(host, f"echo >{shlex.quote(str(host.folder / 'hangs'))}; sleep 60")
    with sit("--interval", "0.1") as seat:
        assert seat.sees(b"3 containers")
        sign.touch()
        assert processes.until((host.folder / "hangs").exists, 20)
        seat.type(b"q")
        assert seat.wait() == 0
        assert seat.sees(b"\x1b[?1049l")


def test_what_ctr_remarks_waits_for_the_end(host: FakeCtr) -> None:
    table = tasks_table(("db", "RUNNING"))
    host.answer(*N, "tasks", "ls", stdout=table, stderr="level=warning msg=odd\n")
    with sit("--interval", "0.1") as seat:
        assert seat.sees(b"1 container, every")
        before = len(seat.shown)
        assert processes.until(lambda: len(seat.shown) > before + 500, 20)
        seat.type(b"\x03")
        assert seat.wait() == 0
        assert seat.sees(b"\x1b[?1049llevel=warning msg=odd\r\n")
        assert seat.shown.count(b"level=warning") == 2  # the first look is before the table


def test_an_error_in_the_middle_ends_it_on_a_terminal_that_is_usable(host: FakeCtr) -> None:
    sign = then(host, "echo 'ctr: broken' >&2; exit 1")
    with sit("--interval", "0.1") as seat:
        assert seat.sees(b"3 containers")
        sign.touch()
        assert seat.wait() == 1
        assert seat.sees(b"\x1b[?1049lkuke-ctr: ctr: broken\r\n")
        assert seat.modes() == seat.modes_before


def test_a_trace_is_not_mixed_with_a_table_that_stays(host: FakeCtr) -> None:
    with sit("--interval", "0.1", "-x") as seat:
        assert seat.sees(b"ID      CPU %")
        seat.kill(signal.SIGTERM)
        assert seat.wait() == -15
        assert b"\x1b[?1049h" not in seat.shown
