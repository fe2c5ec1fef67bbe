"""The user's terminals that show what a task prints: what the task leaves on there goes off."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from kuke_ctr.processes.farewell import Farewell
from kuke_ctr.terminals.relay import Outlet
from kuke_ctr.terminals.screen_modes import ScreenModes
from kuke_ctr.terminals.user_terminal import is_terminal

Through = Callable[[bytes], bytes]


@dataclass(slots=True)
class _Screen:
    modes: ScreenModes
    ways: dict[int, Outlet] = field(default_factory=dict)


class Screens:
    """Follows what is shown on each terminal; what goes to a file or a pipe is not looked at."""

    def __init__(self) -> None:
        self._by_device: dict[int, _Screen] = {}

    def follow(self, descriptor: int, outlet: Outlet, through: Through) -> Through:
        """The same function, which also follows what `outlet` writes to this descriptor."""
        if not is_terminal(descriptor):
            return through
        # stdout and stderr mostly are one terminal
        screen = self._by_device.setdefault(os.fstat(descriptor).st_rdev, _Screen(ScreenModes()))
        screen.ways[descriptor] = outlet
        feed = screen.modes.feed

        def followed(data: bytes) -> bytes:
            data = through(data)
            feed(data)
            return data

        return followed

    def put_back(self) -> None:
        """Switch off what is on. The task is left, or has ended: no reader is waited for long.

        A terminal that has not taken what came before is not read, or too slowly.
        """
        for screen in self._by_device.values():
            off = screen.modes.reset()
            if off and not any(outlet.kept for outlet in screen.ways.values()):
                Farewell.begin()
                with suppress(OSError):  # it has hung up
                    Farewell.write(min(screen.ways), off)
