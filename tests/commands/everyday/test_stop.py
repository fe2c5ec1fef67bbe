"""stop: a signal, a wait, SIGKILL; over a fake ctr whose tasks end."""

import json
import shlex
from pathlib import Path

import pytest

from kuke_ctr.recipes.task_ends import TaskEnds
from tests.support.ending_host import EndingHost
from tests.support.runtime_host import Capture, N, changes, run

KILL = ("--signal", "SIGKILL")


def planned(host: EndingHost, *calls: str) -> bool:
    """Whether these were the changing calls."""
    return changes(host.fake) == [shlex.join([*N, "tasks", *call.split()]) for call in calls]


def test_a_container_gets_its_stop_signal_and_its_exit_code_is_told(
    ending_host: EndingHost, capsys: Capture
) -> None:
    ending_host.ends("web", code=143)
    said = "web has stopped: exit code 143 (SIGTERM)\n"
    assert run("stop web", capsys) == (0, "web\n", said)
    assert planned(ending_host, "kill web")
    assert run("stop web", capsys) == (0, "web\n", said.replace("has", "had already"))
    assert planned(ending_host, "kill web")


def test_the_event_tells_the_code_also_where_the_task_is_deleted_at_once(
    ending_host: EndingHost, capsys: Capture
) -> None:
    ending_host.becomes("web", "-", "kill")
    ending_host.event("web", 6)
    assert run("stop web", capsys) == (0, "web\n", "web has stopped: exit code 6\n")


def test_records_say_how_each_ended(ending_host: EndingHost, capsys: Capture) -> None:
    ending_host.ends("web", code=143)
    ending_host.answers("fresh")
    ending_host.ends("fresh", *KILL, code=137)
    line = "stop -t 0.3 web fresh idle nope"
    code, out, err = run(f"{line} -o json", capsys)
    assert code == 3
    assert json.loads(out) == [
        {"id": "idle", "ending": "not-running", "exit_code": None},
        {"id": "web", "ending": "stopped", "exit_code": 143},
        {"id": "fresh", "ending": "killed", "exit_code": 137},
    ]
    assert "web has stopped: exit code 143 (SIGTERM)\n" in err
    code, out, _ = run(f"{line} -o jsonl", capsys)
    assert code == 3
    again = [json.loads(one) for one in out.splitlines()]
    assert {one["id"]: one["ending"] for one in again} == {
        "idle": "not-running",
        "web": "already-stopped",
        "fresh": "already-stopped",
    }
    assert run("stop web -o json --dry-run", capsys)[0] == 0
    assert run("stop web -o table", capsys)[0] == 2


def test_an_event_of_another_run_is_not_believed(ending_host: EndingHost, capsys: Capture) -> None:
    ending_host.ends("web", code=143)
    ending_host.event("web", 6, pid=999)
    assert "exit code 143" in run("stop web", capsys)[2]


def test_a_code_that_nobody_can_tell_is_no_failure(
    ending_host: EndingHost, capsys: Capture
) -> None:
    ending_host.becomes("web", "STOPPED", "kill")
    said = "web has stopped: its exit code is not known\n"
    assert run("stop web", capsys) == (0, "web\n", said)


def test_what_heeds_no_signal_is_killed_after_the_time(
    ending_host: EndingHost, capsys: Capture
) -> None:
    for name in ("web", "fresh"):
        ending_host.answers(name)
        ending_host.ends(name, *KILL, code=137)
    ending_host.ends("ended", code=3)
    code, out, err = run("stop -t 0.3 web ended fresh", capsys)
    assert (code, out) == (0, "ended\nweb\nfresh\n")
    assert "ended has stopped: exit code 3\n" in err
    assert "web did not stop within 0.3 seconds and was killed: exit code 137 (SIGKILL)" in err
    assert [call for call in changes(ending_host.fake) if "SIGKILL" in call] == [
        shlex.join([*N, "tasks", "kill", *KILL, name]) for name in ("web", "fresh")
    ]


def test_no_time_is_sigkill_at_once(ending_host: EndingHost, capsys: Capture) -> None:
    ending_host.ends("web", *KILL, code=137)
    said = "web was killed: exit code 137 (SIGKILL)\n"
    assert run("stop -t 0 web", capsys) == (0, "web\n", said)
    assert planned(ending_host, f"kill {shlex.join(KILL)} web")


def test_another_signal_and_no_end_of_the_wait(ending_host: EndingHost, capsys: Capture) -> None:
    ending_host.ends("web", "--signal", "SIGINT", code=0)
    assert run("stop -t -1 -s int web", capsys) == (0, "web\n", "web has stopped: exit code 0\n")


def test_what_is_paused_gets_its_signal_by_going_on(
    ending_host: EndingHost, capsys: Capture
) -> None:
    ending_host.set("frozen", "PAUSED")
    ending_host.becomes("frozen", "PAUSED", "kill")
    ending_host.becomes("frozen", "STOPPED", "resume")
    ending_host.tells("frozen", 143)
    code, out, err = run("stop frozen", capsys)
    assert (code, out) == (0, "frozen\n")
    assert err.startswith("frozen was paused; it was resumed to get the signal\nfrozen has stopped")
    assert planned(ending_host, "kill frozen", "resume frozen")


