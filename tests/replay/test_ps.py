"""`ps` over recordings of every ctr version, and of Kukeon's hosts."""

import json

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import TOP

FIXTURES = TOP / "fixtures"
VERSIONS = ["1.4.13", "1.6.20", "1.7.24", "2.1.9"]
Capture = pytest.CaptureFixture[str]


def rows(capsys: Capture, *words: str) -> list[dict[str, object]]:
    assert main(["ps", *words, "-o", "json"]) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_containers_and_tasks_are_joined(version: str, capsys: Capture) -> None:
    expected = json.loads((FIXTURES / "expected" / f"{version}.json").read_text())
    states = {task["id"]: (task["pid"], task["status"]) for task in expected["tasks"]}
    host = str(FIXTURES / "ctr-output" / version / "healthy")
    words = ("-r", "main", "--replay", host, "--columns", "id,image,pid,status")
    every = rows(capsys, *words, "-a")
    assert [row["id"] for row in every] == [row["id"] for row in expected["containers"]]
    for row in every:
        pid, status = states.get(str(row["id"]), (None, None))
        lives = pid and status != "STOPPED"
        assert (row["pid"], row["status"]) == (pid if lives else None, status)
    running = [row for row in every if row["status"] in ("RUNNING", "PAUSED", "UNKNOWN")]
    assert rows(capsys, *words) == running != every


@pytest.mark.parametrize("version", ["0.1.0", "0.9.1", "rich-0.9.1"])
def test_the_web_cells_of_a_host_of_kukeons(version: str, capsys: Capture) -> None:
    host = FIXTURES / "ctr-output" / f"kukeon-{version}"
    where = ("--run-path", str(host / "run"), "--replay", str(host / "ctr"))
    found = rows(capsys, "-A", "--cell", "default/web", *where)
    assert {row["realm"] for row in found} >= {"default", "main"}
    assert {(row["space"], row["stack"], row["cell"]) for row in found} == {
        ("default", "default", "web")
    }
    assert {row["name"] for row in found} == {"app", "root", "side-car"}
    logs = {row["name"]: row["log"] for row in found if row["realm"] == "main"}
    assert (logs["root"] is None, logs["app"] is None) == (True, version == "0.1.0")
