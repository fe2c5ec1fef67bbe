"""Containers that heed a signal, that do not, that fork: stopped, waited for, started, removed."""

import time

from scripts.lib import processes
from tests.support.running import BUSYBOX, LIMIT, Place

TRAPS = ("sh", "-c", "trap 'exit 3' TERM; : > /ready; while :; do sleep 0.1; done")
IGNORES = ("sh", "-c", "trap '' TERM; : > /ready; while :; do sleep 0.1; done")
FORKS = ("sh", "-c", "sleep 3600 & sleep 3600 & : > /ready; wait")


def states(place: Place, *names: str) -> list[str | None]:
    """The statuses of tasks, by raw ctr."""
    rows = {row.split()[0]: row.split()[2] for row in place.ctr("tasks", "ls").splitlines()[1:]}
    return [rows.get(name) for name in names]


def are_ready(place: Place, *names: str) -> bool:
    """Whether each of them has set its traps."""
    return all(processes.until(place.seen(name, "/ready").exists, LIMIT) for name in names)


def test_side_by_side_with_a_wait_and_nothing_is_left_at_the_end(place: Place) -> None:
    before = place.left()
    heeds, paused, stubborn, forks = names = [
        place.sleeper(*command) for command in (TRAPS, TRAPS, IGNORES, FORKS)
    ]
    assert are_ready(place, *names)
    place.ctr("tasks", "pause", paused)
    began = time.monotonic()
    done = place("stop", "-t", "1", *names)
    assert (done.returncode, set(done.stdout.split())) == (0, set(names)), done.stderr
    assert time.monotonic() - began >= 1
    assert f"{heeds} has stopped: exit code 3\n" in done.stderr
    assert f"{paused} was paused; it was resumed to get the signal\n" in done.stderr
    for name in (stubborn, forks):
        killed = "did not stop within 1 second and was killed: exit code 137 (SIGKILL)"
        assert f"{name} {killed}\n" in done.stderr
    assert states(place, *names) == ["STOPPED"] * 4
    done = place("wait", *names)  # the codes are still there for everybody
    assert (done.returncode, done.stdout) == (0, "3\n3\n137\n137\n"), done.stderr
    done = place("start", "--null-io", heeds)
    assert (done.returncode, done.stdout) == (0, f"{heeds}\n"), done.stderr
    first = place.seen(heeds, "/")
    done = place("restart", "-t", "0", heeds)
    assert (done.returncode, done.stdout) == (0, f"{heeds}\n"), done.stderr
    assert states(place, heeds) == ["RUNNING"]
    assert place.seen(heeds, "/") != first
    done = place("rm", "--force", *names)
    assert (done.returncode, done.stdout.split()) == (0, names), done.stderr
    assert place.left() == before


def test_ctrl_c_leaves_it_running_and_a_foreground_client_keeps_its_exit_code(
    place: Place,
) -> None:
    name = "foreground-stop"
    script = "trap 'exit 6' USR1; trap '' TERM; : > /ready; while :; do sleep 0.1; done"
    client = place.start("run", "--rm", "--name", name, *place.own(), BUSYBOX, "sh", "-c", script)
    assert processes.until(lambda: states(place, name) == ["RUNNING"], LIMIT)
    assert are_ready(place, name)
    with place.sit("stop", name) as seat:
        assert processes.until(lambda: bool(place.clients(seat.program, "events")), LIMIT)
        seat.type(b"\x03")
        assert seat.program.wait(LIMIT) == 130
    assert states(place, name) == ["RUNNING"]
    done = place("stop", "-s", "USR1", name)
    assert (done.returncode, done.stderr) == (0, f"{name} has stopped: exit code 6\n")
    assert client.wait(LIMIT) == 6


def test_each_version_tells_the_exit_code_and_leaves_the_task(any_place: Place) -> None:
    name = any_place.sleeper("sh", "-c", "exit 7")
    assert processes.until(lambda: states(any_place, name) == ["STOPPED"], LIMIT)
    assert any_place("wait", name).stdout == "7\n"
    done = any_place("stop", name)
    assert (done.returncode, done.stderr) == (0, f"{name} had already stopped: exit code 7\n")
