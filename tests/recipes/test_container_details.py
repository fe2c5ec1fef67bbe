"""More of containers and tasks than ctr's tables say: on recorded hosts, and what each costs."""

import json
import shutil
from pathlib import Path

import pytest

from kuke_ctr import open_realm
from kuke_ctr.cli.main import main
from tests.support import tables
from tests.support.fake_ctr import FakeCtr
from tests.support.paths import FIXTURES

Capture = pytest.CaptureFixture[str]
RICH = FIXTURES / "kukeon-rich-0.9.1"
OF_CELL = ("space", "stack", "cell", "name", "root", "attachable")


def run(*words: str, host: Path = RICH, run_path: Path | None = None) -> int:
    where = ("--run-path", str(run_path or host / "run"), "--replay", str(host / "ctr"))
    return main([*words, *where])


def rows(capsys: Capture, *words: str, host: Path = RICH) -> dict[str, dict[str, object]]:
    assert run(*words, "-o", "json", host=host) == 0
    return {row["id"]: row for row in json.loads(capsys.readouterr().out)}


def calls(err: str) -> list[str]:
    return [line.split(" ", 4)[-1] for line in err.splitlines() if line.startswith("+ ")]


def test_the_place_of_every_container_is_as_kukes_own_client_has_it(capsys: Capture) -> None:
    keys = ("spaceId", "stackId", "cellId", "id")
    kuke = {
        (each["realmId"], each["containerdId"]): (
            *(each[key] for key in keys),
            each.get("root", False),
        )
        for each in json.loads((RICH / "kuke/containers.json").read_text())
    }
    assert run("containers", "ls", "-A", "-o", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {
        (row["realm"], row["id"]): tuple(row[key] for key in OF_CELL[:-1]) for row in found
    } == kuke


def test_a_container_has_its_state_its_time_and_its_labels(capsys: Capture) -> None:
    found = rows(capsys, "containers", "ls", "-r", "main")
    shell, halted = found["default_default_dev_shell"], found["default_default_halted_app"]
    assert (shell["status"], halted["status"]) == ("RUNNING", None)
    assert (shell["attachable"], halted["attachable"]) == (True, False)
    assert shell["created_at"] == "2026-11-26T17:09:03.707309707Z"
    labels = shell["labels"]
    assert isinstance(labels, dict)
    assert labels["kukeon.io/cell"] == "dev"


def test_a_task_has_the_same_of_its_container_and_the_image(capsys: Capture) -> None:
    containers = rows(capsys, "containers", "ls", "-r", "main")
    found = rows(capsys, "tasks", "ls", "-r", "main")
    assert found["default_default_ag1_work"]["image"] == "kukeon.internal/app:1"
    for name, task in found.items():
        for key in (*OF_CELL, "image", "status", "created_at", "labels"):
            assert task[key] == containers[name][key]


@pytest.mark.parametrize("host", ["kukeon-0.1.0", "kukeon-0.9.1", "kukeon-rich-0.9.1"])
def test_labels_say_the_same_as_records(capsys: Capture, host: str, tmp_path: Path) -> None:
    whole = rows(capsys, "containers", "ls", "-r", "main", host=FIXTURES / host)
    namespace = ("-n", "kukeon-main", "-o", "json")
    assert run("containers", "ls", *namespace, host=FIXTURES / host, run_path=tmp_path) == 0
    assert {row["id"]: row for row in json.loads(capsys.readouterr().out)} == whole


@pytest.mark.parametrize(
    ("words", "other"),
    [
        ((), []),
        (("-q",), []),
        (("-q", "--sort-by", "status"), ["tasks ls"]),
        (("--columns", "id,image", "-o", "json"), []),
        (("--columns", "id,cell,attachable"), []),  # records tell
        (("--columns", "cell,status"), ["tasks ls"]),
    ],
)
def test_a_call_is_made_only_for_what_is_shown(
    capsys: Capture, words: tuple[str, ...], other: list[str]
) -> None:
    assert run("containers", "ls", "-r", "main", "-x", *words) == 0
    assert calls(capsys.readouterr().err) == ["containers ls", *other]


def test_wide_costs_a_call_for_each_container(capsys: Capture) -> None:
    assert run("tasks", "ls", "-r", "main", "-x", "-o", "wide") == 0
    out, err = capsys.readouterr()
    made = calls(err)
    assert sorted(made)[:1] == ["containers info default_default_ag1_root"]
    assert len(made) == 1 + 16 + 1
    assert out.splitlines()[0].split() == [
        *("ID", "PID", "STATUS", "IMAGE", "SPACE", "STACK", "CELL", "NAME", "ROOT"),
        *("ATTACHABLE", "CREATED", "AT", "LABELS"),
    ]


def test_a_program_gets_the_records_that_are_printed(capsys: Capture) -> None:
    printed = rows(capsys, "containers", "ls", "-r", "main")
    realm = open_realm("main", run_path=str(RICH / "run"), replay=str(RICH / "ctr"))
    dumped = (
        one.model_dump(mode="json", exclude={"host", "realm", "extra"})
        for one in realm.containers()
    )
    assert {one["id"]: one for one in dumped} == printed
    assert {one.labels is None for one in realm.tasks(columns=("id", "cell"))} == {True}
    assert {one.cell is None for one in realm.tasks(columns=("id", "cell"))} == {False}


def test_a_recording_without_the_further_calls_is_read_all_the_same(
    capsys: Capture, tmp_path: Path
) -> None:
    for file in (RICH / "ctr").glob("*kukeon-main-containers-ls.json"):
        shutil.copy(file, tmp_path)
    where = ("-n", "kukeon-main", "--run-path", str(tmp_path), "--replay", str(tmp_path))
    assert main(["containers", "ls", *where, "-o", "json"]) == 0
    out, err = capsys.readouterr()
    (web,) = [row for row in json.loads(out) if row["id"] == "default_default_web_app"]
    assert (web["cell"], web["name"], web["labels"], web["status"]) == ("web", "app", None, None)
    assert "warning: the recording" in err


N = ("-n", "kukeon-main")


def test_what_is_not_kukeons_has_no_cell_and_what_goes_meanwhile_nothing(
    fake_ctr: FakeCtr, capsys: Capture, tmp_path: Path
) -> None:
    listed = [(name, "-", "r") for name in ("own", "gone", "odd")]
    fake_ctr.answer(*N, "containers", "ls", stdout="\n".join(tables.containers(listed)) + "\n")
    fake_ctr.answer(*N, "tasks", "ls", stderr="ctr: something else\n", exit_code=1)
    known = json.dumps({"ID": "own", "Labels": {"team": "x"}, "CreatedAt": "2024"})
    fake_ctr.answer(*N, "containers", "info", "own", stdout=known)
    gone = 'ctr: container "gone" in namespace "kukeon-main": not found\n'
    fake_ctr.answer(*N, "containers", "info", "gone", stderr=gone, exit_code=1)
    fake_ctr.answer(*N, "containers", "info", "odd", stdout="{")
    assert main(["containers", "ls", *N, "--run-path", str(tmp_path), "-o", "json"]) == 0
    out, err = capsys.readouterr()
    found = {row["id"]: row for row in json.loads(out)}
    assert [found["own"][key] for key in OF_CELL] == [None] * 6
    assert (found["own"]["labels"], found["own"]["created_at"]) == ({"team": "x"}, "2024")
    assert (found["gone"]["labels"], found["gone"]["status"]) == (None, None)
    assert "warning: ctr: something else" in err
    assert "warning: odd: " in err
