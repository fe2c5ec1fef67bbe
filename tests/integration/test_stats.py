"""`stats` in a pipe and on a terminal, and `top`, on real containers."""

import json
import signal
import subprocess  # noqa: TID251 (the tests start what the package is)
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lib.containerd import PrivateContainerd
from scripts.lib.seat import Seat
from tests.support.running import Place, place_on

BUSY = ("sh", "-c", "while :; do :; done")


@pytest.fixture
def place(containerd: PrivateContainerd, tmp_path: Path) -> Iterator[Place]:
    """A namespace of its own: without names, all that runs in it is shown."""
    yield from place_on(containerd, tmp_path)


def test_a_pipe_gets_what_runs_while_it_runs(place: Place) -> None:
    busy, idle = place.sleeper(*BUSY), place.sleeper()
    with place.start("stats", "--interval", "0.3", stdout=subprocess.PIPE) as stats:
        assert stats.stdout is not None
        rows = {row["id"]: row for row in (json.loads(stats.stdout.readline()) for _ in range(2))}
        assert set(rows) == {busy, idle}
        assert 2 < rows[busy]["cpu_percent"] < 150  # of one processor, which others use too
        assert rows[idle]["cpu_percent"] < 2
        for row in rows.values():
            assert row["memory_bytes"] > 1 << 14
            assert (row["processes"], row["network_received_bytes"]) == (1, 0)
            assert row["problem"] is None
        place.ctr("tasks", "rm", "--force", busy)
        later = [json.loads(stats.stdout.readline())["id"] for _ in range(4)]
        assert later[-2:] == [idle, idle]
        stats.send_signal(signal.SIGINT)
        assert stats.wait(20) == 130
    place.ctr("tasks", "rm", "--force", idle)


def test_a_terminal_shows_it_until_q_and_top_who_it_is(place: Place) -> None:
    name = place.sleeper()
    environment = {**place.kuke.environment, "TERM": "xterm"}
    with Seat(place.argv("stats", name, "--interval", "0.2"), environment) as seat:
        assert seat.sees(b"1 container, every 0.2 s; q quits")
        assert seat.sees(name.encode() + b"  0.0 ")
        seat.type(b"q")
        assert seat.wait() == 0
    (row,) = json.loads(place("top", name, "-o", "json").stdout)
    pid = row["pid"]
    assert (row["pid_inside"], row["uid"], row["command"]) == (1, 0, "sleep 3600")
    assert f"VmRSS:\t{row['memory_bytes'] // 1024:>8} kB" in Path(f"/proc/{pid}/status").read_text()
    place.ctr("tasks", "rm", "--force", name)
