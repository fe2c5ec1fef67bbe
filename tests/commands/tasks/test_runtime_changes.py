"""Changes of containers, tasks and namespaces over a fake ctr: what runs, and what is refused."""

import json
import os
import shlex
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.processes.calls import mask
from kuke_ctr.recipes import containers as recipe
from kuke_ctr.recipes.process_facts import drops
from tests.support.fake_ctr import FakeCtr

Capture = pytest.CaptureFixture[str]
N = ("-n", "kukeon-main")
CHANGING = ("create", "label", "rm", "kill", "pause", "resume", "checkpoint")


def tasks_table(*rows: tuple[str, str]) -> str:
    width = max((len(name) for name, _ in rows), default=4) + 4
    lines = [f"{'TASK':<{width}}PID     STATUS    "]
    lines += [f"{name:<{width}}{1000 + i:<8}{status}" for i, (name, status) in enumerate(rows)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def host(fake_ctr: FakeCtr, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """A host with a task in every state, and a container without one."""
    monkeypatch.setattr("kuke_ctr.recipes.task_control.drops", lambda pid, number: False)
    fake_ctr.answer("namespaces", "ls", "-q", stdout="default\nkukeon-main\nmoby\n")
    names = ("web", "frozen", "ended", "fresh", "silent", "idle")
    states = ("RUNNING", "PAUSED", "STOPPED", "CREATED", "UNKNOWN")
    fake_ctr.answer(*N, "tasks", "ls", stdout=tasks_table(*zip(names, states, strict=False)))
    fake_ctr.answer(*N, "containers", "ls", "-q", stdout="".join(f"{n}\n" for n in names))
    for name in names:
        info = json.dumps({"ID": name, "Labels": {}, "Spec": {}})
        fake_ctr.answer(*N, "containers", "info", name, stdout=info)
    return fake_ctr


def changes(host: FakeCtr) -> list[str]:
    """The changing calls that ran."""
    return [
        shlex.join(call)
        for call in host.calls
        if any(word in CHANGING for word in call) and "ls" not in call
    ]


def run(line: str, capsys: Capture) -> tuple[int, str, str]:
    code = main(["-r", "main", *shlex.split(line)])
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("typed", "flags"),
    [
        ("tasks kill web", ()),
        ("tasks kill web -s hup --yes", ("--signal", "SIGHUP")),
        ("tasks kill web -9", ("--signal", "SIGKILL")),
        ("tasks kill -TERM web", ("--signal", "SIGTERM")),
        ("tasks kill web -a", ("--all",)),
        ("tasks kill web --exec-id e1 -y", ("--exec-id", "e1")),
        ("tasks kill web -y -s 36 -- --all", ("--signal", "36", "--all")),
    ],
)
def test_a_signal_is_sent_with_the_flags_before_the_name(
    host: FakeCtr, capsys: Capture, typed: str, flags: tuple[str, ...]
) -> None:
    host.answer(*N, "tasks", "kill", *flags, "web")
    assert run(typed, capsys) == (0, "web\n", "")
    assert changes(host) == [shlex.join([*N, "tasks", "kill", *flags, "web"])]


def test_a_signal_to_a_stopped_task_reaches_nobody(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*N, "tasks", "ps", "ended", stdout="PID    INFO\n")
    for typed in ("tasks kill ended", "tasks kill --all ended"):
        code, out, err = run(typed, capsys)
        assert (code, out) == (3, "")
        assert "has already stopped; no signal was sent" in err
        assert "kuke-ctr tasks rm ended --namespace kukeon-main" in err
    assert changes(host) == []


def test_all_reaches_what_a_stopped_task_has_left_behind(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*N, "tasks", "ps", "ended", stdout="PID     INFO\n1234    -\n")
    host.answer(*N, "tasks", "kill", "--all", "ended")
    assert run("tasks kill --all ended", capsys)[:2] == (0, "ended\n")


def test_a_task_that_ended_in_between_is_not_found(host: FakeCtr, capsys: Capture) -> None:
    said = "ctr: process already finished: not found\n"
    host.answer(*N, "tasks", "kill", "web", stderr=said, exit_code=1)
    code, out, err = run("tasks kill web", capsys)
    assert (code, out) == (3, "")
    assert "the signal reached no process" in err


def test_a_paused_task_gets_its_signal_later_and_kill_at_once(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer(*N, "tasks", "kill", "frozen")
    host.answer(*N, "tasks", "kill", "--signal", "SIGKILL", "frozen")
    code, out, err = run("tasks kill frozen", capsys)
    assert (code, out) == (0, "frozen\n")
    assert "kuke-ctr tasks resume frozen --namespace kukeon-main" in err
    assert run("tasks kill -9 frozen", capsys) == (0, "frozen\n", "")


def test_a_missing_exec_id_names_those_that_live(host: FakeCtr, capsys: Capture) -> None:
    flags = ("--exec-id", "e2")
    said = "ctr: process does not exist e2: not found\n"
    host.answer(*N, "tasks", "kill", *flags, "web", stderr=said, exit_code=1)
    host.answer(*N, "tasks", "ps", "web", stdout='PID     INFO\n12      -\n1234    exec_id:"e1"\n')
    code, _, err = run("tasks kill --exec-id e2 web", capsys)
    assert code == 3
    assert "no running process with the exec id e2" in err
    assert "exec ids: e1" in err


def test_the_network_of_ctr_is_not_taken_away_in_silence(host: FakeCtr, capsys: Capture) -> None:
    info = '{"ID": "web", "Extensions": {"ctr.cni-containerd.metadata": {}}, "Spec": {}}'
    host.answer(*N, "containers", "info", "web", stdout=info)
    host.answer(*N, "tasks", "kill", "--signal", "SIGHUP", "web")
    host.answer(*N, "tasks", "kill", "--signal", "SIGTERM", "web")
    code, _, err = run("tasks kill -s HUP web", capsys)
    assert code == 2
    assert "the network of web" in err
    assert changes(host) == []
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
    host: FakeCtr, capsys: Capture, verb: str, works: str, refused: tuple[str, ...]
) -> None:
    host.answer(*N, "tasks", verb, works)
    for name in refused:
        code, out, err = run(f"tasks {verb} {name}", capsys)
        assert (code, out) == (1, "")
        assert f"the task {name} is " in err
    assert changes(host) == []
    if verb == "rm":  # which looks again, and here the list does not change
        assert run(f"tasks {verb} {works}", capsys)[0] == 1
    else:
        assert run(f"tasks {verb} {works}", capsys) == (0, f"{works}\n", "")


def test_a_deleted_task_tells_how_its_process_ended(host: FakeCtr, capsys: Capture) -> None:
    after = host.folder / "0.after"
    after.write_text(tasks_table(("web", "RUNNING")))
    (listed,) = (f for f in host.folder.glob("*.out") if f.read_text().startswith("TASK"))
    said = 'time="2026" level=warning msg="task ended exit with non-zero exit code 137"\n'
    host.answer(*N, "tasks", "rm", "ended", stderr=said, first=f"cp {after} {listed}")
    code, out, err = run("tasks rm ended", capsys)
    assert (code, out) == (0, "ended\n")
    assert err == "ended: the process has exited (exit code 137 (SIGKILL))\n"


def test_a_task_that_is_still_there_is_a_failure(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*N, "tasks", "rm", "--force", "web")
    code, out, err = run("tasks rm --force web", capsys)
    assert (code, out) == (1, "")
    assert "still exists" in err


def test_the_exit_code_of_an_exec_is_no_failure_of_ctr(host: FakeCtr, capsys: Capture) -> None:
    flags = ("--exec-id", "e1")
    host.answer(*N, "tasks", "rm", *flags, "web", exit_code=7)
    code, out, err = run("tasks rm --exec-id e1 web", capsys)
    assert (code, out, err) == (0, "web\n", "web: the process has exited (exit code 7)\n")
    said = "ctr: current process state: running, process must be stopped before deletion\n"
    host.answer(*N, "tasks", "rm", *flags, "web", stderr=said, exit_code=1)
    assert run("tasks rm --exec-id e1 web", capsys)[0] == 1


def test_a_checkpoint_without_criu_says_so(host: FakeCtr, capsys: Capture) -> None:
    said = 'ctr: CRIU version check failed: exec: "criu": executable file not found in $PATH\n'
    host.answer(*N, "tasks", "checkpoint", "web", stderr=said, exit_code=1)
    code, out, err = run("tasks checkpoint web", capsys)
    assert (code, out) == (1, "")
    assert "criu is not installed" in err
    assert "hint: install criu" in err
    said = "ctr: runc did not terminate: criu failed: type DUMP path= /x/criu-dump.log: unknown\n"
    host.answer(*N, "tasks", "checkpoint", "web", stderr=said, exit_code=1)
    assert "hint: the log that ctr names" in run("tasks checkpoint web", capsys)[2]


def test_a_checkpoint_gives_the_name_of_its_image(host: FakeCtr, capsys: Capture) -> None:
    made = "containerd.io/checkpoint/web:11-24-2026-22:00:00"
    host.answer(*N, "tasks", "checkpoint", "web", stdout=f"{made}\n")
    assert run("tasks checkpoint web", capsys) == (0, f"{made}\n", "")


def test_a_checkpoint_that_was_cut_off_tells_that_the_task_is_paused(
    host: FakeCtr, capsys: Capture
) -> None:
    after = host.folder / "0.after"
    after.write_text(tasks_table(("web", "PAUSED")))
    (listed,) = (f for f in host.folder.glob("*.out") if f.read_text().startswith("TASK"))
    host.answer(*N, "tasks", "checkpoint", "web", first=f"cp {after} {listed}; exec sleep 60")
    code, _, err = run("tasks checkpoint web --timeout 1", capsys)
    assert code == 124
    assert "ctr left web paused after the checkpoint" in err


def test_an_interrupted_checkpoint_tells_that_the_task_is_paused(
    host: FakeCtr, capsys: Capture
) -> None:
    after = host.folder / "0.after"
    after.write_text(tasks_table(("web", "PAUSED")))
    (listed,) = (f for f in host.folder.glob("*.out") if f.read_text().startswith("TASK"))
    interrupt = f"cp {after} {listed}; kill -INT $PPID; exec sleep 60"
    host.answer(*N, "tasks", "checkpoint", "web", first=interrupt)
    code, _, err = run("tasks checkpoint web", capsys)
    assert code == 130
    assert "ctr left web paused after the checkpoint" in err


def test_an_interrupted_create_leaves_no_snapshot(host: FakeCtr, capsys: Capture) -> None:
    interrupt = f"touch {appears(host)}; kill -INT $PPID; exec sleep 60"
    host.answer(*N, "containers", "create", "--", "IMG", "new", first=interrupt)
    code, _, _ = run("containers create IMG new", capsys)
    assert code == 130
    assert shlex.join([*N, "snapshots", "rm", "new"]) in changes(host)


def test_a_checkpoints_paths_are_whole(
    host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    flags = ("--exit", "--image-path", str(tmp_path / "img"), "--work-path", "/w")
    host.answer(*N, "tasks", "checkpoint", *flags, "web")
    code, out, _ = run("tasks checkpoint web --exit --image-path img --work-path /w", capsys)
    assert (code, out) == (0, f"{tmp_path / 'img'}\n")


@pytest.mark.parametrize("verb", ["kill", "pause", "resume", "rm", "checkpoint"])
def test_a_task_that_there_is_not_is_near_to_others(
    host: FakeCtr, capsys: Capture, verb: str
) -> None:
    code, _, err = run(f"tasks {verb} wbe", capsys)
    assert code == 3
    assert "hint: the realm has: web, " in err
    code, _, err = run(f"tasks {verb} idle", capsys)
    assert code == 3
    assert "the container idle has no task" in err
    assert changes(host) == []


def test_several_are_told_one_by_one_and_the_worst_is_the_exit_code(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer(*N, "tasks", "pause", "web")
    code, out, err = run("tasks pause frozen web nope web", capsys)
    assert (code, out) == (3, "web\n")
    assert "frozen is PAUSED" in err
    assert len(changes(host)) == 1


CREATED = (*N, "containers", "create")
SNAPSHOT = '{"Kind": "Active", "Name": "new", "Created": "2026-11-25T04:43:23.123456789Z"}'


@pytest.fixture
def maker(host: FakeCtr) -> FakeCtr:
    """A host where nothing has the id or the snapshot `new`."""
    gone = "ctr: snapshot new does not exist: not found\n"
    host.answer(*N, "snapshots", "info", "new", stderr=gone, exit_code=1)
    host.answer(*N, "images", "ls", "-q", stdout="docker.io/library/busybox:1.36\n")
    return host


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("IMG new", "-- IMG new"),
        ("IMG new sh -c 'a b' --realm x", "-- IMG new sh -c 'a b' --realm x"),
        ("IMG new -- sh -c x", "-- IMG new sh -c x"),
        ("--env A=1,2 --env B= IMG new", "--env A=1,2 --env B= -- IMG new"),
        ("--cpus 1.5 IMG new", "--cpu-quota 150000 --cpu-period 100000 -- IMG new"),
        ("--memory-limit 64m IMG new", "--memory-limit 67108864 -- IMG new"),
        ("--cap-add net_admin IMG new", "--cap-add CAP_NET_ADMIN -- IMG new"),
        ("--seccomp-profile /p IMG new", "--seccomp --seccomp-profile /p -- IMG new"),
        ("-u 1000:100 -t IMG new", "--user 1000:100 --tty=true -- IMG new"),
        ("--read-only IMG new sh -c x", "--read-only=true -- IMG new sh -c x"),
        ("--rootfs /r new sh", "--rootfs=true -- /r new sh"),
        ("-c /spec.json --label a=b new", "--config /spec.json --label a=b -- new"),
        ("--extra=--gpus --extra=0 IMG new", "--gpus 0 -- IMG new"),
    ],
)
def test_a_container_is_made_of_typed_flags_and_its_own_words(
    maker: FakeCtr, capsys: Capture, typed: str, words: str
) -> None:
    maker.answer(*CREATED, *shlex.split(words))
    code = main(["containers", "create", "-r", "main", "-x", *shlex.split(typed)])
    out, err = capsys.readouterr()
    assert (code, out) == (0, "new\n")
    assert f"+ env ctr -n kukeon-main containers create {words}\n" in err


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("IMG", 2, "an image, and an id"),
        ("IMG 'bad id'", 2, "'bad id' is not a valid container name"),
        (f"IMG {'x' * 77}", 2, "77 characters"),
        ("--env 1=2 IMG new", 2, "'1' is not the name of a variable"),
        ("--env-file /nowhere IMG new", 2, "/nowhere"),
        ("--annotation a IMG new", 2, "'a' is not an annotation"),
        ("--label a IMG new", 2, "'a' is not a label"),
        ("--cpus 1 --cpu-quota 5 IMG new", 2, "cannot be combined"),
        ("--memory-limit lots IMG new", 2, "'lots' is not an amount"),
        ("--config /s --env A=b new", 2, "ctr ignores --env"),
        ("--config /s IMG new", 2, "the container's id"),
        ("--rootfs --snapshotter x /r new", 2, "has no effect with --rootfs"),
        ("--runc-root /r IMG new", 1, "it needs ctr 2.0"),
        ("IMG web", 1, "the container web already"),
        ("-o json IMG new", 2, "does not print json"),
        ("--extra=-n --extra=x IMG new", 2, "cannot be passed"),
    ],
)
def test_what_can_not_be_made_is_said_before_anything_runs(
    maker: FakeCtr, capsys: Capture, typed: str, code: int, said: str
) -> None:
    assert main(["containers", "create", "-r", "main", *shlex.split(typed)]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "hint: " in err
    assert changes(maker) == []


def test_a_value_of_our_environment_is_shown_to_nobody(
    maker: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    before = ["containers", "create", "-r", "main", "--env", "TOKEN", "-e", "A=b"]
    assert main([*before, "--dry-run", "IMG", "new"]) == 0
    out, err = capsys.readouterr()
    file = f"/proc/{os.getpid()}/fd/"
    assert f"containers create --env-file {file}" in out
    assert out.endswith(" --env A=b -- IMG new\n")
    assert main([*before, "-xx", "IMG", "new"]) == 1  # of which the fake one knows nothing
    assert "hunter2" not in out + err + "".join(capsys.readouterr())
    assert "hunter2" not in str(maker.calls)


def test_an_image_that_there_is_not_is_near_to_others(maker: FakeCtr, capsys: Capture) -> None:
    said = 'ctr: image "busybox": not found\n'
    maker.answer(*CREATED, "--", "busybox", "new", stderr=said, exit_code=1)
    assert main(["containers", "create", "-r", "main", "busybox", "new"]) == 3
    assert "the realm has: docker.io/library/busybox:1.36" in capsys.readouterr().err


def appears(maker: FakeCtr) -> str:
    """The snapshot `new` is there once the file is, whose name this gives for a shell."""
    made = shlex.quote(str(maker.folder / "made"))
    gone = "ctr: snapshot new does not exist: not found\n"
    known = f"test -e {made} && echo {shlex.quote(SNAPSHOT)} && exit 0"
    maker.answer(*N, "snapshots", "info", "new", stderr=gone, exit_code=1, first=known)
    maker.answer(*N, "snapshots", "rm", "new")
    return made


@pytest.mark.parametrize("how", ["fails", "hangs"])
def test_a_create_that_fails_leaves_no_snapshot(maker: FakeCtr, capsys: Capture, how: str) -> None:
    made = appears(maker)
    maker.answer(
        *(*CREATED, "--", "IMG", "new"),
        stderr="ctr: open /nope: no such file or directory\n",
        exit_code=1,
        first=f"touch {made}" + ("; exec sleep 60" if how == "hangs" else ""),
    )
    code = main(["containers", "create", "-r", "main", "--timeout", "1", "IMG", "new"])
    assert code == (124 if how == "hangs" else 1)
    assert changes(maker)[-1] == "-n kukeon-main snapshots rm new"
    capsys.readouterr()


def test_the_kernel_drops_what_the_first_process_does_not_await(
    host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.answer(*N, "tasks", "kill", "--signal", "SIGINT", "web")
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


def test_a_snapshot_that_was_there_before_is_left_alone(maker: FakeCtr, capsys: Capture) -> None:
    maker.answer(*N, "snapshots", "info", "new", stdout=SNAPSHOT)
    assert main(["containers", "create", "-r", "main", "IMG", "new"]) == 1
    assert "the snapshot new already" in capsys.readouterr().err
    assert changes(maker) == []


def test_what_somebody_else_made_meanwhile_is_left_alone(maker: FakeCtr, capsys: Capture) -> None:
    said = 'ctr: snapshot "new": already exists\n'
    first = f"touch {appears(maker)}"
    maker.answer(*CREATED, "--", "IMG", "new", stderr=said, exit_code=1, first=first)
    assert main(["containers", "create", "-r", "main", "IMG", "new"]) == 1
    assert [line for line in changes(maker) if "rm" in line] == []


def test_labels_of_a_container(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*N, "containers", "label", "web", "a=b", "c=", stdout="a=b\n")
    assert run("containers label web a=b c=", capsys) == (0, "web\n", "")
    gone = 'ctr: container "wbe" in namespace "kukeon-main": not found\n'
    host.answer(*N, "containers", "label", "wbe", "a=b", stderr=gone, exit_code=1)
    code, _, err = run("containers label wbe a=b", capsys)
    assert code == 3
    assert "the realm has: web" in err
    assert run("containers label web a", capsys)[0] == 2


NO_TASK = "ctr: no running task found: task idle not found: not found\n"


@pytest.mark.parametrize("name", ["web", "frozen", "fresh", "silent"])
def test_a_container_with_a_living_task_is_not_removed(
    host: FakeCtr, capsys: Capture, name: str
) -> None:
    code, out, err = run(f"containers rm {name}", capsys)
    assert (code, out) == (1, "")
    assert "the container was not removed" in err
    assert f"kuke-ctr tasks kill {name} --namespace kukeon-main" in err
    assert changes(host) == []


def test_a_task_that_is_not_listed_but_not_surely_gone_keeps_the_container(
    host: FakeCtr, capsys: Capture
) -> None:
    said = "ctr: ttrpc: closed: unknown\n"
    host.answer(*N, "tasks", "ps", "idle", stderr=said, exit_code=1)
    code, _, err = run("containers rm idle", capsys)
    assert code == 1
    assert "is not known" in err
    assert changes(host) == []


def test_containers_go_with_their_snapshots_unless_they_are_kept(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer(*N, "tasks", "ps", "idle", stderr=NO_TASK, exit_code=1)
    info = '{"ID": "idle", "SnapshotKey": "k", "Snapshotter": "native", "Spec": {}}'
    host.answer(*N, "containers", "info", "idle", stdout=info)
    kept = ("--snapshotter", "native", "label", "k", "containerd.io/gc.root=kuke-ctr")
    host.answer(*N, "snapshots", *kept)
    host.answer(*N, "containers", "rm", "--keep-snapshot", "idle")
    host.answer(*N, "containers", "rm", "ended")
    code, out, err = run("containers rm --keep-snapshot idle", capsys)
    assert (code, out) == (0, "idle\n")
    assert "kuke-ctr snapshots rm k --snapshotter native --namespace kukeon-main" in err
    assert changes(host) == [
        shlex.join([*N, "snapshots", *kept]),
        "-n kukeon-main containers rm --keep-snapshot idle",
    ]
    assert run("containers rm ended", capsys) == (0, "ended\n", "")
    gone = 'ctr: container "edned" in namespace "kukeon-main": not found\n'
    host.answer(*N, "containers", "info", "edned", stderr=gone, exit_code=1)
    code, _, err = run("containers rm edned", capsys)
    assert code == 3
    assert "the realm has: ended" in err


def test_all_says_what_goes_needs_a_word_and_leaves_what_lives(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer(*N, "tasks", "ps", "idle", stderr=NO_TASK, exit_code=1)
    for name in ("idle", "ended"):
        host.answer(*N, "containers", "rm", name)
    code, out, err = run("containers rm --all", capsys)
    assert (code, out) == (2, "")
    assert "2 containers of realm main (namespace kukeon-main) will be removed" in err
    assert "with their files: ended, idle" in err
    assert changes(host) == []
    left = "4 containers have a task that has not stopped, and will not be removed: "
    code, out, err = run("containers rm --all --yes --dry-run", capsys)
    assert (code, err.count(left)) == (0, 1)
    assert changes(host) == []
    code, out, err = run("containers rm --all --yes", capsys)
    assert (code, out) == (0, "ended\nidle\n")
    assert err.count(left) == 1
    assert "container was not removed" not in err
    assert "name the containers, or use --all" in run("containers rm", capsys)[2]
    code, out, err = run("containers rm --all web", capsys)
    assert code == 2
    assert "--all and names of containers cannot be combined" in err


def test_one_container_goes_with_its_file_system(host: FakeCtr, capsys: Capture) -> None:
    host.answer(*N, "containers", "ls", "-q", stdout="ended\n")
    assert "with its files: ended" in run("containers rm --all", capsys)[2]
    assert "its snapshot stays: ended" in run("containers rm --all --keep-snapshot", capsys)[2]


@pytest.mark.parametrize(
    ("named", "gone"),
    [
        ("{logs}/kukeon-main/ended.log", True),
        ("{logs}/kukeon-main/ended-0123456789ab.log", True),
        ("{logs}/kukeon-main/ended-fedcba987654.log", False),  # another container's
        ("{logs}/kukeon-main/ended-2.log", False),
        ("{logs}/kukeon-main/ended.txt", False),
        ("{logs}/other/ended.log", False),
        ("/etc/passwd", False),
        ("{logs}/kukeon-main/web.log", False),
        ("{logs}/kukeon-main/../kukeon-main/ended.log", False),
        ("ended.log", False),
    ],
)
def test_only_the_containers_own_log_goes_with_it(
    host: FakeCtr,
    capsys: Capture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: str,
    gone: bool,
) -> None:
    monkeypatch.setattr(recipe, "LOGS", tmp_path / "logs")
    files = [
        tmp_path / "logs" / folder / name
        for folder in ("kukeon-main", "other")
        for name in ("ended", "ended-0123456789ab", "ended-fedcba987654", "ended-2", "web")
    ]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_suffix(".log").write_text("x")
        file.with_suffix(".txt").write_text("x")
    before = set(tmp_path.glob("logs/*/*"))
    label = named.format(logs=tmp_path / "logs")
    info = json.dumps({"ID": "ended", "Labels": {"kuke-ctr/log": label}, "Spec": {}})
    host.answer(*N, "containers", "info", "ended", stdout=info)
    host.answer(*N, "containers", "ls", "-q", stdout="ended\nended-fedcba987654\n")
    host.answer(*N, "containers", "rm", "ended")
    code, _, err = run("containers rm ended --dry-run", capsys)
    assert code == 0
    assert (f"its log file {label} would be removed" in err) is gone
    assert set(tmp_path.glob("logs/*/*")) == before
    assert run("containers rm ended", capsys)[:2] == (0, "ended\n")
    assert before - set(tmp_path.glob("logs/*/*")) == ({Path(label)} if gone else set())


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_log_that_is_no_file_or_lies_behind_a_link_stays(
    host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(recipe, "LOGS", tmp_path / "logs")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "ended.log").write_text("somebody's")
    (tmp_path / "logs").mkdir()
    folder = tmp_path / "logs" / "kukeon-main"
    if kind == "link":
        folder.symlink_to(elsewhere)
    else:
        folder.mkdir()
        (folder / "ended.log").symlink_to(elsewhere / "ended.log")
    info = {"ID": "ended", "Labels": {"kuke-ctr/log": str(folder / "ended.log")}, "Spec": {}}
    host.answer(*N, "containers", "info", "ended", stdout=json.dumps(info))
    host.answer(*N, "containers", "rm", "ended")
    assert run("containers rm ended", capsys)[0] == 0
    assert (elsewhere / "ended.log").read_text() == "somebody's"
    assert (folder / "ended.log").exists()


def test_a_container_that_stays_keeps_its_log(
    host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "LOGS", tmp_path)
    (tmp_path / "kukeon-main").mkdir()
    log = tmp_path / "kukeon-main" / "ended.log"
    log.write_text("still wanted")
    info = json.dumps({"ID": "ended", "Labels": {"kuke-ctr/log": str(log)}, "Spec": {}})
    host.answer(*N, "containers", "info", "ended", stdout=info)
    host.answer(*N, "containers", "rm", "ended", stderr="ctr: boom\n", exit_code=1)
    assert run("containers rm ended", capsys)[0] == 1
    assert log.exists()


@pytest.mark.parametrize(
    "line",
    ["tasks rm x", "containers rm x", "containers rm --all --yes"],
)
def test_nothing_is_removed_from_somebody_elses_namespace_by_a_realm_or_in_all(
    host: FakeCtr, capsys: Capture, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "conf").write_text("realms: {m: {namespace: moby}}\n")
    monkeypatch.setenv("KUKE_CTR_CONFIG", str(tmp_path / "conf"))
    assert main([*line.split(), "--realm", "m"]) == 2
    assert "--namespace moby" in capsys.readouterr().err
    assert main([*line.split(), "-A"]) == 2
    assert changes(host) == []


@pytest.mark.parametrize(
    "line",
    [
        "tasks kill web",
        "tasks pause web",
        "tasks rm web",
        "tasks checkpoint web",
        "containers label web a=b",
        "containers rm web",
        "containers create IMG web",
    ],
)
def test_a_namespace_that_is_a_guess_and_does_not_exist_stops_a_change(
    host: FakeCtr, capsys: Capture, line: str
) -> None:
    noun, verb, *words = line.split()
    assert main([noun, verb, "-r", "mian", *words]) == 3
    err = capsys.readouterr().err
    assert "nothing was changed" in err
    assert "existing namespaces: kukeon-main" in err
    assert ("--create-namespace" in err) is (verb == "create")
    assert changes(host) == []


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
def test_wrong_usage_of_tasks_starts_nothing(host: FakeCtr, capsys: Capture, line: str) -> None:
    code, _, err = run(line, capsys)
    assert code == 2
    assert "hint: " in err
    assert changes(host) == []


@pytest.mark.parametrize(
    ("line", "planned"),
    [
        ("tasks kill web -s KILL", "tasks kill --signal SIGKILL web"),
        ("tasks pause web", "tasks pause web"),
        ("tasks resume frozen", "tasks resume frozen"),
        ("tasks rm -f web", "tasks rm --force web"),
        ("tasks rm --exec-id e web", "tasks rm --exec-id e web"),
        ("tasks checkpoint web", "tasks checkpoint web"),
        ("containers label web a=b", "containers label web a=b"),
        ("containers rm ended", "containers rm ended"),
        ("containers rm --all", "containers rm ended\nenv ctr -n kukeon-main containers rm idle"),
    ],
)
def test_a_dry_run_prints_what_would_change(
    host: FakeCtr, capsys: Capture, line: str, planned: str
) -> None:
    host.answer(*N, "tasks", "ps", "idle", stderr=NO_TASK, exit_code=1)
    _, out, _ = run(f"{line} --dry-run", capsys)
    assert out == f"env ctr -n kukeon-main {planned}\n"
    assert changes(host) == []


def test_a_dry_run_of_create_is_one_line(maker: FakeCtr, capsys: Capture) -> None:
    assert main(["containers", "create", "-r", "main", "--dry-run", "IMG", "new", "sh"]) == 0
    assert capsys.readouterr().out == "env ctr -n kukeon-main containers create -- IMG new sh\n"
    assert changes(maker) == []


def contents(host: FakeCtr, namespace: str, **lines: str) -> None:
    """What a namespace holds: the output of each `ls -q`, and of one snapshotter."""
    plugins = (
        "TYPE                            ID           PLATFORMS      STATUS    \n"
        "io.containerd.snapshotter.v1    overlayfs    linux/amd64    ok        \n"
        "io.containerd.snapshotter.v1    zfs          linux/amd64    skip      \n"
    )
    kind = "type==io.containerd.snapshotter.v1"
    host.answer("plugins", "ls", kind, stdout=plugins)
    for noun in ("images", "containers", "tasks", "content", "leases"):
        host.answer("-n", namespace, noun, "ls", "-q", stdout=lines.get(noun, ""))
    header = "KEY PARENT KIND \n"
    words = ("snapshots", "--snapshotter", "overlayfs", "ls")
    host.answer("-n", namespace, *words, stdout=header + lines.get("snapshots", ""))


def test_a_namespace_that_holds_something_is_not_removed(host: FakeCtr, capsys: Capture) -> None:
    contents(
        *(host, "kukeon-main"),
        images="a\nb\n",
        containers="c\n",
        tasks="c\n",
        content="sha256:1\n",
        snapshots="k          Active\n",
    )
    assert main(["namespaces", "rm", "kukeon-main", "--yes"]) == 1
    err = capsys.readouterr().err
    assert "it has 2 images, 1 container, 1 task, 1 snapshot, 1 blob" in err
    assert changes(host) == []


def test_an_empty_namespace_goes_after_a_word(
    host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf").write_text("realms: {shop: {namespace: default}}\n")
    monkeypatch.setenv("KUKE_CTR_CONFIG", str(tmp_path / "conf"))
    contents(host, "default", leases="l1\n")
    host.answer("namespaces", "rm", "--cgroup", "default")
    assert main(["namespaces", "rm", "-c", "default"]) == 2
    err = capsys.readouterr().err
    assert "realm shop uses it, according to its settings" in err
    assert "it belongs to no realm;" in err
    assert "it still has 1 lease" in err
    assert changes(host) == []
    assert main(["namespaces", "rm", "-c", "default", "--dry-run"]) == 0
    assert capsys.readouterr().out == "env ctr namespaces rm --cgroup default\n"
    # the fake one does not go
    assert main(["namespaces", "rm", "-c", "default", "-y"]) == 1
    assert "still exists" in capsys.readouterr().err


def test_of_several_namespaces_those_that_can_go_are_asked_about(
    host: FakeCtr, capsys: Capture
) -> None:
    contents(host, "moby")
    contents(host, "kukeon-main", images="a\n")
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
    host: FakeCtr, capsys: Capture, line: str, code: int, said: str
) -> None:
    assert main(["namespaces", *line.split()]) == code
    assert said in capsys.readouterr().err
    assert changes(host) == []


def test_namespaces_are_made_and_labelled(host: FakeCtr, capsys: Capture) -> None:
    host.answer("namespaces", "create", "new", "a=b")
    host.answer("namespaces", "label", "kukeon-main", "a=")
    assert main(["namespaces", "create", "new", "a=b"]) == 0
    assert main(["namespaces", "label", "kukeon-main", "a="]) == 0
    assert capsys.readouterr().out == "new\nkukeon-main\n"


def test_a_containers_user_is_shown_and_a_registrys_password_is_not() -> None:
    shown = ("ctr", "-n", "x", "containers", "create", "--user", "1000:100", "--", "i", "c")
    assert mask(shown) == shown
    for noun in ("images", "i", "content"):
        words = ("ctr", "-n", "run", noun, "pull", "--user", "me:secret", "ref")
        assert mask(words)[6] == "me:***"
    assert mask(("ctr", "rpull", "-u=me:secret"))[2] == "-u=me:***"


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_task_without_processes_is_told(host: FakeCtr, capsys: Capture, form: str) -> None:
    host.answer(*N, "tasks", "ps", "ended", stdout="PID    INFO\n")
    code, out, err = run(f"tasks ps ended -o {form}", capsys)
    assert (code, out) == (0, "[]\n" if form == "json" else "")
    assert err == (
        "the task ended has no processes; it may have stopped "
        "(`kuke-ctr tasks ls --namespace kukeon-main`)\n"
    )
