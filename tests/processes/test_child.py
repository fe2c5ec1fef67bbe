import os
import signal
import subprocess  # noqa: TID251 (parents that are killed)
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

import kuke_ctr.processes.door
from kuke_ctr.errors import Interrupted, TimeLimit
from kuke_ctr.processes.calls import Call, in_seconds
from kuke_ctr.processes.child import Child
from kuke_ctr.processes.child_setup import dies_with_us
from kuke_ctr.processes.pipes import OwnPipes
from kuke_ctr.processes.runner import Processes
from tests.support.scripts import LIMITS, Script, close, eventually, gone, pid_in, quoted, written

pytestmark = pytest.mark.usefixtures("leaves_nothing")


def test_the_time_limit_ends_the_child_and_what_it_started(script: Script, tmp_path: Path) -> None:
    pids = [tmp_path / "child", tmp_path / "grandchild"]
    script(f"sleep 60 & echo $! > {quoted(pids[1])}; echo $$ > {quoted(pids[0])}; wait")
    for limit in LIMITS:
        started = time.monotonic()
        with pytest.raises(TimeLimit) as caught:
            Processes().run(Call(("ctr", "images", "ls"), timeout=limit))
        assert time.monotonic() - started < limit + 20
        assert caught.value.message == f"ctr did not answer within {in_seconds(limit)}"
        assert "--timeout" in (caught.value.hint or "")
        if all(map(written, pids)):
            break
    eventually(lambda: all(gone(pid_in(path)) for path in pids))


def test_a_limit_may_be_as_long_as_anybody_likes(script: Script) -> None:
    script("echo out")
    for limit in (1e12, None):
        call = Call(("ctr",), timeout=limit)
        assert Processes().run(call).stdout == b"out\n"
        assert list(Processes().stream(call)) == [b"out\n"]


