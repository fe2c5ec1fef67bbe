"""What ending, pausing and starting tasks of Kukeon's says, and when it asks."""

import json

import pytest

from tests.support.cell_host import APP, HALTED, LABELLED, ROOT, SIDE, type_answer
from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, changes, run

STOPS = "to stop the cell: `kuke stop web --realm main`"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (APP, f"note: Kukeon starts {APP} again in about half a minute (restartPolicy: always); "),
        (SIDE, f"note: Kukeon starts {SIDE} again if its exit code is not 0 (restartPolicy: on-f"),
    ],
)
def test_a_workload_that_comes_back(
    cell_host: FakeCtr, capsys: Capture, name: str, says: str
) -> None:
    cell_host.answer(*N, "tasks", "kill", name)
    code, out, err = run(f"tasks kill {name}", capsys)
    assert (code, out) == (0, f"{name}\n")
    assert says in err
    assert STOPS in err
    assert says in run(f"tasks kill {name} --dry-run", capsys)[2]


def test_a_root_is_asked_about(
    cell_host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = f"{ROOT} is the root container of Kukeon's cell web: {APP}, {SIDE} go on without it"
    for line in ("tasks kill", "tasks kill -9", "tasks rm --force", "tasks checkpoint --exit"):
        code, _, err = run(f"{line} {ROOT}", capsys)
        assert (code, changes(cell_host)) == (2, [])
        assert told in err
        assert f"hint: {STOPS}; to do it: add --yes" in err
        assert f"note: {told}" in run(f"{line} {ROOT} --dry-run", capsys)[2]
    cell_host.answer(*N, "tasks", "kill", ROOT)
    assert run(f"tasks kill {ROOT} --yes", capsys)[0] == 0
    type_answer(monkeypatch, "y")
    assert run(f"tasks kill {ROOT}", capsys)[0] == 0


@pytest.mark.parametrize("words", ["-s HUP", "-s USR1", "--exec-id e"])
def test_what_does_not_end_it_needs_nothing(
    cell_host: FakeCtr, capsys: Capture, words: str
) -> None:
    given = words.replace("-s ", "--signal SIG").split()
    for name in (ROOT, APP):
        cell_host.answer(*N, "tasks", "kill", *given, name)
        assert run(f"tasks kill {words} {name}", capsys) == (0, f"{name}\n", "")


def test_with_its_root_nothing_comes_back(cell_host: FakeCtr, capsys: Capture) -> None:
    for name in (APP, SIDE, ROOT):
        cell_host.answer(*N, "tasks", "kill", name)
    code, _, err = run(f"tasks kill {APP} {SIDE} {ROOT}", capsys)
    assert (code, changes(cell_host)) == (2, [])
    assert "the cell cannot be used without it, and Kukeon does not start it again" in err
    assert run(f"tasks kill {APP} {SIDE} {ROOT} --yes", capsys)[2] == ""


def test_others_are_not_asked_about(cell_host: FakeCtr, capsys: Capture) -> None:
    cell_host.answer(*N, "tasks", "kill", "mine")
    assert run("tasks kill mine", capsys) == (0, "mine\n", "")


def test_a_pause_is_not_ended_by_kukeon(cell_host: FakeCtr, capsys: Capture) -> None:
    cell_host.answer(*N, "tasks", "pause", APP)
    cell_host.answer(*N, "tasks", "pause", "mine")
    _, _, err = run(f"tasks pause {APP} mine", capsys)
    assert err.count("Kukeon neither resumes it nor ends it with the cell") == 1
    assert f"`kuke-ctr tasks resume {APP} --namespace kukeon-main`" in err


@pytest.mark.parametrize(
    "line", ["tasks start -d", "tasks kill", "tasks rm", "tasks pause", "tasks resume"]
)
@pytest.mark.parametrize(("name", "cell"), [(HALTED, "halted"), (LABELLED, "gone")])
def test_what_is_stopped_is_started_by_kuke(
    cell_host: FakeCtr, capsys: Capture, line: str, name: str, cell: str
) -> None:
    code, _, err = run(f"{line} {name}", capsys)
    assert code in (3, 125)
    assert f"to start the cell: `kuke start {cell} --realm main`" in err
    assert changes(cell_host) == []


def test_a_container_that_joins_namespaces_by_number_needs_a_word(
    cell_host: FakeCtr, capsys: Capture
) -> None:
    paths = ("/proc/1/ns/net", "//proc/./1/ns/ipc", "/run/netns/a", "/proc/self/ns/uts")
    spec = {"linux": {"namespaces": [{"type": "x", "path": path} for path in paths]}}
    info = json.dumps({"ID": "idle", "Labels": {}, "Spec": spec})
    cell_host.answer(*N, "containers", "info", "idle", stdout=info)
    code, _, err = run("tasks start -d --fifo idle", capsys)
    assert (code, changes(cell_host)) == (2, [])
    assert "idle would start in namespaces of another process" in err
    assert "number 1 and self (net, ipc: now that is `" in err
    assert "add --yes" in err
    assert "start" not in [call[3] for call in cell_host.calls if len(call) > 3]
    code, out, err = run("tasks start -d --fifo idle --dry-run", capsys)
    assert (code, out) == (0, "env ctr -n kukeon-main tasks start --detach idle\n")
    assert "note: idle would start in namespaces of another process" in err
    cell_host.answer(*N, "tasks", "start", "--detach", "idle")
    assert run("tasks start -d --fifo --yes idle", capsys)[:2] == (0, "idle\n")
