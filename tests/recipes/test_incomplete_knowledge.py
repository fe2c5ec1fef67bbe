"""What is done where containerd gives no answer, or a label lies: nothing that could do harm."""

import json
import os
import shlex
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.failures.starting import start_failure
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.cli.main import main
from kuke_ctr.commands.everyday import exec as exec_
from kuke_ctr.commands.shared import launch as of_processes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.tasks.starting import forget_log
from kuke_ctr.errors import NO_READER, Forbidden
from kuke_ctr.parse.container_info import RUN_LABEL
from kuke_ctr.processes.calls import Call
from kuke_ctr.recipes import own_logs
from kuke_ctr.recipes import run as running
from kuke_ctr.recipes import start as starting
from kuke_ctr.recipes.start import Outcome, hang_up, on_pipes, task_status
from kuke_ctr.recipes.whole_file import whole_or_nothing
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from kuke_ctr.terminals.foreground import UserStreams
from tests.support.fake_ctr import FakeCtr

Capture = pytest.CaptureFixture[str]
N = ("-n", "kukeon-main")
HUNG = "ctr: context deadline exceeded\n"
NO_TASK = "ctr: no running task found: task web not found: not found\n"
TABLE = "TASK    PID     STATUS    \n"
REMOVALS = [
    shlex.join([*N, "tasks", "rm", "--force", "web"]),
    shlex.join([*N, "containers", "rm", "web"]),
]


@pytest.fixture
def ctr(fake_ctr: FakeCtr) -> Ctr:
    """The ctr of a host that has the container web of the run `token`."""
    info = {"ID": "web", "Labels": {RUN_LABEL: "token"}, "Spec": {}}
    fake_ctr.answer(*N, "containers", "info", "web", stdout=json.dumps(info))
    fake_ctr.answer(*N, "tasks", "rm", "--force", "web")
    fake_ctr.answer(*N, "containers", "rm", "web")
    return replace(Session(SharedOptions(), note).ctr, timeout=20.0)


def is_in(fake_ctr: FakeCtr, status: str, *, ps: str = NO_TASK) -> None:
    """The task of web: `hung` for a daemon that does not answer, empty where there is none."""
    rows = TABLE + (f"web     1000    {status}\n" if status else "")
    failed = {"stderr": HUNG, "exit_code": 1}
    fake_ctr.answer(*N, "tasks", "ls", **(failed if status == "hung" else {"stdout": rows}))
    fake_ctr.answer(*N, "tasks", "ps", "web", stderr=ps, exit_code=1)


def made(token: str, log: running.RunLog | None = None) -> running.Made:
    return running.Made("web", token, log, None)


def removals(fake_ctr: FakeCtr) -> list[str]:
    return [shlex.join(call) for call in fake_ctr.calls if "rm" in call]


@pytest.mark.parametrize("status", ["hung", "UNKNOWN", "RUNNING", "PAUSED", "odd row"])
def test_a_failed_run_removes_nothing_that_may_run(
    ctr: Ctr, fake_ctr: FakeCtr, tmp_path: Path, capfd: Capture, status: str
) -> None:
    is_in(fake_ctr, status)
    log = running.make_log("kukeon-main", "web", str(tmp_path / "log"), dry=False)
    running.undo(Scope(ctr, "kukeon-main"), made("token", log))
    assert removals(fake_ctr) == []
    assert log.path.exists()
    assert "nothing was removed" in capfd.readouterr().err


def test_a_task_that_is_left_out_of_the_list_may_run(ctr: Ctr, fake_ctr: FakeCtr) -> None:
    is_in(fake_ctr, "", ps=HUNG)
    assert task_status(Scope(ctr, "kukeon-main"), "web") is None
    running.undo(Scope(ctr, "kukeon-main"), made("token"))
    assert removals(fake_ctr) == []


@pytest.mark.parametrize("status", ["CREATED", "STOPPED", ""])
def test_a_failed_run_removes_what_is_known_not_to_run(
    ctr: Ctr, fake_ctr: FakeCtr, status: str
) -> None:
    is_in(fake_ctr, status)
    running.undo(Scope(ctr, "kukeon-main"), made("other"))
    assert removals(fake_ctr) == []
    running.undo(Scope(ctr, "kukeon-main"), made("token"))
    assert removals(fake_ctr) == (REMOVALS if status else REMOVALS[1:])


