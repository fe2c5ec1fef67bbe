"""Leaving what is in the foreground: the signals that ask for it, and the last moments.

What was typed still goes to the task, and its output to us.
"""

import signal
import time
from collections.abc import Callable

from kuke_ctr.terminals.relay import Outlet, Relay

ASKS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ENOUGH = 3
"""So many of ASKS make us leave though they are forwarded; as docker does."""
LEAVING = (*ASKS, signal.SIGQUIT)
FORWARDED = (*LEAVING, signal.SIGUSR1, signal.SIGUSR2)

HAND_OVER_LIMIT = 1.0
HAND_OVER_QUIET = 0.05
"""Seconds in which ctr passes on what it has read: nothing tells when it has."""

_FLUSH_LIMIT = 10.0
_FLUSH_QUIET = 1.0
"""Seconds for our reader to take what was read for it: in all, and without taking anything."""


def hand_over(relay: Relay, busy: Callable[[], bool], typed_at: Callable[[], float]) -> None:
    """Give the client the time to pass on what was just typed.

    `busy`: it has not taken all of it; `typed_at` is when it last got something.
    """
    until = time.monotonic() + HAND_OVER_LIMIT
    waited = 0.0
    while (now := time.monotonic()) < until:
        if busy():
            waited = now  # a client that reads late has only begun to pass it on
        elif now > max(typed_at(), waited) + HAND_OVER_QUIET:
            return
        relay.step(now + HAND_OVER_QUIET / 5)


def flush(relay: Relay, typed: Outlet, quiet: float = _FLUSH_QUIET) -> None:
    """Show what the task's pipe has lost to us already; nothing more is read from it.

    The reader may pause for `quiet` seconds.
    """
    for flow in relay.flows:
        flow.enabled = flow.enabled and not flow.output
    outlets = [outlet for outlet in relay.outlets if outlet is not typed]
    end = time.monotonic() + _FLUSH_LIMIT
    left, until = sum(len(each.kept) for each in outlets), time.monotonic() + quiet
    while left and time.monotonic() < min(end, until):
        relay.step(min(end, until))
        before, left = left, sum(len(each.kept) for each in outlets)
        if left < before:
            until = time.monotonic() + quiet
