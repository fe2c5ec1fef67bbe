"""`kuke-ctr attach` on real tasks, as a person at a terminal and as a script has it."""

import hashlib
import os
import re
import subprocess  # noqa: TID251
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.lib import attach_rounds, processes
from scripts.lib.attach_rounds import NAMESPACE
from scripts.lib.seat import Seat
from tests.support.attach_host import KEYS, KINDS, LIMIT, SHELL, Host, _asks, ready
from tests.support.paths import TOP
from tests.support.runner import PROGRAM

READ = [name for name, way in attach_rounds.WAYS.items() if not way.unread]
UNREAD = [name for name, way in attach_rounds.WAYS.items() if way.unread]


@pytest.mark.timeout(600)
def test_every_way_to_leave_does_no_harm_and_the_next_one_is_as_the_first(
    programs_of: Callable[[str], Path],
) -> None:
    """One way after the other leaves the same task; scripts/attach-rounds makes more rounds."""
    programs_of("native")
    leave("1", "native", READ)


@pytest.mark.timeout(600)
def test_a_terminal_that_nobody_reads_can_be_left_in_every_way(
    programs_of: Callable[[str], Path],
) -> None:
    """Our own terminal: which ctr is behind it makes no difference."""
    programs_of("native")
    leave("1", "native", UNREAD, "flooding")


def leave(rounds: str, suite: str, ways: list[str], *outputs: str) -> None:
    """Run scripts/attach-rounds for tasks with and without a terminal, side by side."""
    words = [sys.executable, "-m", "scripts.lib.attach_rounds", "--rounds", rounds]
    words += ["--suite", suite, *(word for way in ways for word in ("--way", way))]
    words += [word for output in outputs for word in ("--output", output)]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    [*words, "--task", kind, "--kuke-ctr", PROGRAM],
                    cwd=TOP,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            for kind in ("terminal", "none")
        ]
        printed = [one.communicate(timeout=500)[0] for one in running]
    for one, said in zip(running, printed, strict=True):
        assert one.returncode == 0, said
        lines = [line for line in said.splitlines() if f"rounds {rounds}, signals 0" in line]
        assert len(lines) == (len(outputs) or 2) * len(ways), said
        assert all(
            f" RUNNING {rounds}, clients left 0, terminals changed 0" in line for line in lines
        )


@KINDS
def test_the_exit_code_is_the_tasks_and_ctr_has_deleted_it(
    any_attach_host: Host, kind: str
) -> None:
    name = any_attach_host.start_kind(kind, "sh", "-c", "echo ready; read line; exit 7")
    with any_attach_host.sit(name) as seat:
        assert ready(seat, name)
        seat.type(b"\r")
        assert seat.wait() == 7
        assert seat.sees(f"{name} exited with status 7; ctr has deleted its task".encode())
        assert f"when {name} exits, its exit status is printed here".encode() in seat.shown
        assert seat.modes() == seat.modes_before
    assert any_attach_host.status(name) == ""


@KINDS
def test_keys_leave_the_task_running_and_stty_says_the_same_as_before(
    any_attach_host: Host, kind: str
) -> None:
    """A shell runs `stty -g`, kuke-ctr, and `stty -g` again."""
    with any_attach_host.task(kind, "sh", "-c", "echo ready; exec sleep 1000") as name:
        inner = " ".join(map(str, any_attach_host.words(name)))
        script = f"stty -g; {inner}; echo code $?; stty -g"
        with Seat(("sh", "-c", script), any_attach_host.run.environment) as seat:
            assert ready(seat, name)
            assert seat.sees(b"to leave it running")
            seat.type(KEYS)
            assert seat.wait() == 0
            assert seat.sees(
                b"detached with ctrl-] ctrl-]; " + name.encode() + b" is still running"
            )
            assert processes.until(lambda: len(_settings(seat)) > 1, LIMIT)
        before, after = _settings(seat)
        assert before == after
        assert b"code 0\r\n" in seat.shown
        assert any_attach_host.status(name) == "RUNNING"


def _settings(seat: Seat) -> list[bytes]:
    """What `stty -g` has printed so far."""
    return re.findall(rb"^[0-9a-f]+(?::[0-9a-f]+){10,}\r$", seat.shown, re.MULTILINE)


