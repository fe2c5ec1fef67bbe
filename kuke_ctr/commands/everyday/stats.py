"""kuke-ctr stats"""

import sys
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from kuke_ctr.columns import GAP, terminal_width, width
from kuke_ctr.commands.shared.confirm import counted
from kuke_ctr.commands.shared.container_argument import several_containers
from kuke_ctr.commands.shared.lists import view_of
from kuke_ctr.commands.shared.option_table import EVERY_REALM, FORMS, IN_REALM, row_options
from kuke_ctr.commands.shared.option_values import seconds_of
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note, print_lines
from kuke_ctr.commands.shared.short_ids import ids_of
from kuke_ctr.errors import UsageError
from kuke_ctr.recipes.process_facts import seen_by_us
from kuke_ctr.recipes.stats import Key, Look, Looker, Pace, stats_of
from kuke_ctr.records import Stats
from kuke_ctr.render import Output, View, cell, escape, render
from kuke_ctr.session import Session
from kuke_ctr.terminals.live_screen import LiveScreen, Woken, can_be_live

if TYPE_CHECKING:
    from kuke_ctr.recipes.nerdctl_stats import NerdctlLooker

app = typer.Typer()

_SHORTEST = 0.1
_GIVE_WAY = (
    ("network_received_bytes", "network_sent_bytes"),
    ("io_read_bytes", "io_write_bytes"),
)
"""The columns that a narrow terminal leaves out, these first, so that names stay whole."""
_OF_ALL = (Output.JSON, Output.YAML)

Containers = Annotated[
    list[str] | None, several_containers("ID", "; default: all that run, also those to come")
]


@app.command("stats")
@takes(IN_REALM, EVERY_REALM, row_options(*FORMS))
def stats(
    session: Session,
    names: Containers = None,
    no_stream: Annotated[
        bool, typer.Option("--no-stream", help="Print the values of one interval, and end.")
    ] = False,
    interval: Annotated[
        str | None,
        typer.Option(
            metavar="SECONDS",
            help="Time between two looks (default: 1, or longer with many containers).",
        ),
    ] = None,
) -> None:
    """Show the CPU, memory, processes and I/O of containers while they run.

    On a terminal a table that is kept up to date until q or Ctrl-C; in a pipe a line of JSON for
    each container and interval. CPU % is over the last interval, 100 for each processor. MEMORY is
    without the cache that the kernel takes back first. READ and WRITE (disk) and NET IN and OUT
    count from the start. NET needs root; the containers of a cell share one network.

    Examples:

        kuke-ctr stats -r main
        kuke-ctr stats -r main web --no-stream -o json

    Runs `ctr tasks ls` and `ctr tasks metrics --format json ID` of each, or with --backend nerdctl
    `nerdctl ps`, `nerdctl container inspect` and `nerdctl stats`. Records: Stats.
    """
    seconds = _interval(interval)
    view = view_of(session, Stats)
    # recordings do not go on, and a dry run only tells
    once = no_stream or session.options.dry_run or session.options.replay is not None
    if view.output in _OF_ALL and not once:
        raise UsageError(
            f"-o {view.output} prints nothing before the end, and stats goes on until Ctrl-C",
            hint="add --no-stream, or use -o jsonl",
        )
    shown = _Shown(session, view, names or (), seconds)
    if not shown.realms:
        note("this host has no realm, so there are no containers to show")
    elif once:
        shown.once()
    elif shown.live:
        shown.keep_up_to_date()
    else:
        shown.go_on()


def _interval(text: str | None) -> float | None:
    seconds = seconds_of(text, "--interval")
    if seconds is not None and seconds < _SHORTEST:
        raise UsageError(
            f"--interval {text} is too short", hint=f"use {_SHORTEST:g} seconds or more"
        )
    return seconds


def fitting(rows: Sequence[Stats], view: View, room: int | None) -> View:
    """The table's view with as many columns as have room beside whole names."""
    if room is None or view.output is not Output.TABLE or view.chosen:
        return view
    headings = Stats.headings
    spaces = {
        field: len(headings[field])
        if field in headings
        else max((width(cell(field, getattr(row, field), row)) for row in rows), default=0)
        for field in view.fields
    }
    for fields in _GIVE_WAY:
        if sum(spaces.values()) + GAP * (len(spaces) - 1) <= room:
            break
        spaces = {field: space for field, space in spaces.items() if field not in fields}
    return view._replace(fields=tuple(spaces))