@pytest.mark.parametrize(("age", "goes"), [(-1.0, False), (0.0, True), (1.0, True)])
def test_without_a_container_a_snapshot_goes_that_is_of_the_run(
    ctr: Ctr, fake_ctr: FakeCtr, capfd: Capture, age: float, goes: bool
) -> None:
    absent = 'ctr: container "web" in namespace "kukeon-main": not found\n'
    fake_ctr.answer(*N, "containers", "info", "web", stderr=absent, exit_code=1)
    run = made("token")
    created = (
        (run.began + timedelta(seconds=age))
        .isoformat(timespec="microseconds")
        .replace("+00:00", "123Z")
    )
    fake_ctr.answer(*N, "snapshots", "info", "web", stdout=json.dumps({"Created": created}))
    fake_ctr.answer(*N, "snapshots", "rm", "web")
    running.undo(Scope(ctr, "kukeon-main"), run)
    assert removals(fake_ctr) == ([shlex.join([*N, "snapshots", "rm", "web"])] if goes else [])
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("status", "ran", "code", "done"),
    [
        ("", False, 130, "undo"),
        ("CREATED", False, 130, "undo"),
        ("", True, 130, "discard"),  # it has ended meanwhile
        ("STOPPED", True, 130, "discard"),
        ("RUNNING", True, 130, "is still running"),
        ("RUNNING", True, NO_READER, "discard"),
        ("hung", False, 130, "may still be running"),
    ],
)
def test_what_was_left_is_removed_only_where_it_is_known_to_be_over(
    ctr: Ctr,
    fake_ctr: FakeCtr,
    capfd: Capture,
    status: str,
    ran: bool,
    code: int,
    done: str,
) -> None:
    is_in(fake_ctr, status)
    session = Session(SharedOptions(namespace="kukeon-main"))
    call = Call(("ctr", "run"))
    what = of_processes.Launch(session, session.realm(), call, "web", ())
    outcome = Outcome(code, finished=False, ran=ran)
    told: list[str] = []
    undo, discard = (lambda _: told.append("undo")), (lambda: told.append("discard"))
    of_processes._put_in_order(what, outcome, undo, discard)
    err = capfd.readouterr().err
    assert told == ([done] if done in ("undo", "discard") else [])
    assert told or f"web {done}" in err
    told.clear()
    of_processes._put_in_order(what, outcome, undo, None)  # without --rm what ran stays
    assert told == (["undo"] if done == "undo" else [])


def test_an_exec_that_goes_on_is_ended_by_a_line_that_names_it_all(
    fake_ctr: FakeCtr, capfd: Capture
) -> None:
    realm = Session(SharedOptions(namespace="kukeon-main")).realm()
    exec_._put_in_order(
        realm, "web", "e1", Outcome(124, finished=False, why="time passed"), tty=False
    )
    line = "kuke-ctr tasks kill --exec-id e1 -s KILL web --namespace kukeon-main"
    assert (
        f"time passed; the process is still running in web: `{line}` kills it"
        in capfd.readouterr().err
    )


@pytest.mark.parametrize(("status", "stays"), [("hung", True), ("RUNNING", True), ("", False)])
def test_a_failed_start_keeps_the_log_of_what_may_run(
    ctr: Ctr, fake_ctr: FakeCtr, tmp_path: Path, status: str, stays: bool
) -> None:
    is_in(fake_ctr, status)
    session = Session(SharedOptions(namespace="kukeon-main"))
    what = of_processes.Launch(session, session.realm(), Call(("ctr",)), "web", ())
    log = running.make_log("kukeon-main", "web", str(tmp_path / "log"), dry=False)
    forget_log(what, log)
    assert log.path.exists() is stays


def test_a_hung_daemon_does_not_hang_the_end_of_an_exec(
    ctr: Ctr, fake_ctr: FakeCtr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "LOOK_LIMIT", 0.2)
    kill = ("tasks", "kill", "--exec-id", "e1", "-s", "SIGHUP", "web")
    fake_ctr.answer(*N, *kill, first="exec sleep 60")
    assert not hang_up(Scope(replace(ctr, timeout=None), "kukeon-main"), "web", "e1", 1)


