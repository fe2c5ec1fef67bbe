"""`kuke-ctr logs -f`: what comes, and what ends it."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kuke_ctr.recipes.logs import Until
from tests.support.fake_ctr import FakeCtr
from tests.support.log_host import ID, NS, Capture, answers, run
from tests.support.scripts import eventually, quoted, rest_of


def test_colours_are_put_off_at_ctrl_c_too(fake_ctr: FakeCtr, log_run_path: Path) -> None:
    import pty
    import subprocess  # noqa: TID251
    import sys
    import tty

    answers(fake_ctr, "space_stack_my-cell_shell", task=f"{os.getpid()} RUNNING")
    master, slave = pty.openpty()
    tty.setraw(slave)
    line = [
        "logs",
        "-f",
        "space_stack_my-cell_shell",
        "-r",
        "main",
        "--run-path",
        str(log_run_path),
    ]
    seen = b""
    with subprocess.Popen([sys.executable, "-m", "kuke_ctr", *line], stdout=slave) as process:
        while b"green" not in seen:
            seen += os.read(master, 1000)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    os.close(slave)
    seen += rest_of(master)
    assert seen.endswith(b"green\r\n\x1b[0m")
    os.close(master)


def test_without_a_pid_it_goes_on_until_ctrl_c_or_the_time_limit(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    assert run(log_run_path, ID, "-r", "main", "-f", "-n1", "--timeout", "0.3") == 0
    out, err = capfdbinary.readouterr()
    assert out == b"\xffthree\n"
    assert b"Ctrl-C to stop" in err


@pytest.mark.parametrize("task", [None, "42 STOPPED"])
def test_following_a_task_that_has_ended_ends(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture, task: str | None
) -> None:
    answers(fake_ctr, ID, task=task)
    assert run(log_run_path, ID, "-r", "main", "-f") == 0
    assert capfdbinary.readouterr() == (b"one\ntwo\n\xffthree\n", b"")


def test_ctrl_c_ends_it_quietly(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    answers(fake_ctr, ID, task=f"{os.getpid()} RUNNING")
    log = log_run_path / "data/main/space/stack/my-cell/app/log"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = run(log_run_path, ID, "-r", "main", "-f", "-n0")
        finally:
            os._exit(code)

    def appended() -> bool:
        with log.open("a") as file:
            file.write("more\n")
        return b"more\n" in capfdbinary.readouterr().out

    eventually(appended)
    os.kill(child, signal.SIGINT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130
    assert capfdbinary.readouterr().err == b""


@pytest.mark.parametrize("container", [ID, "c1"])
def test_ctrl_c_while_ctr_is_asked_is_the_end_as_well(
    fake_ctr: FakeCtr, log_run_path: Path, tmp_path: Path, container: str
) -> None:
    import subprocess  # noqa: TID251
    import sys

    asked = tmp_path / "asked"
    wait = f"echo > {quoted(asked)}; sleep 60"
    fake_ctr.answer("-n", NS, "tasks", "ls", first=wait)
    fake_ctr.answer("-n", NS, "containers", "info", "c1", first=wait)
    line = ["logs", "-f", container, "-r", "main", "--run-path", str(log_run_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "kuke_ctr", *line],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    eventually(asked.exists)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, b"")


@pytest.mark.parametrize("words", [[], ["-f"]])
def test_a_reader_that_goes_away_ends_it_silently(
    fake_ctr: FakeCtr, log_run_path: Path, words: list[str]
) -> None:
    import subprocess  # noqa: TID251
    import sys

    answers(fake_ctr, ID, task=f"{os.getpid()} RUNNING")
    reader, writer = os.pipe()
    line = ["logs", ID, "-r", "main", "--run-path", str(log_run_path), *words]
    process = subprocess.Popen(
        [sys.executable, "-m", "kuke_ctr", *line], stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    if words:  # nothing more comes: it must see by itself that nobody listens
        assert os.read(reader, 3) == b"one"
    os.close(reader)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (141, b"")


@pytest.fixture
def sleeper() -> Iterator[int]:
    """The pid of a process that stays."""
    child = os.fork()
    if child == 0:
        signal.pause()
    yield child
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_the_end_of_the_process_is_the_end(sleeper: int, tmp_path: Path) -> None:
    with Until(sleeper, frozenset, proc=tmp_path) as over:
        assert not over()
        os.kill(sleeper, signal.SIGTERM)
        eventually(over)


def test_what_the_shim_still_writes_is_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("")
    shim = tmp_path / "50"
    (shim / "fd").mkdir(parents=True)
    (shim / "fdinfo").mkdir()
    (shim / "cmdline").write_bytes(b"/bin/containerd-shim-runc-v2\0-namespace\0x\0")
    (shim / "fd" / "7").symlink_to(log)
    (shim / "fdinfo" / "7").write_text("flags:\t02002001\n")
    found = log.stat()
    files = frozenset([(found.st_dev, found.st_ino)])
    with Until(0, lambda: files, proc=tmp_path) as over:
        assert not any(over() for _ in range(3))
        (shim / "fd" / "7").unlink()
        assert over()


def test_a_time_limit_ends_it(tmp_path: Path) -> None:
    start = time.monotonic()
    with Until(None, frozenset, seconds=0.05, proc=tmp_path) as over:
        eventually(over)
    assert time.monotonic() - start < 5


SHELL = "space_stack_my-cell_shell"
RUNNING = b'2026-11-26T17:09:12Z INFO "running create stage" index=0\n'


def in_setup(log_run_path: Path) -> Path:
    """kuketty's folder of the attachable container, which is being set up."""
    folder = log_run_path / "data/main/space/stack/my-cell/shell/tty"
    (folder / "capture").unlink()
    (folder / "kuketty.log").write_bytes(RUNNING)
    return folder


def test_of_a_container_in_its_setup_kukettys_log_is_shown(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    folder = in_setup(log_run_path)
    assert run(log_run_path, SHELL, "-r", "main") == 0
    out, err = capfdbinary.readouterr()
    assert out == RUNNING
    assert b"kuketty.log (kuketty's own log: the container is being set up" in err
    (folder / "kuketty.log").unlink()
    (folder / "kuketty.log").symlink_to("/etc/hostname")
    assert run(log_run_path, SHELL, "-r", "main") == 126


def test_where_no_record_tells_the_mount_does(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    folder = in_setup(log_run_path)
    mount = {"destination": "/run/kukeon/tty", "type": "bind", "source": str(folder)}
    answers(fake_ctr, "c1", task=f"{os.getpid()} RUNNING", mounts=[mount])
    assert run(log_run_path, "c1", "-r", "main") == 0
    assert capfdbinary.readouterr().out == RUNNING


def test_its_terminal_is_followed_once_there_is_one(
    fake_ctr: FakeCtr, log_run_path: Path, capfdbinary: Capture
) -> None:
    folder = in_setup(log_run_path)

    def set_up() -> None:
        (folder / "capture").write_bytes(b"ready> ")

    timer = threading.Timer(0.3, set_up)
    timer.start()
    assert run(log_run_path, SHELL, "-r", "main", "-f", "--timeout", "1.5") == 0
    timer.join()
    out, err = capfdbinary.readouterr()
    assert out == RUNNING + b"ready> "
    assert b"note: showing" in err