class _Shown:
    """The values of some containers, and how they are shown."""

    def __init__(
        self, session: Session, view: View, words: Sequence[str], interval: float | None
    ) -> None:
        self._view = view
        self._held: dict[str, None] | None = None
        self._session = session = Session(session.options, self._remark, session.tell)
        self.realms = (session.realm(),) if words else session.realms()
        self._names = {realm.namespace: realm.name for realm in self.realms}
        self._interval = interval
        self._looker = self._looker_at(ids_of(self.realms[0], words) if words else None)
        self._problems: set[str] = set()

    def _looker_at(self, chosen: Collection[str] | None) -> "Looker | NerdctlLooker":
        session, spaces = self._session, list(self._names)
        nerdctl = session.host.nerdctl_for("stats")
        if nerdctl is not None:
            from kuke_ctr.recipes.nerdctl_stats import NerdctlLooker  # late: mostly ctr serves

            return NerdctlLooker(nerdctl, spaces, chosen)
        here = session.options.replay is None and seen_by_us(session.host.settings.socket)
        return Looker(session.ctr, spaces, chosen, here=here)

    @property
    def live(self) -> bool:
        """Whether the terminal shows one table: traces would stand in the middle of it."""
        table = self._view.output in (Output.TABLE, Output.WIDE)
        return table and not self._session.options.trace and can_be_live()

    def once(self) -> None:
        """Print the values of one interval."""
        before = self._first()
        if self._session.options.dry_run:
            return
        if self._looker.looks_needed == 1:
            self._print(self._rows(before, {}), self._view)
            return
        replays = self._session.options.replay is not None
        seconds = 1.0 if self._interval is None else self._interval
        if before and not replays:
            time.sleep(seconds)
        now = self._looker.look() if before else before
        self._print(self._rows(now, before, seconds if replays else None), self._view)

    def go_on(self) -> None:
        """Print the values of each interval, without an end."""
        view = self._view
        if self._session.options.output is None and view.output is Output.TABLE:
            view = view if sys.stdout.isatty() else view._replace(output=Output.JSONL)
        pace = Pace(self._interval)
        before = self._first()
        if self._looker.looks_needed == 1:
            self._print(self._rows(before, {}), view)
            view = view._replace(headers=view.headers and view.output is not Output.CSV)
        while True:
            time.sleep(max(0.0, pace.next() - time.monotonic()))
            now = self._looker.look()
            self._print(self._rows(now, before), view)
            if view.output is Output.CSV:
                view = view._replace(headers=False)
            before = now

    def keep_up_to_date(self) -> None:
        """Show a table on the terminal until the user leaves."""
        pace = Pace(self._interval)
        before: Mapping[Key, Look] = {}
        now = self._first(live=True)
        self._held = {}
        try:
            with LiveScreen() as screen:
                self._session.ctr.processes.heed = screen.heed
                while self._stays(screen, self._rows(now, before), pace):
                    before, now = now, self._looker.look()
        finally:
            self._session.ctr.processes.heed = tuple
            held, self._held = self._held, None
            for text in held:
                note(text)

    def _stays(self, screen: LiveScreen, rows: Sequence[Stats], pace: Pace) -> bool:
        """Show the values until it is time for others; False where the user leaves."""
        until = pace.next()
        while True:
            screen.draw(self._page(rows, pace.interval))
            woken = screen.wait(until)
            if woken is not Woken.RESIZED:
                return woken is Woken.TIME

    def _page(self, rows: Sequence[Stats], interval: float) -> list[str]:
        every = f"every {interval:.1f} s".replace(".0 ", " ")
        view = fitting(rows, self._view, terminal_width())
        more = "" if view == self._view else "(a wider window shows more columns)"
        head = f"{self._where}: {counted(len(rows), 'container')}, {every}; q quits"
        problems = [f"{row.id}: {row.problem}" for row in rows if row.problem]
        return [escape(head), more, *render(rows, view), *map(escape, problems)]

    @property
    def _where(self) -> str:
        one = not self._session.options.all_realms
        return self.realms[0].described if one else counted(len(self.realms), "realm")

    def _rows(
        self, now: Mapping[Key, Look], before: Mapping[Key, Look], seconds: float | None = None
    ) -> list[Stats]:
        at = datetime.now(UTC)
        rows = []
        for key, look in now.items():
            row = stats_of(key[1], look, before.get(key), at=at, seconds=seconds)
            if self._session.options.all_realms:
                row = row.model_copy(update={"realm": self._names[key[0]]})
            rows.append(row)
        return rows

    def _print(self, rows: Sequence[Stats], view: View) -> None:
        print_lines(render(rows, fitting(rows, view, terminal_width())))
        sys.stdout.flush()
        for row in rows:
            problem = f"{row.id}: {row.problem}"
            if row.problem and problem not in self._problems:
                self._problems.add(problem)
                note(problem)

    def _first(self, *, live: bool = False) -> Mapping[Key, Look]:
        """The first look. NotFound where the namespace does not exist: ctr lists that as empty."""
        found = self._looker.look()
        options = self._session.options
        if not found and not options.all_realms and not options.dry_run:
            self.realms[0].require_namespace()
            if not live:
                note(f"{self.realms[0].described} has no running task")
        return found

    def _remark(self, text: str) -> None:
        """Say it on stderr: while the terminal shows the table, once that is over."""
        if self._held is None:
            note(text)
        else:
            self._held[text] = None
