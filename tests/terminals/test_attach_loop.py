"""Attachments as a user has them: a real terminal, kuke-ctr's floor, a program in place of ctr."""

import hashlib
import os
import signal
import subprocess  # noqa: TID251 (the tests start what they hang up on)
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.seat import Seat
from tests.support.desk import KEYS, KINDS, LIMIT, Desk
from tests.support.fake_ctr import FakeCtr
from tests.support.scripts import pid_in


@KINDS
def test_the_exit_code_is_the_clients(desk: Desk, kind: str) -> None:
    done = desk.run(kind, program=("sh", "-c", "echo hello; exit 7"))
    assert (done.returncode, done.stdout) == (7, b"hello\n")
    assert (desk.ending["kind"], desk.ending["status"]) == ("ended", 7)


@KINDS
def test_a_client_that_is_killed_is_a_lost_connection(desk: Desk, kind: str) -> None:
    done = desk.run(kind, program=("sh", "-c", "kill -KILL $$"))
    assert done.returncode == 125
    assert (desk.ending["kind"], desk.ending["status"]) == ("lost", -9)


@KINDS
def test_what_the_client_says_on_stderr_is_told_apart(desk: Desk, kind: str) -> None:
    done = desk.run(kind, program=("sh", "-c", "echo out; echo 'ctr: no' >&2; exit 1"))
    assert done.stdout == b"out\n"
    assert done.stderr == (b"ctr: no\n" if kind == "pipes" else b"")
    assert desk.ending["said"] == b"ctr: no\n"


@KINDS
def test_fifty_mebibytes_arrive_byte_for_byte(desk: Desk, kind: str, tmp_path: Path) -> None:
    size = 50 << 20 if kind == "pipes" else 5 << 20
    data = os.urandom(1 << 20) * (size >> 20)
    (tmp_path / "data").write_bytes(data)
    done = desk.run(kind, program=("sh", "-c", f"cat {tmp_path}/data; echo apart >&2"))
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()
    assert done.stderr == (b"apart\n" if kind == "pipes" else b"")


@KINDS
def test_what_is_piped_in_arrives_byte_for_byte(desk: Desk, kind: str, tmp_path: Path) -> None:
    data = os.urandom(1 << 20) + KEYS
    got = tmp_path / "got"
    script = f"echo ready; head -c {len(data)} >{got}"
    done = desk.run(kind, program=("sh", "-c", script), stdin=data)
    assert done.returncode == 0
    assert got.read_bytes() == data


def test_the_end_of_piped_input_ends_the_clients(desk: Desk) -> None:
    assert desk.run("pipes", program=("cat",), stdin=b"all\n").stdout == b"all\n"


def test_a_terminal_of_its_own_adds_nothing_to_the_output(desk: Desk) -> None:
    assert desk.run("pty", program=("printf", r"a\nb\tc\r\n")).stdout == b"a\nb\tc\r\n"


def test_a_client_finds_a_terminal_though_we_have_none(desk: Desk) -> None:
    done = desk.run("pty", program=("sh", "-c", "tty >/dev/null && stty size"))
    assert done.stdout == b"24 80\n"


def test_the_window_size_is_ours_and_follows_ours(desk: Desk) -> None:
    script = "trap 'stty size' WINCH; stty size; echo ready; while :; do sleep 0.01; done"
    with desk.sit("pty", program=("sh", "-c", script)) as seat:
        assert seat.sees(b"24 80\n")
        assert desk.ready(seat)
        seat.resize(33, 120)
        assert seat.sees(b"33 120\n")


ENDINGS: dict[str, tuple[Callable[[Seat], None], int]] = {
    "keys": (lambda seat: seat.type(KEYS), 0),
    "INT": (lambda seat: seat.kill(signal.SIGINT), 0),
    "TERM": (lambda seat: seat.kill(signal.SIGTERM), 143),
    "HUP": (lambda seat: seat.kill(signal.SIGHUP), 129),
    "QUIT": (lambda seat: seat.kill(signal.SIGQUIT), 131),
    "KILL": (lambda seat: seat.kill(signal.SIGKILL), -9),
}


@KINDS
@pytest.mark.parametrize("name", list(ENDINGS))
def test_the_terminal_is_restored_and_the_client_gone_whatever_ends_it(
    desk: Desk, kind: str, name: str
) -> None:
    leave, code = ENDINGS[name]
    with desk.sit(kind) as seat:
        assert desk.ready(seat)
        leave(seat)
        assert seat.wait() == code
        assert processes.until(lambda: seat.modes() == seat.modes_before, LIMIT)
    if kind == "pipes":
        assert desk.took("signals") == b""
    assert desk.took("typed") == b""


@KINDS
def test_a_terminal_that_is_closed_ends_it(desk: Desk, kind: str) -> None:
    with desk.sit(kind) as seat:
        assert desk.ready(seat)
        seat.hang_up()
        assert seat.wait() == 129
    assert desk.ending["kind"] == "detached"
    if kind == "pipes":
        assert desk.took("signals") == b""


@KINDS
def test_the_terminal_is_restored_when_the_task_ends(desk: Desk, kind: str) -> None:
    with desk.sit(kind, program=("sh", "-c", "echo ready; read line; exit 3")) as seat:
        assert desk.ready(seat)
        seat.type(b"x\n" if kind == "pty" else b"x\r")
        assert seat.wait() == 3
        assert seat.modes() == seat.modes_before


@KINDS
def test_a_reader_that_goes_is_noticed_while_nothing_is_said(desk: Desk, kind: str) -> None:
    reader, writer = os.pipe()
    words = desk.words(kind)
    with Seat(words, desk.environment, stdout=writer) as seat:
        os.close(writer)
        assert os.read(reader, 100) == b"ready\n"
        os.close(reader)
        assert seat.wait() == 141
        assert seat.modes() == seat.modes_before
    assert desk.took("signals") == b"" or kind == "pty"


