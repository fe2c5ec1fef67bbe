"""What kuketty.log says: how far kuketty has come before it holds the terminal.

A line is `2026-11-26T17:09:12Z INFO "running create stage" index=0`. Each start of the container
appends to the file, so that only its end counts. Root of the container may write anything there.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

_LINE = re.compile(r'(\S{1,40}) [A-Z]+ (?:"((?:[^"\\]|\\.)*)"|(\S+)) ?(.*)')
_VALUE = r'(?:^|\s){}=("(?:[^"\\]|\\.)*"|\S+)'
_SHOWN = 200


class State(Enum):
    """SETTING_UP: repositories are fetched and stages run; FAILED: one of them has, and kuketty
    ends; OVER: it has gone on to the terminal."""

    SETTING_UP = auto()
    FAILED = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far kuketty is, and in words what it said last of that."""

    state: State
    text: str = ""


def progress_of(text: str) -> Progress | None:
    """What the last line of kuketty.log says; None where there is none that can be read."""
    for line in reversed(text.splitlines()):
        found = _LINE.fullmatch(line.rstrip())
        if found is not None:
            return _progress(found[1], found[2] or found[3], found[4])
    return None


_SAID = {
    "running create stage": (
        State.SETTING_UP,
        "create stage {index} has been running since {time}",
    ),
    "create stage completed": (State.SETTING_UP, "create stage {index} ended at {time}"),
    "create stage failed": (State.FAILED, "create stage {index} failed at {time}: {error}"),
    "repo resolved": (State.SETTING_UP, "repository {repo} was fetched at {time}"),
    "repo resolution failed": (
        State.SETTING_UP,
        "repository {repo} could not be fetched at {time}: {error}",
    ),
}
"""What kuketty says before it holds the terminal; all else comes after that."""


def _progress(time: str, message: str, values: str) -> Progress:
    if message not in _SAID:
        return Progress(State.OVER)
    state, said = _SAID[message]
    if _value(values, "required") == "true" and "error" in said:
        state = State.FAILED
    named = {key: _value(values, key) for key in ("index", "repo", "error")}
    return Progress(state, said.format(time=time, **named))


def _value(values: str, key: str) -> str:
    found = re.search(_VALUE.format(key), values)
    value = found[1] if found is not None else "?"
    return (value[1:-1] if value.startswith('"') else value)[:_SHOWN]
