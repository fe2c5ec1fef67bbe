"""Signals, pauses and removals of tasks on real containerds, checked by raw ctr and /proc."""

import time
from pathlib import Path

from scripts.lib import processes
from tests.support.changes_host import FOREVER, LIMIT, Host

TRAPS = ("sh", "-c", "trap 'echo hup > /got' HUP; : > /ready; while :; do sleep 0.1; done")


def test_a_signal_arrives_and_one_that_reaches_nobody_is_an_error(changes_host: Host) -> None:
    name = changes_host.start(*TRAPS)
    root = Path(f"/proc/{changes_host.pid(name)}/root")
    assert processes.until((root / "ready").exists, LIMIT)
    assert changes_host.kuke("tasks kill -s hup", name) == f"{name}\n"
    assert processes.until((root / "got").exists, LIMIT)
    assert changes_host.state(name) == "RUNNING"
    assert changes_host.kuke("tasks kill -9", name) == f"{name}\n"
    assert changes_host.ends(name)
    for line in ("tasks kill", "tasks kill --all"):  # ctr's own --all says that all is well
        assert changes_host.kuke(line, name, fails=3, says="no signal was sent") == ""
    told = changes_host.kuke(
        "tasks rm", name, says="the process has exited (exit code 137 (SIGKILL))"
    )
    assert told == f"{name}\n"
    assert changes_host.state(name) is None
    assert changes_host.containers() == [name]
    changes_host.kuke("tasks kill", name, fails=3, says="has no task")
    changes_host.kuke("tasks kill", f"x{name}", fails=3, says=f"the realm has: {name}")


def test_a_signal_without_a_handler_is_dropped_by_the_kernel_and_we_say_so(
    changes_host: Host,
) -> None:
    name = changes_host.start(
        "sh", "-c", "trap 'exit 3' USR1; : > /ready; while :; do sleep 0.1; done"
    )
    ready = Path(f"/proc/{changes_host.pid(name)}/root/ready")
    assert processes.until(ready.exists, LIMIT)
    for line in ("tasks kill", "tasks kill -s 34", "tasks kill -s HUP"):
        changes_host.kuke(line, name, says="ignore")
    changes_host.kuke("tasks kill --all -s CONT", name)
    assert changes_host.state(name) == "RUNNING"
    changes_host.kuke("tasks kill -s USR1", name)
    assert changes_host.ends(name)
    changes_host.kuke("tasks rm", name, says="exit code 3)\n")


def test_every_signal_that_we_take_is_one_of_ctrs(changes_host: Host) -> None:
    name = changes_host.start(*FOREVER)
    for odd in ("IO", "STKFLT", "IOT", "40"):
        changes_host.kuke("tasks kill -s", odd, name, says="ignore")
    assert changes_host.state(name) == "RUNNING"


def test_a_paused_task_does_not_move_and_a_state_that_does_not_fit_is_refused(
    changes_host: Host,
) -> None:
    loop = "trap 'exit 0' TERM; while :; do date +%s%N > /now; sleep 0.05; done"
    name = changes_host.start("sh", "-c", loop)
    now = Path(f"/proc/{changes_host.pid(name)}/root/now")
    assert processes.until(now.exists, LIMIT)
    changes_host.kuke("tasks resume", name, fails=1, says=f"{name} is RUNNING")
    assert changes_host.kuke("tasks pause", name) == f"{name}\n"
    assert changes_host.state(name) == "PAUSED"
    seen = now.read_text()
    time.sleep(0.3)
    assert now.read_text() == seen
    changes_host.kuke("tasks pause", name, fails=1, says=f"{name} is PAUSED")
    changes_host.kuke("tasks rm", name, fails=1, says=f"{name} is PAUSED")
    changes_host.kuke("tasks kill", name, says="it gets the signal after")
    assert changes_host.state(name) == "PAUSED"
    assert changes_host.kuke("tasks resume", name) == f"{name}\n"
    assert changes_host.ends(name)


def test_rm_needs_a_word_for_what_runs(changes_host: Host) -> None:
    names = [changes_host.start(*FOREVER) for _ in range(2)]
    pids = [changes_host.pid(name) for name in names]
    changes_host.kuke("tasks rm", *names, fails=1, says=f"kuke-ctr stop {names[0]}")
    assert [changes_host.state(name) for name in names] == ["RUNNING", "RUNNING"]
    planned = changes_host.kuke("tasks rm --force --dry-run", *names, says="tasks ls")
    assert len(planned.splitlines()) == 2
    assert all(map(processes.started, pids))
    told = changes_host.kuke(
        "tasks rm --force", names[0], "nope", names[1], fails=3, says="container nope"
    )
    assert told == "".join(f"{name}\n" for name in names)
    assert not any(map(processes.started, pids))
    assert [changes_host.state(name) for name in names] == [None, None]


def test_a_process_of_exec_is_killed_and_deleted_by_its_id(changes_host: Host) -> None:
    name = changes_host.start(*FOREVER)
    changes_host.ctr("tasks", "exec", "-d", "--exec-id", "e1", name, "sleep", "1000")
    found = [
        row.split()[0] for row in changes_host.ctr("tasks", "ps", name).splitlines() if "e1" in row
    ]
    changes_host.kuke("tasks rm --exec-id e1", name, fails=1, says="must be stopped")
    changes_host.kuke("tasks kill --exec-id e2", name, fails=3, says="exec ids: e1")
    changes_host.kuke("tasks kill -9 --exec-id e1", name)
    assert processes.until(lambda: not processes.started(int(found[0])), LIMIT)
    assert changes_host.state(name) == "RUNNING"
    told = changes_host.kuke("tasks rm --exec-id e1", name, says="exit code 137 (SIGKILL)")
    assert told == f"{name}\n"
    changes_host.kuke("tasks rm --exec-id e1", name, fails=3, says="exec ids: none")
    assert changes_host.state(name) == "RUNNING"


def test_a_checkpoint_needs_criu_and_leaves_the_task_as_it_was(changes_host: Host) -> None:
    name = changes_host.start(*FOREVER)
    changes_host.kuke("tasks checkpoint", name, fails=1, says="criu is not installed")
    changes_host.kuke("tasks checkpoint --exit --image-path img", name, fails=1, says="criu")
    assert changes_host.state(name) == "RUNNING"
