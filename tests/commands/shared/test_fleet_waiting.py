"""What stands on a terminal while many hosts are waited for; pure."""

import pytest

from kuke_ctr.commands.shared import fleet_waiting
from kuke_ctr.commands.shared.fleet_waiting import Waiting


def test_it_counts_and_names_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    class Line:
        def __init__(self, descriptor: int, width: object) -> None:
            assert descriptor == 2

        def draw(self, text: object) -> None:
            drawn.append(text(80))  # type: ignore[operator]

        def clear(self) -> None:
            drawn.append("")

    monkeypatch.setattr(fleet_waiting, "SteadyLine", Line)
    monkeypatch.setattr(fleet_waiting, "is_terminal", lambda descriptor: True)
    monkeypatch.setattr(fleet_waiting, "_EVERY", 0.0)
    waiting = Waiting([f"h{number}" for number in range(10)], ",".join)
    for host in (*range(2, 10), 0):
        waiting.done(host)
    waiting.over()
    assert drawn[0] == "1 of 10 hosts"
    assert drawn[-2:] == ["9 of 10 hosts; waiting for h1", ""]


def test_nothing_is_drawn_where_there_is_no_terminal() -> None:
    waiting = Waiting(["a", "b"], ",".join)
    waiting.done(0)
    waiting.over()
    assert waiting.text() == "1 of 2 hosts; waiting for b"