def test_ctrl_c_ends_the_child(script: Script, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    call = script(f"trap '' INT TERM HUP; echo $$ > {quoted(pid)}; kill -INT $PPID; sleep 60")
    with pytest.raises(Interrupted):
        Processes().run(call)
    assert gone(pid_in(pid))


def test_ctrl_c_ends_all_children_that_run_side_by_side(script: Script, tmp_path: Path) -> None:
    all_are_there = "until [ -s 0 ] && [ -s 1 ]; do sleep 0.01; done"
    script(
        f'cd {quoted(tmp_path)}; echo $$ > "$1"; '
        f'[ "$1" = 2 ] && {{ {all_are_there}; kill -INT $PPID; }}; sleep 60'
    )
    with pytest.raises(Interrupted):
        Processes().run_all([Call(("ctr", str(i))) for i in range(3)])
    for i in range(3):
        assert gone(pid_in(tmp_path / str(i)))


def test_ctrl_c_while_a_child_is_being_started_does_not_lose_it(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(blocked: Collection[int], by: signal.Signals) -> Callable[[], None]:
        os.kill(os.getpid(), signal.SIGINT)
        return dies_with_us(blocked, by)

    monkeypatch.setattr(kuke_ctr.processes.door, "dies_with_us", interrupted)
    call = script("sleep 60")
    processes = Processes()
    with pytest.raises(Interrupted):
        processes.run(call)
    with pytest.raises(Interrupted):
        next(processes.stream(call))
    with pytest.raises(Interrupted):
        processes.open_pipes(call)


PARENTS = {
    "run": "Processes().run(call)",
    "stream": "list(Processes().stream(call))",
    "open_pipes": "pipes = Processes().open_pipes(call); pipes.wait()",
}


@pytest.mark.parametrize("how", PARENTS)
def test_no_child_outlives_a_killed_parent(script: Script, tmp_path: Path, how: str) -> None:
    script(f"trap '' HUP TERM INT; echo $$ > {quoted(tmp_path / 'pid')}; while :; do sleep 1; done")
    program = (
        "from kuke_ctr.processes.calls import Call\n"
        "from kuke_ctr.processes.runner import Processes\n"
        f"call = Call(('ctr',), timeout=None); {PARENTS[how]}"
    )
    with subprocess.Popen([sys.executable, "-c", program]) as parent:
        child = pid_in(tmp_path / "pid")
        parent.kill()
    eventually(lambda: gone(child))


def test_pipes_keep_the_streams_apart_and_exact(script: Script) -> None:
    pipes = Processes().open_pipes(
        script("read line; echo \"got $line\"; printf 'e\\r' >&2; exit 6")
    )
    os.write(pipes.stdin, b"text\n")
    assert pipes.wait(20) == 6
    assert pipes.wait() == 6
    assert (os.read(pipes.stdout, 100), os.read(pipes.stderr, 100)) == (b"got text\n", b"e\r")
    close(pipes.stdin, pipes.stdout, pipes.stderr)


def test_a_given_stdin_needs_no_pipe(script: Script) -> None:
    script("cat")
    pipes = Processes().open_pipes(Call(("ctr",), stdin=b"given"))
    assert pipes.stdin == -1
    assert pipes.wait() == 0
    assert os.read(pipes.stdout, 100) == b"given"
    close(pipes.stdout, pipes.stderr)


def test_the_end_is_told_once_even_of_a_child_that_ended_at_once() -> None:
    told: list[int] = []
    child = Child(Call(("ctr",)), pid=0, exit_code=3)
    pipes = OwnPipes(0, -1, -1, -1, child, lambda result: told.append(result.exit_code))
    assert (pipes.wait(), pipes.wait()) == (3, 3)
    pipes.kill()
    assert told == [3]


def test_waiting_for_a_child_has_a_limit_and_killing_it_none(script: Script) -> None:
    pipes = Processes().open_pipes(script("trap '' TERM; sleep 60"))
    with pytest.raises(TimeLimit):
        pipes.wait(0.05)
    assert pipes.pid is not None
    assert not gone(pipes.pid)
    pipes.kill()
    pipes.kill()
    assert pipes.wait() == -9
    close(pipes.stdin, pipes.stdout, pipes.stderr)


def test_a_child_gets_no_sigpipe_when_nobody_reads_any_more(script: Script, tmp_path: Path) -> None:
    log = quoted(tmp_path / "log")
    pipes = Processes().open_pipes(
        script(f"trap 'echo PIPE >> {log}' PIPE; read go; echo a; echo b >&2; echo done >> {log}")
    )
    close(pipes.stdout, pipes.stderr)
    os.write(pipes.stdin, b"go\n")
    assert pipes.wait(20) == 0
    assert (tmp_path / "log").read_text() == "done\n"
    close(pipes.stdin)


FLOOD = """
for name in HUP INT QUIT USR1 USR2 PIPE ALRM TERM CONT TSTP WINCH; do
    trap "echo $name >> {log}" $name
done
text=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
echo $$ > {pid}
while :; do echo $text; echo $text >&2; done
"""

RELAY = """
import os, select
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.runner import Processes
pipes = Processes().open_pipes(Call(("ctr",)))
poll = select.poll()
poll.register(pipes.stdout, select.POLLIN)
poll.register(pipes.stderr, select.POLLIN)
while True:
    for descriptor, _ in poll.poll():
        os.read(descriptor, 4096)
"""


@pytest.mark.parametrize("trial", range(5))
def test_no_signal_reaches_a_flooding_child_when_its_relay_is_killed(
    script: Script, tmp_path: Path, trial: int
) -> None:
    log, pid = tmp_path / "log", tmp_path / "pid"
    script(FLOOD.format(log=quoted(log), pid=quoted(pid)))
    with subprocess.Popen([sys.executable, "-c", RELAY], start_new_session=True) as relay:
        child = pid_in(pid)
        time.sleep(0.003 * trial)
        relay.kill()
    eventually(lambda: gone(child))
    assert not log.exists()
