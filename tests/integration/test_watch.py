"""`--watch` at a terminal: events bring what is new at once, and q puts the terminal back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.containerd import PrivateContainerd
from scripts.lib.seat import Seat
from tests.support.running import LIMIT, Place, place_on


@pytest.fixture
def place(containerd: PrivateContainerd, tmp_path: Path) -> Iterator[Place]:
    """A namespace of its own: the window shows only so many lines."""
    yield from place_on(containerd, tmp_path)


def test_an_event_shows_a_new_container_long_before_the_interval_is_over(place: Place) -> None:
    before = place.sleeper()
    words = place.argv("ps", "--watch", "1h", "--columns", "id,status")
    with Seat(words, {**place.kuke.environment, "TERM": "xterm"}) as seat:
        assert seat.sees(before.encode())
        children = processes.children(seat.program.pid)
        (events,) = (pid for pid in children if "events" in processes.command_line(pid))
        name = place.sleeper()
        assert seat.sees(name.encode())
        seat.resize(24, 50)
        seat.type(b"q")
        assert seat.wait() == 0
        assert seat.modes() == seat.modes_before
        assert processes.until(lambda: events not in processes.pids(), LIMIT)
