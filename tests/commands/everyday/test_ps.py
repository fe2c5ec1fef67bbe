"""`ps`: containers joined with their tasks, in two calls."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.records import PsContainer
from tests.support import tables
from tests.support.cells import write_cell
from tests.support.fake_ctr import FakeCtr

Capture = pytest.CaptureFixture[str]
N = ("-n", "kukeon-main")
LISTS = [[*N, "containers", "ls"], [*N, "tasks", "ls"]]
APP, ROOT, LAB = "default_default_web_app", "default_default_web_root", "lab_two_web_app"
WORDY = "default_default_my_cell_app"
STATES = {
    APP: "RUNNING",
    ROOT: "RUNNING",
    LAB: "PAUSED",
    WORDY: "RUNNING",
    "mine": "RUNNING",
    "ended": "STOPPED",
    "made": "CREATED",
    "silent": "UNKNOWN",
}
RUNNING = [APP, ROOT, LAB, WORDY, "mine", "silent"]


@pytest.fixture
def host(fake_ctr: FakeCtr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """Containers in every state; the process of each task that runs is the test's own."""
    run_path = tmp_path / "run-path"
    monkeypatch.setenv("KUKEON_RUN_PATH", str(run_path))
    write_cell(run_path, "default/default/web")
    write_cell(run_path, "default/default/my_cell", {"app": {}})
    rows = [(name, "i:1", "io.containerd.runc.v2") for name in (*STATES, "idle")]
    fake_ctr.answer(*N, "containers", "ls", stdout="\n".join(tables.containers(rows)) + "\n")
    pids = {name: "0" if state == "UNKNOWN" else str(os.getpid()) for name, state in STATES.items()}
    of_tasks = [(name, pids[name], state) for name, state in STATES.items()]
    fake_ctr.answer(*N, "tasks", "ls", stdout="\n".join(tables.tasks(of_tasks)) + "\n")
    for name in (*STATES, "idle"):
        labels = {"kukeon.io/cell": "odd", "kukeon.io/space": "s"} if name == "mine" else {}
        info = {
            "ID": name,
            "Labels": labels,
            "CreatedAt": "2026-11-26T17:09:03Z",
            "SnapshotKey": "k",
        }
        fake_ctr.answer(*N, "containers", "info", name, stdout=json.dumps(info))
    return fake_ctr


def table(capsys: Capture, *words: str) -> list[list[str]]:
    assert main(["ps", "-r", "main", *words]) == 0
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def rows(capsys: Capture, *words: str) -> dict[str, dict[str, object]]:
    assert main(["ps", "-r", "main", *words, "-o", "json"]) == 0
    return {row["id"]: row for row in json.loads(capsys.readouterr().out)}


def test_running_containers_are_listed_in_two_calls(host: FakeCtr, capsys: Capture) -> None:
    header, *found = table(capsys)
    assert header == ["ID", "SPACE", "STACK", "CELL", "IMAGE", "PID", "STATUS", "AGE"]
    assert [row[0] for row in found] == RUNNING
    me = str(os.getpid())
    assert found[0][1:7] == ["default", "default", "web", "i:1", me, "RUNNING"]
    assert re.fullmatch(r"\d+[smhd]", found[0][7])
    assert found[3][1:4] == ["default", "default", "my_cell"]  # only its record can tell
    assert found[4][1:7] == ["-", "-", "-", "i:1", me, "RUNNING"]
    assert found[5][4:] == ["i:1", "-", "UNKNOWN", "-"]
    assert sorted(host.calls) == LISTS


def test_all_are_listed_with_all(host: FakeCtr, capsys: Capture) -> None:
    found = table(capsys, "-a", "--no-headers")
    assert [row[0] for row in found] == [*STATES, "idle"]
    assert found[5][4:] == ["i:1", "-", "STOPPED", "-"]
    assert found[6][4:] == ["i:1", str(os.getpid()), "CREATED", "-"]
    assert found[8][4:] == ["i:1", "-", "-", "-"]
    assert sorted(host.calls) == LISTS


