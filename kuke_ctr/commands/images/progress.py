"""--progress: the line that shows how far a transfer is."""

from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Annotated

import typer

from kuke_ctr.columns import shortened, width
from kuke_ctr.commands.shared.output import note
from kuke_ctr.parse.units import in_units
from kuke_ctr.processes.meanwhile import Meanwhile
from kuke_ctr.recipes.transfer_progress import Follows, Moment
from kuke_ctr.render import escape
from kuke_ctr.session import Session
from kuke_ctr.terminals.steady_line import SteadyLine
from kuke_ctr.terminals.user_terminal import is_terminal

_EVERY = 0.25
_FIRST = 0.5
"""Seconds: what is done sooner has no line, and what is done at once no flicker."""
_IN_A_LOG = 5.0
"""Seconds between two lines where there is no terminal."""
_SHORTEST = 8
"""Columns that are worth a shortened name."""


class When(StrEnum):
    """Whether progress is shown; `auto`: on a terminal, without -q."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"


ShowProgress = Annotated[
    When,
    typer.Option(
        "--progress", help="Show progress on stderr; auto: if that is a terminal, without -q."
    ),
]


def is_wanted(session: Session, when: When) -> bool:
    """Whether progress is shown here."""
    if when is When.AUTO:
        return is_terminal(2) and not session.options.quiet
    return when is When.ALWAYS


def progress_of(
    session: Session, when: When, what: str, follows: Callable[[], Follows]
) -> Meanwhile | None:
    """Who draws the line of a transfer (`what`: `importing app.tar`); None where none is wanted."""
    if not is_wanted(session, when):
        return None
    return _Shown(what, follows())


class _Shown:
    """Draws the line on a terminal, and prints one now and then where stderr is none."""

    def __init__(self, what: str, follows: Follows) -> None:
        self._what = what
        self._follows = follows
        self._line = SteadyLine(2, width) if is_terminal(2) else None
        self._next = _FIRST
        self.every = _EVERY

    def look(self, pid: int, stdout: int) -> None:
        now = self._follows.moment(pid, stdout)
        if now.seconds < self._next:
            return
        if self._line is not None:
            self._line.draw(lambda room: line_of(self._what, now, room))
            return
        self._next = now.seconds + _IN_A_LOG
        with suppress(OSError):  # nobody reads it: the transfer goes on
            note(line_of(self._what, now))

    def over(self) -> None:
        if self._line is not None:
            self._line.clear()


def line_of(what: str, now: Moment, room: int | None = None) -> str:
    """`importing app.tar: 312.4 MiB of 700.0 MiB (44 %), 71.2 MiB/s, 4 s`, or as much as fits."""
    what = escape(what)
    lines = [f"{what}: {', '.join(parts)}" for parts in _forms(now)]
    fits = next((line for line in lines if room is None or width(line) <= room), None)
    if fits is not None or room is None:
        return fits or lines[0]
    rest = lines[-1].removeprefix(what)
    if width(rest) + _SHORTEST > room:
        return shortened(rest.removeprefix(": "), room)
    return shortened(what, room - width(rest)) + rest


def _forms(now: Moment) -> list[list[str]]:
    """What is to be told, the whole and then ever less."""
    seconds = _duration(now.seconds)
    if now.unpacking is not None:
        whole = f"unpacking {escape(now.unpacking)}".rstrip()
        return [[whole, seconds], ["unpacking", seconds]]
    blobs = [] if now.blobs is None else [f"{now.blobs[0]} of {now.blobs[1]} blobs"]
    if now.done is None:
        return [[*blobs, seconds], [seconds]]
    done = whole = in_units(now.done)
    if now.total:
        whole = f"{done} of {in_units(now.total)} ({100 * now.done // now.total} %)"
    rate = [f"{in_units(round(now.rate))}/s"] if now.rate else []
    return [[*blobs, whole, *rate, seconds], [whole, *rate, seconds], [whole, seconds], [done]]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
