"""exec in a container that does not run: the hint fits whose container it is."""

import json

import pytest

from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, run

SAID = "ctr: cannot exec in a stopped state: failed precondition: unknown\n"
NO_TASK = "ctr: no running task found: task ended not found: not found\n"


@pytest.fixture
def stopped(runtime_host: FakeCtr, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """A host where exec fails in `ended`."""
    monkeypatch.setattr("kuke_ctr.recipes.start.unique_id", lambda stem: "e1")
    _answer(runtime_host, SAID)
    return runtime_host


def _answer(host: FakeCtr, said: str) -> None:
    flags = ("--exec-id", "e1", "--detach", "--log-uri", "file:///dev/null")
    host.answer(*N, "tasks", "exec", *flags, "--", "ended", "ls", stderr=said, exit_code=1)


@pytest.mark.parametrize("said", [SAID, NO_TASK])
def test_a_container_of_kukeon_is_started_by_kuke(
    stopped: FakeCtr, capsys: Capture, said: str
) -> None:
    labels = {"kukeon.io/cell": "shop", "kukeon.io/realm": "main"}
    info = json.dumps({"ID": "ended", "Labels": labels, "Spec": {}})
    stopped.answer(*N, "containers", "info", "ended", stdout=info)
    _answer(stopped, said)
    code, _, err = run("exec -d ended ls", capsys)
    assert code == 125
    assert "the container ended is not running" in err
    assert "to start the cell: `kuke start shop --realm main`" in err
    assert "kuke-ctr tasks" not in err


def test_any_other_one_by_its_task(stopped: FakeCtr, capsys: Capture) -> None:
    code, _, err = run("exec -d ended ls", capsys)
    assert code == 125
    assert "to start it: `kuke-ctr start ended --namespace kukeon-main`" in err


def test_where_nobody_can_tell_the_failure_itself_is_shown(
    stopped: FakeCtr, capsys: Capture
) -> None:
    stopped.answer(*N, "containers", "info", "ended", stderr="ctr: no answer\n", exit_code=1)
    code, _, err = run("exec -d ended ls", capsys)
    assert code == 125
    assert "the container ended is not running" in err
    assert "no answer" not in err
