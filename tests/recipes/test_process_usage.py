"""What /proc says of the processes of a task: ids inside, CPU time, memory."""

from pathlib import Path

import pytest

from kuke_ctr.recipes.process_usage import usage_of
from kuke_ctr.records import Process

STAT = "{pid} ({name}) S 50 {pid} 0 0 -1 0 0 0 0 0 {user} {system} 0 0 20 0 1 0 {start} 0 0"


def process(pid: int, exec_id: str | None = None) -> Process:
    return Process(
        task="web",
        pid=pid,
        exec_id=exec_id,
        info=None,
        parent=None,
        user=None,
        started_at=None,
        command=None,
    )


def there(proc: Path, pid: int, inside: str, *, ticks: int = 100, start: int = 500) -> None:
    """A process of user 1000 with this NSpid."""
    folder = proc / str(pid)
    folder.mkdir(exist_ok=True)
    (proc / "stat").write_text("btime 1795000000\n")
    stat = STAT.format(pid=pid, name="a (b) c", user=ticks, system=50, start=start)
    (folder / "stat").write_text(stat)
    (folder / "cmdline").write_bytes(b"sh\0-c\0sleep 5\x1b[2J\0")
    status = f"Name:\ta\nUid:\t0\t1000\t0\t0\nNSpid:\t{inside}\nVmRSS:\t    2048 kB\n"
    (folder / "status").write_text(status)


def test_a_process_has_its_ids_user_and_amounts(tmp_path: Path) -> None:
    there(tmp_path, 77, "77\t1")
    (found,) = usage_of([process(77)], here=True, proc=tmp_path, interval=0.01)
    assert found.model_dump(exclude={"host", "realm", "extra"}) == {
        "task": "web",
        "pid": 77,
        "pid_inside": 1,
        "parent": 50,
        "uid": 1000,
        "state": "S",
        "cpu_percent": 0.0,
        "cpu_seconds": 1.5,
        "memory_bytes": 2 << 20,
        "started_at": "2026-11-18T11:06:45Z",
        "exec_id": None,
        "command": "sh -c 'sleep 5\x1b[2J'",
    }


def test_the_id_inside_is_the_containers_though_it_holds_others(tmp_path: Path) -> None:
    there(tmp_path, 77, "77\t1")
    there(tmp_path, 78, "78\t9\t1")
    found = usage_of([process(77), process(78)], here=True, proc=tmp_path, interval=0.01)
    assert [one.pid_inside for one in found] == [1, 9]
    there(tmp_path, 77, "77")
    (found_one,) = usage_of([process(77)], here=True, proc=tmp_path, interval=0.01)
    assert found_one.pid_inside == 77


@pytest.mark.parametrize(
    ("ticks", "start", "percent"), [(150, 500, 50.0), (300, 500, 200.0), (300, 900, None)]
)
def test_cpu_is_over_the_interval(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ticks: int,
    start: int,
    percent: float | None,
) -> None:
    there(tmp_path, 77, "77\t1")
    clock = iter([10.0, 11.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr(
        "time.sleep", lambda _: there(tmp_path, 77, "77\t1", ticks=ticks, start=start)
    )
    (found,) = usage_of([process(77)], here=True, proc=tmp_path)
    assert found.cpu_percent == percent


def test_what_is_not_here_or_has_ended_is_little_known(tmp_path: Path) -> None:
    there(tmp_path, 77, "77\t1")
    rows = [
        *usage_of([process(77, "sh")], here=False, proc=tmp_path),
        *usage_of([process(78, "sh")], here=True, proc=tmp_path, interval=0.01),
    ]
    assert usage_of([], here=True) == []
    for row in rows:
        known = row.model_dump(exclude_none=True, exclude={"extra"})
        assert set(known) == {"task", "pid", "exec_id"}


def test_a_kernel_thread_or_a_zombie_has_no_memory(tmp_path: Path) -> None:
    there(tmp_path, 77, "77\t1")
    (tmp_path / "77/status").write_text("Uid:\t0\t0\t0\t0\nNSpid:\t77\t1\n")
    (tmp_path / "77/cmdline").write_bytes(b"")
    (found,) = usage_of([process(77)], here=True, proc=tmp_path, interval=0.01)
    assert (found.memory_bytes, found.command) == (None, "[a (b) c]")