def test_it_says_what_the_task_is_and_does_not_connect_where_that_would_harm(
    any_attach_host: Host, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    stopped = any_attach_host.start("sh", "-c", "exit 3")
    silent = any_attach_host.start("sleep", "1000", flags=("--null-io",))
    logging = any_attach_host.start("sleep", "1000", flags=("--log-uri", f"file://{log}"))
    assert processes.until(lambda: any_attach_host.status(stopped) == "STOPPED", LIMIT)
    for name, said, status in (
        (stopped, "has stopped; if you attached, ctr would delete the task", "STOPPED"),
        (silent, "is discarded (null IO)", "RUNNING"),
        (logging, f"writes its output to {log}", "RUNNING"),
    ):
        done = any_attach_host.attach(name)
        assert (done.returncode, done.stdout) == (125, "")
        assert said in done.stderr
        assert "hint: " in done.stderr
        assert any_attach_host.status(name) == status
        any_attach_host.remove(name)
    gone = any_attach_host.attach("attack-1")
    assert gone.returncode == 125
    assert f"namespace {NAMESPACE}" in gone.stderr
    assert "there is no container attack-1" in gone.stderr


def test_a_container_without_a_task_says_so(attach_host: Host) -> None:
    name = attach_host.start("sleep", "1000")
    attach_host.daemon.ctr("tasks", "rm", "--force", name, namespace=NAMESPACE)
    done = attach_host.attach(name)
    assert done.returncode == 125
    assert f"{name} has no task" in done.stderr
    attach_host.remove(name)


def test_the_log_of_a_task_that_logs_can_be_followed_instead(
    attach_host: Host, tmp_path: Path
) -> None:
    uri = f"file://{tmp_path}/log"
    name = attach_host.start("sh", "-c", "echo one; exec sleep 1000", flags=("--log-uri", uri))
    assert processes.until(lambda: (tmp_path / "log").read_text() == "one\n", LIMIT)
    done = attach_host.attach(name, "--logs", "--timeout", "0.5")
    assert (done.returncode, done.stdout) == (0, "one\n")
    attach_host.remove(name)


def test_another_reader_is_named(any_attach_host: Host) -> None:
    with any_attach_host.task("none", "sh", "-c", "echo ready; exec sleep 1000") as name:
        with any_attach_host.sit(name) as seat:
            assert ready(seat, name)
            done = any_attach_host.attach(name, "--timeout", "0.5")
        assert done.returncode == 124
        assert f"tasks attach {name}) also reads this output" in done.stderr
        assert any_attach_host.status(name) == "RUNNING"


def test_a_paused_task_is_said_to_be_paused(attach_host: Host) -> None:
    with attach_host.task("none", "sleep", "1000") as name:
        attach_host.daemon.ctr("tasks", "pause", name, namespace=NAMESPACE)
        done = attach_host.attach(name, "--timeout", "0.5")
        assert f"{name} is paused" in done.stderr
        assert attach_host.status(name) == "PAUSED"
        attach_host.daemon.ctr("tasks", "resume", name, namespace=NAMESPACE)


def test_fifty_mebibytes_arrive_byte_for_byte_with_stderr_apart(
    attach_host: Host, tmp_path: Path
) -> None:
    data = os.urandom(1 << 20) * 50
    (tmp_path / "data").write_bytes(data)
    mount = f"type=bind,src={tmp_path},dst=/in,options=rbind:ro"
    # an end right after the last byte is a race that ctr itself may lose
    script = "read line; cat /in/data; echo apart >&2; sleep 1; exit 4"
    name = attach_host.start("sh", "-c", script, flags=("--mount", mount))
    words = attach_host.words(name, "-q")
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            words,
            input=b"\n",
            stdout=out,
            stderr=subprocess.PIPE,
            env=attach_host.run.environment,
            timeout=60,
            check=False,
        )
    assert (done.returncode, hashlib.sha256((tmp_path / "out").read_bytes()).hexdigest()) == (
        4,
        hashlib.sha256(data).hexdigest(),
    )
    assert done.stderr.splitlines()[0] == b"apart"
    attach_host.remove(name)