@pytest.mark.parametrize("script", ["echo out", "echo mine >&2; echo out >&2"])
def test_the_last_words_of_a_process_that_ran_are_not_ctrs(ctr: Ctr, script: str) -> None:
    # its container would be removed as that of a failed start
    words = ("sh", "-c", f"{script}; echo 'ctr: image \"x\": not found' >&2; exit 1")
    nowhere = os.open(os.devnull, os.O_RDWR)
    streams = UserStreams(stdin=nowhere, stdout=nowhere, stderr=nowhere)
    outcome = on_pipes(ctr, Call(words, timeout=None), streams, lambda: False, ["x"])
    os.close(nowhere)
    assert (outcome.exit_code, outcome.finished) == (1, True)


def test_warnings_of_ctrs_own_are_no_words_of_the_process() -> None:
    said = b'time="x" level=warning msg="y"\nctr: task c1: already exists\n'
    assert start_failure(said, Call(("ctr",)), []) is not None


@pytest.mark.parametrize(
    ("named", "taken"),
    [
        ("{logs}/kukeon-main/web.log", True),
        ("{logs}/kukeon-main/web-0123456789ab.log", True),
        ("{logs}/kukeon-main/web-fedcba987654.log", False),  # another container's
        ("{logs}/other/web.log", False),
        ("{logs}/kukeon-main/link", False),
        ("/etc/passwd", False),
    ],
)
def test_a_shim_is_never_told_to_write_into_what_a_label_names(
    ctr: Ctr,
    fake_ctr: FakeCtr,
    capfd: Capture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: str,
    taken: bool,
) -> None:
    logs = tmp_path / "logs"
    monkeypatch.setattr(own_logs, "LOGS", logs)
    monkeypatch.setattr(running, "LOGS", logs)
    for folder in ("kukeon-main", "other"):
        (logs / folder).mkdir(parents=True)
        for name in ("web", "web-0123456789ab", "web-fedcba987654"):
            (logs / folder / f"{name}.log").touch()
    label = named.format(logs=logs)
    info = json.dumps({"ID": "web", "Labels": {"kuke-ctr/log": label}, "Spec": {}})
    fake_ctr.answer(*N, "containers", "info", "web", stdout=info)
    fake_ctr.answer(*N, "containers", "ls", "-q", stdout="web\nweb-fedcba987654\n")
    fake_ctr.answer(*N, "tasks", "ls", stdout=TABLE)
    code = main(["-n", "kukeon-main", "--dry-run", "tasks", "start", "-d", "web"])
    assert code == 0
    words = shlex.split(capfd.readouterr().out.splitlines()[-1])
    uri = words[words.index("--log-uri") + 1]
    assert (uri == f"file://{label}") is taken
    assert uri.startswith(f"file://{logs}/kukeon-main/web")


def test_a_snapshot_that_could_not_be_looked_for_is_no_new_one(
    fake_ctr: FakeCtr, capfd: Capture
) -> None:
    fake_ctr.answer(*N, "containers", "ls", "-q")
    fake_ctr.answer(*N, "snapshots", "info", "web", stderr=HUNG, exit_code=1)
    assert main(["-n", "kukeon-main", "containers", "create", "app", "web"]) == 124
    assert "deadline exceeded" in capfd.readouterr().err
    assert not any("create" in call or "rm" in call for call in fake_ctr.calls)


@pytest.mark.parametrize("verb", ["run", "exec"])
def test_the_time_limit_holds_where_nobody_stays(
    fake_ctr: FakeCtr, capfd: Capture, verb: str
) -> None:
    program = fake_ctr.folder / "ctr"
    program.write_text("#!/bin/sh\nfor w; do case $w in run|exec) exec sleep 60;; esac; done\n")
    program.chmod(0o755)
    words = {"run": ("run", "-d", "--null-io", "app", "true"), "exec": ("exec", "-d", "web", "ls")}
    assert main(["-n", "kukeon-main", "--timeout", "1", *words[verb]]) == 124
    assert "not answer within 1 second\n" in capfd.readouterr().err


@pytest.mark.parametrize(("owner", "mode", "refused"), [(1, 0o1777, True), (1, 0o755, False)])
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_an_export_follows_no_link_that_another_user_left(
    tmp_path: Path, owner: int, mode: int, refused: bool
) -> None:
    folder, prey = tmp_path / "shared", tmp_path / "prey"
    folder.mkdir()
    folder.chmod(mode)
    prey.write_text("of root")
    link = folder / "app.tar"
    link.symlink_to(prey)
    os.lchown(link, owner, owner)
    try:
        with whole_or_nothing(link) as descriptor:
            os.write(descriptor, b"archive")
    except Forbidden:
        assert refused
    assert prey.read_text() == ("of root" if refused else "archive")
