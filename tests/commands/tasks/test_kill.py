"""Signals, pauses and wrong usage of tasks over a fake ctr."""

import shlex
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.recipes.process_facts import drops
from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, changes, contents, run


@pytest.mark.parametrize(
    ("typed", "flags"),
    [
        ("tasks kill web", ()),
        ("tasks kill web -s hup --yes", ("--signal", "SIGHUP")),
        ("tasks kill web -9", ("--signal", "SIGKILL")),
        ("tasks kill -TERM web", ("--signal", "SIGTERM")),
        ("tasks kill web -a", ("--all",)),
        ("tasks kill web --exec-id e1 -y", ("--exec-id", "e1")),
        ("tasks kill web -y -s 36 -- --new", ("--signal", "36", "--new")),
    ],
)
def test_a_signal_is_sent_with_the_flags_before_the_name(
    runtime_host: FakeCtr, capsys: Capture, typed: str, flags: tuple[str, ...]
) -> None:
    runtime_host.answer(*N, "tasks", "kill", *flags, "web")
    assert run(typed, capsys) == (0, "web\n", "")
    assert changes(runtime_host) == [shlex.join([*N, "tasks", "kill", *flags, "web"])]


@pytest.mark.parametrize(
    "line",
    ["tasks kill web -- --signal=SIGKILL", "tasks kill web -- -s KILL", "tasks rm web -- -force"],
)
def test_an_option_of_ours_is_not_smuggled_past_us(
    runtime_host: FakeCtr, capsys: Capture, line: str
) -> None:
    code, _, err = run(line, capsys)
    assert code == 2
    assert "stands behind --, and it is an option of kuke-ctr" in err
    assert "hint: put -" in err
    assert runtime_host.calls == []


@pytest.mark.parametrize(
    "line",
    [
        "tasks kill web -y -- -- other",
        "tasks kill web -y -- --new=1 other",
        "tasks rm web -y -- other",
        "containers rm web -y -- -- other",
        "snapshots rm web -y -- -- other",
    ],
)
def test_no_further_name_is_smuggled_behind_the_dashes(
    runtime_host: FakeCtr, capsys: Capture, line: str
) -> None:
    """ctr would take it for one more thing to remove, and nobody has asked about that."""
    code, _, err = run(line, capsys)
    assert code == 2
    assert "is not a flag of ctr" in err
    assert changes(runtime_host) == []


def test_a_signal_to_a_stopped_task_reaches_nobody(runtime_host: FakeCtr, capsys: Capture) -> None:
    runtime_host.answer(*N, "tasks", "ps", "ended", stdout="PID    INFO\n")
    for typed in ("tasks kill ended", "tasks kill --all ended"):
        code, out, err = run(typed, capsys)
        assert (code, out) == (3, "")
        assert "has already stopped; no signal was sent" in err
        assert "kuke-ctr tasks rm ended --namespace kukeon-main" in err
    assert changes(runtime_host) == []