def test_the_window_size_inside_is_ours_and_follows_it(attach_host: Host) -> None:
    with attach_host.task("terminal", *SHELL) as name, attach_host.sit(name) as seat:
        assert ready(seat, name)
        # ctr passes the size on a moment after it stands
        assert processes.until(lambda: _asks(seat, b"stty size\r", b"24 80\r\n"), LIMIT)
        seat.resize(33, 120)
        assert processes.until(lambda: _asks(seat, b"stty size\r", b"33 120\r\n"), LIMIT)


@KINDS
def test_neither_stdin_nor_stdout_need_be_a_terminal(attach_host: Host, kind: str) -> None:
    script = "read line; sleep 0.5; echo got $line; exit 5"  # ctr loses what comes at once
    name = attach_host.start_kind(kind, "sh", "-c", script)
    done = attach_host.attach(name, stdin="hello\n")
    assert done.returncode == 5
    assert "got hello" in done.stdout
    attach_host.remove(name)


def test_other_keys_leave_and_looking_only_types_nothing(attach_host: Host) -> None:
    with attach_host.task("terminal", "sh", "-c", "echo ready; exec cat") as name:
        with attach_host.sit(name, "--no-stdin", "--detach-keys", "ctrl-p,q") as seat:
            assert ready(seat, name)
            seat.type(b"typed in vain\r")
            seat.type(b"\x10q")
            assert seat.wait() == 0
        with attach_host.sit(name) as seat:
            assert ready(seat, name)
            assert processes.until(lambda: _asks(seat, b"typed\r", b"typed\r\ntyped\r\n"), LIMIT)
            assert b"vain" not in seat.shown
            seat.type(KEYS)
            assert seat.wait() == 0


def test_our_own_ctrl_c_detaches_and_with_sig_proxy_it_goes_to_the_task(attach_host: Host) -> None:
    script = "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    name = attach_host.start("sh", "-c", script)
    with attach_host.sit(name) as seat:
        assert ready(seat, name)
        seat.type(b"\x03")
        assert seat.wait() == 0
    assert attach_host.status(name) == "RUNNING"
    with attach_host.sit(name, "--sig-proxy") as seat:
        assert ready(seat, name)
        seat.type(b"\x03")
        assert seat.sees(b"interrupted")
        assert seat.wait() == 9
    attach_host.remove(name)


def test_a_ctrl_d_is_told_to_change_nothing(any_attach_host: Host) -> None:
    name = any_attach_host.start("sh", "-c", "cat; echo over")
    with any_attach_host.sit(name) as seat:
        assert ready(seat, name)
        seat.type(b"line\r\x04")
        assert seat.sees(b"ctr cannot pass")
        assert seat.sees(b"type ctrl-] ctrl-] or Ctrl-C to leave")
        assert not processes.until(lambda: b"over" in seat.shown, 0.5)
        seat.type(KEYS)
        assert seat.wait() == 0
    assert any_attach_host.status(name) == "RUNNING"
    any_attach_host.remove(name)


def test_a_dry_run_and_a_trace_show_the_command(attach_host: Host) -> None:
    with attach_host.task("none", "sleep", "1000") as name:
        command = f"ctr -a {attach_host.daemon.address} -n {NAMESPACE} tasks attach {name}\n"
        assert attach_host.attach(name, "--dry-run").stdout == command
        done = attach_host.attach(name, "-x", "--timeout", "0.3")
        assert f"+ {command}" in done.stderr


@KINDS
def test_a_recording_has_no_bytes_of_the_attachment(
    attach_host: Host, tmp_path: Path, kind: str
) -> None:
    name = attach_host.start_kind(kind, "sh", "-c", "read line; sleep 0.5; echo secret; exit 2")
    done = attach_host.attach(name, "--record", str(tmp_path / "rec"), stdin="hidden\n")
    assert done.returncode == 2
    (file,) = (tmp_path / "rec").glob("*attach*")
    text = file.read_text()
    assert '"exit_code": 2' in text
    assert '"sizes"' in text
    assert "secret" not in text
    assert "hidden" not in text
    attach_host.remove(name)
