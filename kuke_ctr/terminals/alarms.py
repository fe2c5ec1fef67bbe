"""Times at which something is to be done though nothing happens."""

from collections.abc import Hashable

from kuke_ctr.processes.clock import FOREVER


class Alarms:
    """Times of the monotonic clock, each by the name of what is to be done then."""

    def __init__(self) -> None:
        self._times: dict[Hashable, float] = {}

    def set(self, name: Hashable, when: float) -> None:
        """To be done then, and at no other time that was set before."""
        self._times[name] = when

    def set_first(self, name: Hashable, when: float) -> None:
        """To be done then, or at the time that is set already where that is earlier."""
        self._times[name] = min(when, self._times.get(name, when))

    def clear(self, *names: Hashable) -> None:
        """To be done at no time."""
        for name in names:
            self._times.pop(name, None)

    def is_set(self, name: Hashable) -> bool:
        """Whether there is a time for it, which may have passed."""
        return name in self._times

    def due(self, name: Hashable, now: float) -> bool:
        """Whether its time has come."""
        return now >= self._times.get(name, FOREVER)

    def next(self) -> float:
        """The first of the times, FOREVER where there is none."""
        return min(self._times.values(), default=FOREVER)
