"""What was begun is put in order before a signal ends us."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from kuke_ctr.processes.signals import at_once


@contextmanager
def patient() -> Iterator[Sequence[int]]:
    """A first HUP, INT or TERM ends nothing in here: what was begun is put in order first.

    Gives the signals that came. A second one ends us at once: somebody insists.
    """
    numbers = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    came: list[int] = []

    def heed(number: int, _: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:
            at_once(number)

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, heed)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
