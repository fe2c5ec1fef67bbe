"""What removing stops at, and what goes with it, over a fake ctr."""

from pathlib import Path

import pytest

from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, run, tasks_table


def test_a_deleted_task_tells_how_its_process_ended(runtime_host: FakeCtr, capsys: Capture) -> None:
    after = runtime_host.folder / "0.after"
    after.write_text(tasks_table(("web", "RUNNING")))
    (listed,) = (f for f in runtime_host.folder.glob("*.out") if f.read_text().startswith("TASK"))
    said = 'time="2026" level=warning msg="task ended exit with non-zero exit code 137"\n'
    runtime_host.answer(*N, "tasks", "rm", "ended", stderr=said, first=f"cp {after} {listed}")
    code, out, err = run("tasks rm ended", capsys)
    assert (code, out) == (0, "ended\n")
    assert err == "ended: the process has exited (exit code 137 (SIGKILL))\n"


def test_a_task_that_is_still_there_is_a_failure(runtime_host: FakeCtr, capsys: Capture) -> None:
    runtime_host.answer(*N, "tasks", "rm", "--force", "web")
    code, out, err = run("tasks rm --force web", capsys)
    assert (code, out) == (1, "")
    assert "still exists" in err


def test_the_exit_code_of_an_exec_is_no_failure_of_ctr(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    flags = ("--exec-id", "e1")
    runtime_host.answer(*N, "tasks", "rm", *flags, "web", exit_code=7)
    code, out, err = run("tasks rm --exec-id e1 web", capsys)
    assert (code, out, err) == (0, "web\n", "web: the process has exited (exit code 7)\n")
    said = "ctr: current process state: running, process must be stopped before deletion\n"
    runtime_host.answer(*N, "tasks", "rm", *flags, "web", stderr=said, exit_code=1)
    assert run("tasks rm --exec-id e1 web", capsys)[0] == 1


def test_a_checkpoint_without_criu_says_so(runtime_host: FakeCtr, capsys: Capture) -> None:
    said = 'ctr: CRIU version check failed: exec: "criu": executable file not found in $PATH\n'
    runtime_host.answer(*N, "tasks", "checkpoint", "web", stderr=said, exit_code=1)
    code, out, err = run("tasks checkpoint web", capsys)
    assert (code, out) == (1, "")
    assert "criu is not installed" in err
    assert "hint: install criu" in err
    said = "ctr: runc did not terminate: criu failed: type DUMP path= /x/criu-dump.log: unknown\n"
    runtime_host.answer(*N, "tasks", "checkpoint", "web", stderr=said, exit_code=1)
    assert "hint: the log that ctr names" in run("tasks checkpoint web", capsys)[2]


def test_a_checkpoint_gives_the_name_of_its_image(runtime_host: FakeCtr, capsys: Capture) -> None:
    made = "containerd.io/checkpoint/web:11-24-2026-22:00:00"
    runtime_host.answer(*N, "tasks", "checkpoint", "web", stdout=f"{made}\n")
    assert run("tasks checkpoint web", capsys) == (0, f"{made}\n", "")


def test_a_checkpoint_that_was_cut_off_tells_that_the_task_is_paused(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    after = runtime_host.folder / "0.after"
    after.write_text(tasks_table(("web", "PAUSED")))
    (listed,) = (f for f in runtime_host.folder.glob("*.out") if f.read_text().startswith("TASK"))
    runtime_host.answer(
        *N, "tasks", "checkpoint", "web", first=f"cp {after} {listed}; exec sleep 60"
    )
    code, _, err = run("tasks checkpoint web --timeout 1", capsys)
    assert code == 124
    assert "ctr left web paused after the checkpoint" in err


def test_an_interrupted_checkpoint_tells_that_the_task_is_paused(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    after = runtime_host.folder / "0.after"
    after.write_text(tasks_table(("web", "PAUSED")))
    (listed,) = (f for f in runtime_host.folder.glob("*.out") if f.read_text().startswith("TASK"))
    interrupt = f"cp {after} {listed}; kill -INT $PPID; exec sleep 60"
    runtime_host.answer(*N, "tasks", "checkpoint", "web", first=interrupt)
    code, _, err = run("tasks checkpoint web", capsys)
    assert code == 130
    assert "ctr left web paused after the checkpoint" in err


def test_a_checkpoints_paths_are_whole(
    runtime_host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    flags = ("--exit", "--image-path", str(tmp_path / "img"), "--work-path", "/w")
    runtime_host.answer(*N, "tasks", "checkpoint", *flags, "web")
    code, out, _ = run("tasks checkpoint web --exit --image-path img --work-path /w", capsys)
    assert (code, out) == (0, f"{tmp_path / 'img'}\n")