def test_the_letter_before_the_command_is_the_address(host: FakeCtr, capsys: Capture) -> None:
    assert main(["-a", "/run/x.sock", "ps", "-r", "main", "-a", "--dry-run"]) == 0
    assert "ctr -a /run/x.sock -n kukeon-main tasks ls\n" in capsys.readouterr().out
    assert host.calls == []


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("--cell", "web"), [APP, ROOT, LAB]),
        (("--cell", "default/web"), [APP, ROOT]),
        (("--cell", "lab/two/web"), [LAB]),
        (("--space", "lab"), [LAB]),
        (("--stack", "default", "--cell", "web"), [APP, ROOT]),
        (("--cell", "my_cell"), [WORDY]),
    ],
)
def test_a_place_is_chosen_without_a_further_call(
    host: FakeCtr, capsys: Capture, words: tuple[str, ...], names: list[str]
) -> None:
    assert [row[0] for row in table(capsys, *words, "--no-headers")] == names
    assert sorted(host.calls) == LISTS


def test_json_has_what_containers_info_says(host: FakeCtr, capsys: Capture) -> None:
    found = rows(capsys)
    assert set(found[APP]) == set(PsContainer.model_fields) - {"host", "realm", "extra"}
    assert found[APP]["root"] is False
    assert found[APP]["snapshot"] == "k"
    assert found[APP]["created_at"] == "2026-11-26T17:09:03Z"
    assert datetime.fromisoformat(str(found[APP]["started_at"])) < datetime.now(UTC)
    assert [found["mine"][key] for key in ("space", "cell", "log")] == ["s", "odd", None]
    assert len(host.calls) == 2 + len(RUNNING)


def test_labels_place_a_container_where_they_are_known(host: FakeCtr, capsys: Capture) -> None:
    assert list(rows(capsys, "--space", "s")) == ["mine"]
    asked = [call[-1] for call in host.calls if "info" in call]
    assert sorted(asked) == ["mine", "silent"]  # the ids of the others tell


def test_columns_choose_what_is_asked(host: FakeCtr, capsys: Capture) -> None:
    assert rows(capsys, "--columns", "id,age")[APP]["age"] is not None
    assert table(capsys, "--columns", "id,age", "-o", "csv")[0] == ["id,age"]
    assert [row[0] for row in table(capsys, "-q", "--sort-by", "-age")][:2] == [APP, ROOT]
    assert sorted(host.calls) == sorted(LISTS * 3)


def test_an_age_is_whole_seconds() -> None:
    def age(since: timedelta) -> int | None:
        started = (datetime.now(UTC) - since).strftime("%Y-%m-%dT%H:%M:%SZ")
        return PsContainer(id="a", image=None, runtime="r", started_at=started).age

    assert age(timedelta(hours=1)) in (3600, 3601)
    assert age(timedelta(seconds=-5)) == 0  # a clock that was set back


def test_the_log_that_kukeon_writes_is_named(
    host: FakeCtr, capsys: Capture, tmp_path: Path
) -> None:
    log = tmp_path / "run-path/data/main/default/default/web/app/log"
    log.parent.mkdir()
    log.write_text("hello\n")
    assert rows(capsys, "--cell", "web")[APP]["log"] == str(log)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--cell", "nope"),
            "no running container of realm main (namespace kukeon-main) is in cell",
        ),
        (("-a", "--space", "x", "--cell", "y"), "no container of realm main (namespace"),
    ],
)
def test_a_place_with_nothing_in_it_is_a_note(
    host: FakeCtr, capsys: Capture, words: tuple[str, ...], said: str
) -> None:
    assert main(["ps", "-r", "main", *words]) == 0
    assert said in capsys.readouterr().err
    del host


def test_what_does_not_run_is_counted(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*N, "tasks", "ls", stdout="TASK    PID    STATUS\n")
    assert main(["ps", "-r", "main"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "9 containers do not run: `kuke-ctr ps --all --namespace kukeon-main`" in err


def test_without_the_tasks_nobody_knows_what_runs(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*N, "tasks", "ls", stderr="ctr: something else\n", exit_code=1)
    assert main(["ps", "-r", "main"]) == 1
    out, err = capsys.readouterr()
    assert (out, "something else" in err) == ("", True)


def test_a_dry_run_shows_both_calls(host: FakeCtr, capsys: Capture) -> None:
    assert main(["ps", "-r", "main", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "env ctr -n kukeon-main containers ls",
        "env ctr -n kukeon-main tasks ls",
    ]
    assert host.calls == []
