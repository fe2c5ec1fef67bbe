"""`stats` and `top` on what real hosts have said."""

import json
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import FIXTURES

Capture = pytest.CaptureFixture[str]
METRICS = "store/010-tasks-metrics-json.json"


def recording(folder: Path, source: Path, name: str | None = None) -> str:
    """Put a recording into a folder, as one of the container `name`; what ctr printed."""
    found = json.loads(source.read_text())
    if name is not None:
        found["argv"][-1] = name
    number = sum(1 for _ in folder.iterdir())
    (folder / f"{number:03}-{name or 'tasks'}.json").write_text(json.dumps(found))
    return str(found["stdout"])


@pytest.mark.parametrize("version", ["1.4.13", "1.6.20", "1.7.24", "2.1.9"])
def test_the_running_tasks_of_each_version_have_values(
    version: str, tmp_path: Path, capsys: Capture
) -> None:
    (listed,) = (FIXTURES / version / "healthy").glob("*-tasks-ls-all.json")
    table = recording(tmp_path, listed)
    names = {line.split()[0] for line in table.splitlines()[1:] if "STOPPED" not in line}
    for name in names:
        recording(tmp_path, FIXTURES / version / METRICS, name)
    assert main(["stats", "-n", "kukeon-main", "-o", "json", "--replay", str(tmp_path)]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == names
    for row in rows.values():
        assert (row["cpu_percent"], row["processes"], row["problem"]) == (0.0, 3, None)
        assert row["memory_bytes"] > 0
        assert (row["memory_limit_bytes"], row["network_sent_bytes"]) == (None, None)


def test_two_recorded_looks_are_a_second_apart(tmp_path: Path, capsys: Capture) -> None:
    """On cgroup v2; the last answer is given again and again."""
    for number, used in enumerate((62_090, 312_090)):
        said = {
            "pids": {"current": 2, "limit": 64},
            "cpu": {"usage_usec": used, "user_usec": used},
            "memory": {"usage": 4 << 20, "inactive_file": 1 << 20, "usage_limit": 12 << 20},
            "io": {"usage": [{"major": 8, "rios": 1, "rbytes": 4096}]},
        }
        answers = {
            "tasks ls": "TASK    PID     STATUS    \nweb     1000    RUNNING\n",
            "tasks metrics --format json web": json.dumps(said),
        }
        for words, text in answers.items():
            argv = ["ctr", "-n", "kukeon-main", *words.split()]
            answer = {"argv": argv, "stdout": text, "stderr": "", "exit_code": 0}
            (tmp_path / f"{number}-{words.split()[1]}.json").write_text(json.dumps(answer))
    line = ["stats", "-n", "kukeon-main", "--replay", str(tmp_path)]
    assert main(line) == 0
    _, row = capsys.readouterr().out.splitlines()
    assert row.split() == ["web", "25.0", "3.0M", "12M", "2", "4.0K", "0B", "-", "-"]


@pytest.mark.parametrize("version", ["1.6.20", "1.7.24", "2.1.9"])
def test_the_processes_of_a_recording_have_nothing_of_this_host(
    version: str, capsys: Capture
) -> None:
    folder = str(FIXTURES / version / "reads")
    assert main(["top", "web", "-n", "kukeon-main", "-o", "json", "--replay", folder]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows
    for row in rows:
        assert row["pid"] > 0
        assert {row[name] for name in ("uid", "command", "memory_bytes", "pid_inside")} == {None}
