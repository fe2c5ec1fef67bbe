"""What a task's output is connected to, read from a /proc that the test makes."""

import os
import pty
import shutil
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest

from kuke_ctr.terminals.task_io import IoKind, TaskIO, task_io, terminal_size

TASK, SHIM = 100, 50
FIFOS = "/run/containerd/fifo/123"
READ, WRITE = os.O_RDONLY, os.O_WRONLY


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """The processes' files; without a process."""
    return tmp_path


def process(
    proc: Path,
    pid: int,
    files: Mapping[int, tuple[str, int]],
    *,
    parent: int = 1,
    words: tuple[str, ...] = ("sh",),
) -> None:
    """One process with its open files: number -> name and flags."""
    folder = proc / str(pid)
    for name in ("fd", "fdinfo"):
        (folder / name).mkdir(parents=True)
    (folder / "status").write_text(f"Name:\tx\nPPid:\t{parent}\nUid:\t0\n")
    (folder / "cmdline").write_bytes(b"\0".join(word.encode() for word in words) + b"\0")
    for number, (name, flags) in files.items():
        (folder / "fd" / str(number)).symlink_to(name)
        (folder / "fdinfo" / str(number)).write_text(f"pos:\t0\nflags:\t{flags | 0o2100000:o}\n")


def shim(proc: Path, files: Mapping[int, tuple[str, int]], namespace: str = "main") -> None:
    """The shim of containers in a namespace, with what every shim has open."""
    own = "/run/containerd/io.containerd.runtime.v2.task/main/c1/log"
    usual = {
        0: ("/dev/null", READ),
        1: ("/dev/null", WRITE),
        3: (own, READ),
        4: (own, WRITE),
        5: ("anon_inode:[eventpoll]", os.O_RDWR),
        6: ("pipe:[7]", READ),
    }
    words = ("/usr/bin/containerd-shim-runc-v2", "-namespace", namespace, "-id", "c1")
    process(proc, SHIM, {**usual, **files}, words=words)


def fifo(container: str, first: int = 10) -> dict[int, tuple[str, int]]:
    """A shim's two ends of a container's output."""
    name = f"{FIFOS}/{container}-stdout"
    return {first: (name, READ), first + 1: (name, WRITE)}


def task(proc: Path, stdout: str) -> None:
    """A container's process."""
    process(proc, TASK, {1: (stdout, WRITE)}, parent=SHIM)


def test_a_pipe_to_a_shim_that_holds_the_fifo_can_be_attached_to(proc: Path) -> None:
    task(proc, "pipe:[7]")
    shim(proc, fifo("c1"))
    assert task_io(TASK, "main", "c1", proc=proc) == TaskIO(IoKind.FIFO)


def test_a_terminal_is_told_from_a_pipe(proc: Path) -> None:
    task(proc, "/dev/pts/0")
    shim(proc, fifo("c1"))
    assert task_io(TASK, "main", "c1", proc=proc).kind is IoKind.TERMINAL


def test_others_that_read_the_fifo_are_named(proc: Path) -> None:
    task(proc, "pipe:[7]")
    shim(proc, fifo("c1"))
    process(proc, 200, {3: (f"{FIFOS}/c1-stdout", READ)})
    process(proc, 201, {3: (f"{FIFOS}/c1-stdout", WRITE)})
    process(proc, 202, {3: (f"{FIFOS}/c2-stdout", READ)})
    process(proc, 1000, {3: (f"{FIFOS}/c1-stdout", os.O_RDWR)})
    assert task_io(TASK, "main", "c1", proc=proc).readers == (200, 1000)


def test_null_io_is_a_stdout_that_is_dev_null_and_no_fifo(proc: Path) -> None:
    task(proc, "/dev/null")
    shim(proc, {})
    assert task_io(TASK, "main", "c1", proc=proc) == TaskIO(IoKind.NULL)


def test_a_process_that_silenced_itself_still_has_its_fifo(proc: Path) -> None:
    task(proc, "/dev/null")
    shim(proc, fifo("c1"))
    assert task_io(TASK, "main", "c1", proc=proc).kind is IoKind.FIFO


def test_a_log_file_is_what_the_shim_only_writes(proc: Path) -> None:
    task(proc, "pipe:[7]")
    shim(proc, {10: ("/opt/kukeon/data/main/web/log", WRITE | os.O_APPEND)})
    expected = TaskIO(IoKind.LOG, log=Path("/opt/kukeon/data/main/web/log"))
    assert task_io(TASK, "main", "c1", proc=proc) == expected