def test_what_does_not_run_is_no_failure_and_what_is_missing_is(
    ending_host: EndingHost, capsys: Capture
) -> None:
    assert run("stop idle", capsys) == (0, "idle\n", "idle is not running: it has no task\n")
    code, out, err = run("stop nope idle", capsys)
    assert (code, out) == (3, "idle\n")
    assert "there is no container nope in realm main" in err
    assert changes(ending_host.fake) == []


def test_a_silent_shim_is_told_and_keeps_nobody_else_from_stopping(
    ending_host: EndingHost, capsys: Capture
) -> None:
    ending_host.set("silent", "UNKNOWN", pid=0)
    ending_host.ends("web")
    ending_host.fake.answer(*N, "tasks", "kill", "fresh", stderr="ctr: boom\n", exit_code=1)
    code, out, err = run("stop silent fresh web", capsys)
    assert (code, out) == (1, "web\n")
    assert "the shim of silent does not answer: no signal can be sent" in err
    assert "boom" in err


def test_one_that_ended_in_between_has_stopped(ending_host: EndingHost, capsys: Capture) -> None:
    gone = "ctr: process already finished: not found\n"
    file = shlex.quote(str(ending_host.folder / "web"))
    first = f"echo 1000 STOPPED > {file}"
    ending_host.fake.answer(*N, "tasks", "kill", "web", stderr=gone, exit_code=1, first=first)
    ending_host.tells("web", 0)
    assert run("stop web", capsys) == (0, "web\n", "web has stopped: exit code 0\n")


def test_one_that_somebody_starts_again_has_stopped(
    ending_host: EndingHost, capsys: Capture
) -> None:
    ending_host.becomes("web", "RUNNING", "kill", pid=2000)
    said = "web has stopped: its exit code is not known\n"
    assert run("stop web", capsys) == (0, "web\n", said)


def test_what_survives_sigkill_is_an_error(
    ending_host: EndingHost, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kuke_ctr.recipes.stop._KILL_SECONDS", 0.2)
    ending_host.fake.answer(*N, "tasks", "kill", *KILL, "web")
    code, out, err = run("stop -t 0 web", capsys)
    assert (code, out) == (1, "")
    assert "web is still running 0.2 seconds after SIGKILL (pid 1000)" in err


def test_ctrl_c_leaves_what_runs_and_says_what_that_is(
    ending_host: EndingHost, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending_host.set("frozen", "PAUSED")
    ending_host.becomes("frozen", "PAUSED", "resume")
    for name in ("web", "frozen"):
        ending_host.answers(name)
    ending_host.ends("ended")

    def interrupted(ends: TaskEnds, until: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(TaskEnds, "_pause", interrupted)
    code, out, err = run("stop web frozen ended", capsys)
    assert (code, out) == (130, "")
    assert (
        "interrupted: web got its stop signal and is running; frozen got its stop signal and is "
        "paused; ended has stopped\n"
    ) in err
    assert "SIGKILL" not in " ".join(changes(ending_host.fake))


def test_a_dry_run_sends_nothing(ending_host: EndingHost, capsys: Capture) -> None:
    ending_host.set("frozen", "PAUSED")
    code, out, _ = run("stop --dry-run web frozen", capsys)
    calls = ("kill web", "kill frozen", "resume frozen")
    assert (code, out) == (0, "".join(f"env ctr -n kukeon-main tasks {call}\n" for call in calls))
    assert ending_host.is_("web") == "RUNNING"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("stop web -t soon", "--time 'soon' is not a time"),
        ("stop web -t -2", "--time '-2' is not a time"),
        ("stop web -s NOPE", "'NOPE' is not a signal"),
        ("stop", "missing argument"),
    ],
)
def test_wrong_usage(ending_host: EndingHost, capsys: Capture, line: str, says: str) -> None:
    code, _, err = run(line, capsys)
    assert code == 2
    assert says in err.lower() or says in err
    assert changes(ending_host.fake) == []


def test_a_recorded_stop_can_be_replayed(
    ending_host: EndingHost, capsys: Capture, tmp_path: Path
) -> None:
    ending_host.ends("web", code=143)
    folder = tmp_path / "recorded"
    told = run(f"stop web --record {folder}", capsys)
    assert told[0] == 0
    before = len(ending_host.fake.calls)
    assert run(f"stop web --replay {folder}", capsys) == told
    assert len(ending_host.fake.calls) == before


def test_a_containerd_that_goes_leaves_a_word_about_what_is_not_known(
    ending_host: EndingHost, capsys: Capture
) -> None:
    listing = ending_host.fake.answers[(*N, "tasks", "ls")]
    gone = shlex.quote(str(ending_host.folder.parent / "gone"))
    script = f"[ -e {gone} ] && echo 'ctr: boom' >&2 && exit 1\n{listing}"
    ending_host.fake.answer(*N, "tasks", "ls", first=script)
    ending_host.fake.answer(*N, "tasks", "kill", "web", first=f": > {gone}")
    code, out, err = run("stop web", capsys)
    assert (code, out) == (1, "")
    assert err.startswith("not known to have stopped: web\nkuke-ctr: ctr: boom\n")