@KINDS
def test_who_is_stopped_has_the_terminal_as_it_was_and_goes_on(desk: Desk, kind: str) -> None:
    with desk.sit(kind) as seat:
        assert desk.ready(seat)
        taken = seat.modes()
        seat.kill(signal.SIGTSTP)
        assert processes.until(lambda: seat.modes() == seat.modes_before, LIMIT)
        assert processes.until(lambda: _state(seat) == "T", LIMIT)
        seat.kill(signal.SIGCONT)
        assert processes.until(lambda: seat.modes() == taken, LIMIT)
        seat.type(b"again\n")
        assert processes.until(lambda: desk.took("typed") == b"again\n", LIMIT)
        seat.type(KEYS)
        assert seat.wait() == 0
        assert seat.modes() == seat.modes_before


def _state(seat: Seat) -> str:
    stat = Path(f"/proc/{seat.program.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0]


@KINDS
def test_a_job_in_the_background_leaves_the_terminal_alone(desk: Desk, kind: str) -> None:
    words = desk.words(kind)
    shell = 'set -m; "$@" & wait'
    with Seat(["bash", "-c", shell, "bash", *words], desk.environment) as seat:
        assert seat.sees(b"ready")
        assert seat.modes() == seat.modes_before
        job = next(iter(processes.children(seat.program.pid)))
        os.kill(job, signal.SIGTERM)
        seat.wait()


def test_a_hangup_that_is_ignored_stays_so(desk: Desk) -> None:
    shell = 'trap "" HUP; exec "$@"'
    words = ["sh", "-c", shell, "sh", *desk.words("pipes")]
    with Seat(words, desk.environment) as seat:
        assert desk.ready(seat)
        seat.kill(signal.SIGHUP)
        seat.type(b"still here\n")
        assert processes.until(lambda: desk.took("typed") == b"still here\n", LIMIT)
        seat.type(KEYS)
        assert seat.wait() == 0


@KINDS
def test_what_is_shown_is_saved_in_a_private_file(desk: Desk, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "saved"
    done = desk.run(kind, "--save", str(file), program=("printf", r"a\nb\0"))
    assert file.read_bytes() == done.stdout == b"a\nb\0"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_overwritten(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "saved"
    file.write_text("precious")
    done = desk.run("pipes", "--save", str(file), program=("sh", "-c", f"touch {tmp_path}/ran"))
    assert b"exists already" in done.stderr
    assert file.read_text() == "precious"
    assert not (tmp_path / "ran").exists()


@KINDS
def test_the_time_limit_ends_it(desk: Desk, kind: str) -> None:
    done = desk.run_in_time(kind, program=("sh", "-c", "echo ready; sleep 60"))
    assert (done.returncode, done.stdout) == (124, b"ready\n")
    assert desk.ending["kind"] == "timeout"


@KINDS
def test_what_a_slow_reader_has_not_taken_yet_is_not_lost(desk: Desk, kind: str) -> None:
    flood = "head -c 100000 /dev/zero | tr '\\0' x; printf needle; sleep 60"
    file = desk.folder / "saved"
    options = ("--expect", "xneedle", "--save", str(file))
    words = desk.words(kind, *options, program=("sh", "-c", flood))
    with subprocess.Popen(words, env=desk.environment, stdout=subprocess.PIPE) as attacher:
        assert attacher.stdout is not None
        assert len(attacher.stdout.read(1)) == 1
        # it has all, and waits a second for us: a pipe does not take that much
        assert processes.until(lambda: file.stat().st_size == 100006, LIMIT)
        processes.until(lambda: attacher.poll() is not None, 0.2)
        assert len(attacher.stdout.read()) == 100005
        assert attacher.wait(LIMIT) == 0


@KINDS
def test_a_missing_ctr_is_an_error_and_the_terminal_is_as_it_was(desk: Desk, kind: str) -> None:
    with desk.sit(kind, program=("/nonexistent/ctr",)) as seat:
        assert seat.sees(b"CtrMissing")
        seat.wait()
        assert seat.modes() == seat.modes_before


def test_a_ctr_on_a_terminal_gets_no_address_from_our_environment(
    desk: Desk, fake_ctr: FakeCtr
) -> None:
    desk.environment["CONTAINERD_NAMESPACE"] = "elsewhere"
    desk.environment["CONTAINERD_ADDRESS"] = "/elsewhere.sock"
    done = desk.run("pty", program=("sh", "-c", "env"))
    assert b"elsewhere" not in done.stdout
    assert b"PATH=" in done.stdout


def test_kukettys_terminal_is_attached_to_as_any_other(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    words = [sys.executable, "-m", "tests.support.kuketty_server", str(path), str(tmp_path / "log")]
    with subprocess.Popen([*words, "usual", *desk.listener], env=desk.environment) as server:
        try:
            assert processes.until(path.exists, LIMIT)
            with desk.sit("socket", program=(str(path),)) as seat:
                assert seat.sees(b"screen: ")
                assert processes.until(lambda: seat.modes() != seat.modes_before, LIMIT)
                pid_in(tmp_path / "pid")  # its traps are set
                seat.resize(33, 120)
                assert processes.until(lambda: b"WINCH" in desk.took("signals"), LIMIT)
                seat.type(b"hello\r" + KEYS)
                assert seat.wait() == 0
                assert seat.modes() == seat.modes_before
            assert processes.until(lambda: desk.took("typed") == b"hello\n", LIMIT)
            done = desk.run("socket", "--expect", "screen", program=(str(path),))
            assert done.returncode == 0
        finally:
            server.kill()
            os.kill(pid_in(tmp_path / "pid"), signal.SIGKILL)
