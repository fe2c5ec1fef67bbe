"""start and restart: in the background, with the stopped task out of the way; over a fake ctr."""

import json
import shlex

import pytest

from tests.support.ending_host import EndingHost
from tests.support.runtime_host import Capture, N, changes, run

STARTS = ("start", "--detach")


@pytest.fixture
def host(ending_host: EndingHost) -> EndingHost:
    """One of which `web` can be stopped and started."""
    ending_host.ends("web", code=3)
    ending_host.becomes("web", "-", "rm")
    ending_host.becomes("web", "RUNNING", *STARTS, pid=2000)
    return ending_host


def started(host: EndingHost) -> list[str]:
    """The changing calls and the starts."""
    return [
        shlex.join(call[3:])
        for call in host.fake.calls
        if call[2:3] == ["tasks"] and call[3] not in ("ls", "ps")
    ]


def test_what_has_stopped_starts_with_its_task_out_of_the_way(
    host: EndingHost, capsys: Capture
) -> None:
    host.set("web", "STOPPED")
    assert run("start --fifo web", capsys) == (0, "web\n", "")
    assert started(host) == ["rm web", "start --detach web"]
    assert host.is_("web") == "RUNNING"


def test_what_has_no_task_just_starts(host: EndingHost, capsys: Capture) -> None:
    host.becomes("idle", "RUNNING", "start", "--detach", "--null-io")
    assert run("start --null-io idle", capsys) == (0, "idle\n", "")
    assert started(host) == ["start --detach --null-io idle"]


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        ("RUNNING", 0, "web is already running (pid 1000)"),
        ("PAUSED", 1, "to let it go on: `kuke-ctr resume web"),
        ("CREATED", 1, "`kuke-ctr tasks rm --force web --namespace kukeon-main` deletes the task"),
        ("UNKNOWN", 1, "`kuke-ctr tasks ps web --namespace kukeon-main` shows if its shim"),
    ],
)
def test_what_has_a_living_task_is_not_started(
    host: EndingHost, capsys: Capture, status: str, code: int, says: str
) -> None:
    host.set("web", status)
    found, _, err = run("start --fifo web", capsys)
    assert found == code
    assert says in err
    assert started(host) == []


def test_a_start_that_fails_is_told_and_others_start(host: EndingHost, capsys: Capture) -> None:
    host.set("web", "STOPPED")
    host.fake.answer(*N, "tasks", *STARTS, "idle", stderr="ctr: boom\n", exit_code=1)
    gone = 'ctr: container "nope" in namespace "kukeon-main": not found\n'
    host.fake.answer(*N, "containers", "info", "nope", stderr=gone, exit_code=1)
    code, out, err = run("start --fifo idle nope web", capsys)
    assert (code, out) == (3, "web\n")
    assert "boom" in err
    assert "there is no container nope" in err


def test_a_restart_stops_and_starts(
    host: EndingHost, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_terminal(host, "web")
    monkeypatch.setattr("kuke_ctr.commands.shared.launch.start.on_terminal", as_a_call)
    code, out, err = run("restart web", capsys)
    assert (code, out, err) == (0, "web\n", "web has stopped: exit code 3\n")
    assert started(host) == ["kill web", "rm web", "start --detach web"]


def with_terminal(host: EndingHost, name: str) -> None:
    """A container whose output goes to no log."""
    info = json.dumps({"ID": name, "Labels": {}, "Spec": {"process": {"terminal": True}}})
    host.fake.answer(*N, "containers", "info", name, stdout=info)


def as_a_call(ctr: object, call: object, *rest: object) -> object:
    """In place of a start on a pseudo terminal."""
    return ctr.processes.run(call)  # type: ignore[attr-defined]


def test_a_restart_of_what_does_not_run_starts_it(host: EndingHost, capsys: Capture) -> None:
    with_terminal(host, "web")
    code, out, _ = run("restart --dry-run web", capsys)
    line = "env ctr -n kukeon-main tasks {}\n"
    calls = ("kill web", "rm web", "start --detach web")
    assert (code, out) == (0, "".join(line.format(call) for call in calls))


def test_a_container_that_goes_with_its_task_is_not_started_again(
    host: EndingHost, capsys: Capture
) -> None:
    with_terminal(host, "web")
    gone = 'ctr: container "web" in namespace "kukeon-main": not found\n'
    host.fake.answer(*N, "tasks", "rm", "web", stderr=gone, exit_code=1)
    host.fake.answer(*N, "tasks", *STARTS, "web", stderr=gone, exit_code=1)
    code, out, err = run("restart web", capsys)
    assert (code, out) == (3, "")
    assert "web has stopped, but was not started again: " in err


def test_the_network_of_ctr_is_not_lost_in_silence(host: EndingHost, capsys: Capture) -> None:
    info = {"ID": "web", "Extensions": {"ctr.cni-containerd.metadata": {}}, "Spec": {}}
    host.fake.answer(*N, "containers", "info", "web", stdout=json.dumps(info))
    code, _, err = run("restart web", capsys)
    assert code == 2
    assert "ctr gives no network to a container that is started again: web" in err
    assert changes(host.fake) == []
