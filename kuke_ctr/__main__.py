"""The entry point: `kuke-ctr`, and `python -m kuke_ctr`."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

_ENDING = (signal.SIGTERM, signal.SIGHUP)


def run() -> NoReturn:
    """Run the command line of this process, and end it with its exit code."""
    # imports make many objects and no garbage: looking for it takes some 5 % of a start-up
    gc.set_threshold(100_000)
    # pydantic would read the metadata of every installed package in search of plugins: 5 % more
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeded:  # Ctrl-C while nothing has begun: no traceback of half an import
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    if "_KUKE_CTR_COMPLETE" in os.environ:  # a shell asks for completions: it waits at a prompt
        from kuke_ctr.completion.answer import main as answer

        answer()
        _leave(0, [])
    from kuke_ctr.cli.main import main

    if heeded:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    came: list[int] = []
    ending = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in ending:
        signal.signal(number, _interrupting(came))
    code = main()
    for number in ending:
        signal.signal(number, signal.SIG_DFL)
    if heeded:  # what was asked for is done
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    _leave(code, came)


def _interrupting(came: list[int]) -> Callable[[int, FrameType | None], None]:
    """A handler that acts as Ctrl-C, so that what was begun is put in order; it notes what came.

    A second signal of the kind ends us at once.
    """

    def interrupt(number: int, _: FrameType | None) -> None:
        came.append(number)
        signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    return interrupt


def _leave(code: int, came: list[int]) -> NoReturn:
    """End here and now: Python would spend a fifth of a list's time on taking its modules apart."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # full or closed: that has been said, or can't be
            stream.flush()
    for number in came:  # whoever sent it sees that we died of it
        signal.raise_signal(number)
    os._exit(code)


if __name__ == "__main__":
    run()
