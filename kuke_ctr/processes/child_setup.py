"""What a child starts with: its environment, its signals, its priority, and its death with ours."""

import os
import signal
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache

IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""A child would inherit that."""

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_OF_A_GROUP = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTERM)
"""What a terminal and `timeout` send to all processes of a command."""

_PR_SET_PDEATHSIG = 1
_FIRST = -20
_NOT_PASSED_ON = ("CONTAINERD_ADDRESS", "CONTAINERD_NAMESPACE", "PYDANTIC_DISABLE_PLUGINS")


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment that a ctr gets: without what would change the meaning of its argv.

    And without what our own start set.
    """
    return {name: value for name, value in environ.items() if name not in _NOT_PASSED_ON}


@contextmanager
def interrupts_held() -> Iterator[set[int]]:
    """Ctrl-C, TERM and HUP wait until a child that is being started stands where it can be ended.

    Gives the signals that were blocked before, which is what the child has to start with.
    """
    came: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
    raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if raises:  # another thread of a program may take the signal, and Python raise it here
        signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield {int(number) for number in before}
    finally:
        if raises:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number in came[:1]:
            signal.raise_signal(number)


class Ahead:
    """This thread goes before others, as far as that is allowed (nice -20); no child does.

    KUKE_CTR_NICE=0 turns that off.
    """

    _usual: int | None = None

    @classmethod
    def begin(cls) -> None:
        """Go before others."""
        if os.environ.get("KUKE_CTR_NICE") == "0":
            return
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        with suppress(OSError):  # not root
            os.setpriority(os.PRIO_PROCESS, 0, _FIRST)
            cls._usual = usual

    @classmethod
    def end(cls) -> None:
        """Be as before; a child too, between fork and exec."""
        usual, cls._usual = cls._usual, None
        if usual is not None:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, 0, usual)


@cache
def _prctl() -> Callable[..., int]:
    import ctypes

    function: Callable[..., int] = ctypes.CDLL(None).prctl
    return function


def end_of_a_keeper() -> signal.Signals:
    """What ends a child that keeps a connection and shares our process group: nothing of a group.

    Under `nohup` that is TERM, as HUP is ignored there.
    """
    return signal.SIGTERM if _ignores_hangup() else signal.SIGHUP


def _ignores_hangup() -> bool:
    return signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def dies_with_us(
    blocked: Collection[int], by: signal.Signals = signal.SIGKILL
) -> Callable[[], None]:
    """What a child runs between fork and exec: it dies when the thread that forked it ends.

    `blocked` are the signals that it shall start with as blocked ones. The death signal of a ctr
    is SIGKILL, which it can't forward to a workload. What sh and Python ignore is undone. With
    another death signal it is in our process group, and ignores what is meant for us there.
    """
    prctl = _prctl()  # loaded before the fork: a child can't wait for the import lock
    parent = os.getpid()
    hangup = signal.SIG_IGN if _ignores_hangup() else signal.SIG_DFL
    ignored = [] if by == signal.SIGKILL else [one for one in _OF_A_GROUP if one != by]

    def prepare() -> None:  # pragma: no cover (runs in the child)
        prctl(_PR_SET_PDEATHSIG, int(by), 0, 0, 0)
        if os.getppid() != parent:  # we were gone before the line above
            os.kill(os.getpid(), signal.SIGKILL)
        Ahead.end()
        signal.signal(signal.SIGHUP, hangup)
        for number in IGNORED_BY_PYTHON:
            signal.signal(number, signal.SIG_DFL)
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    return prepare
