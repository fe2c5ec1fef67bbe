"""Which tasks nobody reads, by a /proc that the test makes."""

from pathlib import Path

from kuke_ctr.recipes.doctor.facts import Space
from kuke_ctr.recipes.doctor.outputs import tasks_without_reader
from tests.support.doctor_facts import NS, task

FIFO = "/run/containerd/fifo/1/web-stdout"
TASK, SHIM = 40, 30


def process(proc: Path, pid: int, *files: str, parent: int = 1, wchan: str = "0") -> None:
    folder = proc / str(pid)
    (folder / "fd").mkdir(parents=True)
    (folder / "fdinfo").mkdir()
    (folder / "status").write_text(f"Name:\tx\nPPid:\t{parent}\n")
    (folder / "wchan").write_text(wchan)
    for number, name in enumerate(files):
        (folder / "fd" / str(number)).symlink_to(name)


def look(proc: Path, status: str = "RUNNING") -> dict[tuple[str, str], bool]:
    space = Space(NS, "main", tasks=(task("web", status, TASK),))
    return tasks_without_reader([space], proc=proc)


def test_a_fifo_that_only_the_shim_holds_has_no_reader(tmp_path: Path) -> None:
    process(tmp_path, SHIM, FIFO)
    process(tmp_path, TASK, "pipe:[7]", parent=SHIM)
    assert look(tmp_path) == {(NS, "web"): False}
    assert look(tmp_path, "STOPPED") == {}


def test_a_task_that_waits_for_room_in_its_pipe_is_told_apart(tmp_path: Path) -> None:
    process(tmp_path, SHIM, FIFO)
    process(tmp_path, TASK, parent=SHIM, wchan="pipe_write")
    assert look(tmp_path) == {(NS, "web"): True}


def test_any_other_process_that_has_it_open_may_read(tmp_path: Path) -> None:
    process(tmp_path, SHIM, FIFO)
    process(tmp_path, TASK, parent=SHIM)
    process(tmp_path, 50, FIFO)
    assert look(tmp_path) == {}


def test_a_task_with_a_log_file_needs_no_reader(tmp_path: Path) -> None:
    process(tmp_path, SHIM, "/var/log/web.log")
    process(tmp_path, TASK, parent=SHIM)
    assert look(tmp_path) == {}
