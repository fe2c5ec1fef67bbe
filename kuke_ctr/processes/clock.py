"""Deadlines: times of the monotonic clock, in seconds."""

import time

FOREVER = float("inf")

_HOUR = 3600.0  # poll takes 24 days, and a limit may be longer


def milliseconds(until: float) -> int | None:
    """The time until then for `poll`, rounded up, at most an hour; None for ever."""
    if until == FOREVER:
        return None
    return max(0, int(min(until - time.monotonic(), _HOUR) * 1000) + 1)