def test_a_deleted_log_file_has_no_name(proc: Path) -> None:
    task(proc, "pipe:[7]")
    shim(proc, {10: ("/var/log/c1 (deleted)", WRITE)})
    assert task_io(TASK, "main", "c1", proc=proc) == TaskIO(IoKind.LOG)


@pytest.mark.parametrize(
    ("container", "logs", "own"),
    [
        ("c1", ["/var/log/c1.log", "/var/log/c2.log"], "/var/log/c1.log"),
        ("d_d_dev_web", ["/opt/d/d/dev/web/log", "/opt/d/d/dev/db/log"], "/opt/d/d/dev/web/log"),
    ],
)
def test_of_a_shim_with_several_logs_the_containers_own_is_taken(
    proc: Path, container: str, logs: list[str], own: str
) -> None:
    task(proc, "pipe:[7]")
    shim(proc, {10 + number: (log, WRITE) for number, log in enumerate(logs)})
    assert task_io(TASK, "main", container, proc=proc).log == Path(own)


def test_several_logs_that_could_be_it_are_not_guessed_at(proc: Path) -> None:
    task(proc, "pipe:[7]")
    shim(proc, {10: ("/var/log/a", WRITE), 11: ("/var/log/b", WRITE)})
    assert task_io(TASK, "main", "c1", proc=proc) == TaskIO(IoKind.UNKNOWN)


def test_a_fifo_of_another_container_of_the_shim_is_not_taken(proc: Path) -> None:
    task(proc, "/dev/null")
    shim(proc, fifo("c10"))
    assert task_io(TASK, "main", "c1", proc=proc).kind is IoKind.NULL


def test_a_logger_program_is_unknown(proc: Path) -> None:
    task(proc, "pipe:[7]")
    shim(proc, {})
    assert task_io(TASK, "main", "c1", proc=proc) == TaskIO(IoKind.UNKNOWN)


def test_another_namespaces_shim_is_not_this_tasks(proc: Path) -> None:
    task(proc, "pipe:[7]")
    shim(proc, fifo("c1"), namespace="other")
    assert task_io(TASK, "main", "c1", proc=proc) == TaskIO(IoKind.UNKNOWN)


def test_a_parent_that_is_no_shim_is_unknown(proc: Path) -> None:
    task(proc, "pipe:[7]")
    process(proc, SHIM, fifo("c1"), words=("sh", "-namespace", "main"))
    assert task_io(TASK, "main", "c1", proc=proc) == TaskIO(IoKind.UNKNOWN)


def test_without_permission_or_process_it_is_unknown(proc: Path) -> None:
    assert task_io(TASK, "main", "c1", proc=proc) == TaskIO(IoKind.UNKNOWN)
    task(proc, "pipe:[7]")
    shim(proc, fifo("c1"))
    shutil.rmtree(proc / str(SHIM) / "fd")
    assert task_io(TASK, "main", "c1", proc=proc) == TaskIO(IoKind.UNKNOWN)


def test_a_process_that_ends_meanwhile_does_not_disturb(proc: Path) -> None:
    task(proc, "pipe:[7]")
    shim(proc, fifo("c1"))
    (proc / "300").mkdir()
    assert task_io(TASK, "main", "c1", proc=proc) == TaskIO(IoKind.FIFO)


def test_the_size_of_a_tasks_terminal_is_seen() -> None:
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (33, 120))
    child = os.fork()
    if child == 0:
        os.dup2(slave, 1)
        os.write(1, b"x")
        os.read(slave, 1)
        os._exit(0)
    try:
        assert os.read(master, 1) == b"x"
        assert terminal_size(child) == (33, 120)
    finally:
        os.write(master, b"\n")
        os.waitpid(child, 0)
        os.close(master)
        os.close(slave)


def test_no_terminal_has_no_size(proc: Path) -> None:
    task(proc, "pipe:[7]")
    assert terminal_size(TASK, proc=proc) is None
    assert terminal_size(TASK + 1, proc=proc) is None


def test_a_parent_that_holds_the_fifo_beside_its_reader_is_no_second_reader(proc: Path) -> None:
    name = f"{FIFOS}/c1-stdout"
    task(proc, "pipe:[7]")
    shim(proc, fifo("c1"))
    process(proc, 300, {9: (name, READ)})
    process(proc, 301, {9: (name, READ)}, parent=300)
    assert task_io(TASK, "main", "c1", proc=proc).readers == (301,)