def test_all_reaches_what_a_stopped_task_has_left_behind(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    runtime_host.answer(*N, "tasks", "ps", "ended", stdout="PID     INFO\n1234    -\n")
    runtime_host.answer(*N, "tasks", "kill", "--all", "ended")
    assert run("tasks kill --all ended", capsys)[:2] == (0, "ended\n")


def test_a_task_that_ended_in_between_is_not_found(runtime_host: FakeCtr, capsys: Capture) -> None:
    said = "ctr: process already finished: not found\n"
    runtime_host.answer(*N, "tasks", "kill", "web", stderr=said, exit_code=1)
    code, out, err = run("tasks kill web", capsys)
    assert (code, out) == (3, "")
    assert "the signal reached no process" in err


def test_a_paused_task_gets_its_signal_later_and_kill_at_once(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    runtime_host.answer(*N, "tasks", "kill", "frozen")
    runtime_host.answer(*N, "tasks", "kill", "--signal", "SIGKILL", "frozen")
    code, out, err = run("tasks kill frozen", capsys)
    assert (code, out) == (0, "frozen\n")
    assert "kuke-ctr tasks resume frozen --namespace kukeon-main" in err
    assert run("tasks kill -9 frozen", capsys) == (0, "frozen\n", "")


def test_a_missing_exec_id_names_those_that_live(runtime_host: FakeCtr, capsys: Capture) -> None:
    flags = ("--exec-id", "e2")
    said = "ctr: process does not exist e2: not found\n"
    runtime_host.answer(*N, "tasks", "kill", *flags, "web", stderr=said, exit_code=1)
    runtime_host.answer(
        *N, "tasks", "ps", "web", stdout='PID     INFO\n12      -\n1234    exec_id:"e1"\n'
    )
    code, _, err = run("tasks kill --exec-id e2 web", capsys)
    assert code == 3
    assert "no running process with the exec id e2" in err
    assert "exec ids: e1" in err


def test_the_network_of_ctr_is_not_taken_away_in_silence(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    info = '{"ID": "web", "Extensions": {"ctr.cni-containerd.metadata": {}}, "Spec": {}}'
    runtime_host.answer(*N, "containers", "info", "web", stdout=info)
    runtime_host.answer(*N, "tasks", "kill", "--signal", "SIGHUP", "web")
    runtime_host.answer(*N, "tasks", "kill", "--signal", "SIGTERM", "web")
    code, _, err = run("tasks kill -s HUP web", capsys)
    assert code == 2
    assert "the network of web" in err
    assert changes(runtime_host) == []
    assert run("tasks kill -s HUP web --yes", capsys)[0] == 0
    assert run("tasks kill -s TERM web", capsys)[0] == 0


@pytest.mark.parametrize(
    ("verb", "works", "refused"),
    [
        ("pause", "web", ("frozen", "ended", "fresh")),
        ("resume", "frozen", ("web", "ended", "fresh")),
        ("rm", "ended", ("web", "frozen", "fresh", "silent")),
    ],
)
def test_a_state_that_does_not_fit_is_said_before_anything_runs(
    runtime_host: FakeCtr, capsys: Capture, verb: str, works: str, refused: tuple[str, ...]
) -> None:
    runtime_host.answer(*N, "tasks", verb, works)
    for name in refused:
        code, out, err = run(f"tasks {verb} {name}", capsys)
        assert (code, out) == (1, "")
        assert f"the task {name} is " in err
    assert changes(runtime_host) == []
    if verb == "rm":  # which looks again, and here the list does not change
        assert run(f"tasks {verb} {works}", capsys)[0] == 1
    else:
        assert run(f"tasks {verb} {works}", capsys) == (0, f"{works}\n", "")


@pytest.mark.parametrize("verb", ["kill", "pause", "resume", "rm", "checkpoint"])
def test_a_task_that_there_is_not_is_near_to_others(
    runtime_host: FakeCtr, capsys: Capture, verb: str
) -> None:
    code, _, err = run(f"tasks {verb} wbe", capsys)
    assert code == 3
    assert "hint: the realm has: web, " in err
    code, _, err = run(f"tasks {verb} idle", capsys)
    assert code == 3
    assert "the container idle has no task" in err
    assert changes(runtime_host) == []


def test_several_are_told_one_by_one_and_the_worst_is_the_exit_code(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    runtime_host.answer(*N, "tasks", "pause", "web")
    code, out, err = run("tasks pause frozen web nope web", capsys)
    assert (code, out) == (3, "web\n")
    assert "frozen is PAUSED" in err
    assert len(changes(runtime_host)) == 1


def test_the_kernel_drops_what_the_first_process_does_not_await(
    runtime_host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime_host.answer(*N, "tasks", "kill", "--signal", "SIGINT", "web")
    monkeypatch.setattr(
        "kuke_ctr.recipes.task_control.drops", lambda pid, number: (pid, number) == (1000, 2)
    )
    code, out, err = run("tasks kill web -s INT", capsys)
    assert (code, out) == (0, "web\n")
    assert "ignore SIGINT" in err
    assert "kuke-ctr tasks kill -9 web --namespace kukeon-main" in err


@pytest.mark.parametrize(
    ("status", "number", "dropped"),
    [
        ("NSpid:\t77\t1\nSigBlk:\t0000000000000000\nSigCgt:\t0000000000000000\n", 15, True),
        ("NSpid:\t77\t1\nSigBlk:\t0000000000000000\nSigCgt:\t0000000000004000\n", 15, False),
        ("NSpid:\t77\t1\nSigBlk:\t0000000000004000\nSigCgt:\t0000000000000000\n", 15, False),
        ("NSpid:\t77\t1\nSigBlk:\t0000000000000000\nSigCgt:\t0000000000004000\n", 1, True),
        ("NSpid:\t77\t1\nSigBlk:\t0000000000000000\nSigCgt:\t0000000000000000\n", 9, False),
        ("NSpid:\t77\nSigBlk:\t0000000000000000\nSigCgt:\t0000000000000000\n", 15, False),
        (None, 15, False),
    ],
)
def test_whether_a_signal_is_dropped_stands_in_proc(
    tmp_path: Path, status: str | None, number: int, dropped: bool
) -> None:
    if status is not None:
        (tmp_path / "77").mkdir()
        (tmp_path / "77" / "status").write_text(f"Name:\ta: b\n{status}")
    assert drops(77, number, tmp_path) is dropped


@pytest.mark.parametrize(
    "line",
    [
        "tasks kill web -s nope",
        "tasks kill web --all --exec-id a",
        "tasks rm a b --exec-id x",
        "tasks pause web -o json",
        "tasks kill web -- web2",
        "tasks kill web -- -n x",
        "tasks kill",
    ],
)
def test_wrong_usage_of_tasks_starts_nothing(
    runtime_host: FakeCtr, capsys: Capture, line: str
) -> None:
    code, _, err = run(line, capsys)
    assert code == 2
    assert "hint: " in err
    assert changes(runtime_host) == []


def test_a_namespace_that_holds_something_is_not_removed(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    contents(
        *(runtime_host, "kukeon-main"),
        images="a\nb\n",
        containers="c\n",
        tasks="c\n",
        content="sha256:1\n",
        snapshots="k          Active\n",
    )
    assert main(["namespaces", "rm", "kukeon-main", "--yes"]) == 1
    err = capsys.readouterr().err
    assert "it has 2 images, 1 container, 1 task, 1 snapshot, 1 blob" in err
    assert changes(runtime_host) == []


def test_of_several_namespaces_those_that_can_go_are_asked_about(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    contents(runtime_host, "moby")
    contents(runtime_host, "kukeon-main", images="a\n")
    assert main(["namespaces", "rm", "kukeon-main", "nope", "moby"]) == 2
    err = capsys.readouterr().err
    assert "kukeon-main is not empty" in err
    assert "there is no namespace nope" in err
    assert "the namespace moby (" in err


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("create kukeon-main", 1, "the namespace kukeon-main already"),
        ("create a/b", 2, "not a valid namespace name"),
        ("create x a", 2, "'a' is not a label"),
        ("label kukeon-mian a=b", 3, "similar: kukeon-main"),
        ("label kukeon-main", 2, "a label is missing"),
        ("rm nope --yes", 3, "no namespace nope"),
        ("rm x -A", 2, "has no option -A"),
        ("rm x -n y", 2, "has no option -n"),
        ("label x a=b -r y", 2, "has no option -r"),
        ("create x -o json", 2, "does not print json"),
    ],
)
def test_what_can_not_be_done_to_a_namespace(
    runtime_host: FakeCtr, capsys: Capture, line: str, code: int, said: str
) -> None:
    assert main(["namespaces", *line.split()]) == code
    assert said in capsys.readouterr().err
    assert changes(runtime_host) == []


def test_namespaces_are_made_and_labelled(runtime_host: FakeCtr, capsys: Capture) -> None:
    runtime_host.answer("namespaces", "create", "new", "a=b")
    runtime_host.answer("namespaces", "label", "kukeon-main", "a=")
    assert main(["namespaces", "create", "new", "a=b"]) == 0
    assert main(["namespaces", "label", "kukeon-main", "a="]) == 0
    assert capsys.readouterr().out == "new\nkukeon-main\n"


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_task_without_processes_is_told(
    runtime_host: FakeCtr, capsys: Capture, form: str
) -> None:
    runtime_host.answer(*N, "tasks", "ps", "ended", stdout="PID    INFO\n")
    code, out, err = run(f"tasks ps ended -o {form}", capsys)
    assert (code, out) == (0, "[]\n" if form == "json" else "")
    assert err == (
        "the task ended has no processes; it may have stopped "
        "(`kuke-ctr tasks ls --namespace kukeon-main`)\n"
    )
