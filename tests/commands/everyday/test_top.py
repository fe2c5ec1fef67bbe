"""`top` over a fake ctr, whose process is this one."""

import json
import os

import pytest

from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, run


@pytest.fixture
def host(fake_ctr: FakeCtr, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """A container whose only process we are."""
    monkeypatch.setattr("kuke_ctr.recipes.process_usage.INTERVAL", 0.01)
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")
    fake_ctr.answer(*N, "containers", "ls", "-q", stdout="web-1\nidle\n")
    said = 'ctr: container "x" in namespace "kukeon-main": not found\n'
    for missing in ("web", "idle", "nope"):
        fake_ctr.answer(*N, "tasks", "ps", missing, stderr=said, exit_code=1)
    table = f"PID      INFO\n{os.getpid():<9}-\n"
    fake_ctr.answer(*N, "tasks", "ps", "web-1", stdout=table)
    return fake_ctr


def test_it_shows_who_a_process_is(host: FakeCtr, capsys: Capture) -> None:
    code, out, err = run("top web -o json", capsys)
    assert (code, err) == (0, "web: the container web-1\n")
    (row,) = json.loads(out)
    assert (row["task"], row["pid"], row["uid"]) == ("web-1", os.getpid(), os.geteuid())
    assert row["pid_inside"] == os.getpid()
    assert row["memory_bytes"] > 1 << 20
    assert row["cpu_seconds"] > 0
    assert "python" in row["command"]
    code, out, _ = run("top web-1 --columns pid,pid_inside,cpu_percent,memory_bytes", capsys)
    assert (code, out.splitlines()[0].split()) == (0, ["PID", "INSIDE", "CPU", "%", "MEMORY"])


@pytest.mark.parametrize(
    ("name", "said"), [("nope", "there is no container nope"), ("idle", "idle has no task")]
)
def test_what_does_not_run_has_no_processes(
    host: FakeCtr, capsys: Capture, name: str, said: str
) -> None:
    code, out, err = run(f"top {name}", capsys)
    assert (code, out) == (3, "")
    assert said in err
