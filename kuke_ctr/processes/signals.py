"""Names and numbers of signals, as ctr understands them in every version."""

import signal
from difflib import get_close_matches
from signal import Signals

from kuke_ctr.errors import UsageError

_HIGHEST = 64
_LONGEST = 9
"""Digits that are read of a number: it is too high with fewer."""
_REAL_TIME = ("SIGRTMIN", "SIGRTMAX")  # ctr to 1.6 knows these by their numbers only


def signal_of(text: str) -> str:
    """The signal that `TERM`, `sigterm` or `15` means: `SIGTERM`, or a number for a real-time one.

    Raises UsageError.
    """
    if text.isascii() and text.isdigit():
        return _of_number(int(text[:_LONGEST]), text)
    name = text.upper()
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in Signals.__members__:
        near = get_close_matches(name, Signals.__members__, n=3)
        hint = f"similar: {', '.join(near)}" if near else "`kill -l` lists them: TERM, KILL, HUP, 9"
        raise UsageError(f"{text!r} is not a signal", hint=hint)
    return _of_number(Signals[name].value, text)


def _of_number(number: int, text: str) -> str:
    if not 0 < number <= _HIGHEST:
        raise UsageError(
            f"{text!r} is not a signal", hint=f"use a name, or a number from 1 to {_HIGHEST}"
        )
    try:
        name = Signals(number).name
    except ValueError:
        return str(number)
    return str(number) if name in _REAL_TIME else name


def at_once(number: int) -> None:
    """End this process by a signal, as if nobody had asked for it to be heeded.

    What has to be put in order after `kill -9` is put in order then, too.
    """
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def ending_of(exit_code: int) -> str:
    """`exit code 7`, with the signal behind it where there was one: `exit code 137 (SIGKILL)`."""
    try:
        name = Signals(exit_code - 128).name
    except ValueError:
        return f"exit code {exit_code}"
    return f"exit code {exit_code} ({name})"
