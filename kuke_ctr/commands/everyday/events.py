"""kuke-ctr events"""

import re
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain, islice
from typing import Annotated

import typer

from kuke_ctr.backends.ctr.events import stream
from kuke_ctr.columns import width
from kuke_ctr.commands.shared.lists import view_of
from kuke_ctr.commands.shared.option_table import EVERY_REALM, IN_REALM, row_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note, print_lines, show_error, show_refused
from kuke_ctr.errors import Interrupted, TimeLimit, UsageError
from kuke_ctr.parse.events import parse_event
from kuke_ctr.processes.calls import in_seconds
from kuke_ctr.records import Event, Listing, Refused, RowsRefused
from kuke_ctr.render import Output, View, cell, escape, render, to_json
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

# a table that is printed as it comes has no widest cell yet: most times and topics fit these
_WIDTHS = {"realm": 12, "at": 30, "namespace": 20, "topic": 22, "subject": 24}


@app.command()
@takes(IN_REALM, EVERY_REALM, row_options())
def events(
    session: Session,
    filters: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILTER", help='Filter of ctr, for example topic=="/tasks/exit"'),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TOPIC",
            help="End with the first event whose topic matches this regular expression.",
        ),
    ] = None,
) -> None:
    """Show what happens in a realm, as it happens: until Ctrl-C, or --until, or --timeout.

    Ctrl-C exits with 130; --timeout ends it with 0, or with 124 if the --until event did not come.
    json, yaml and --sort-by need --until or --timeout.

    Examples:

        kuke-ctr events -r main
        kuke-ctr events -A 'topic=="/tasks/exit"' -o jsonl

    Runs `ctr events namespace==NS,FILTER`, or `nerdctl events` with --backend nerdctl and without a
    FILTER. Records: Event.
    """
    options = session.options
    view = view_of(session, Event)
    wanted = _pattern(until)
    endless = until is None and options.timeout is None and options.replay is None
    if endless and (view.output in (Output.JSON, Output.YAML) or view.sort_by is not None):
        raise UsageError(
            "this form prints nothing before the end, and events have no end",
            hint="use -o jsonl, or set an end: --until TOPIC or --timeout 10s",
        )
    realms = session.realms()
    if not realms:
        note("this host has no realm, so there are no events to show")
        return
    if not options.all_realms:
        realms[0].require_namespace()
    watch = _Watch(session, realms, filters or (), wanted)
    if view.output is Output.RAW:
        watch.copy()
    else:
        for line in _as_they_come(watch.events(), view):
            print_lines([line])
            sys.stdout.flush()
    watch.report()


class _Watch:
    """The events of some realms, until the topic that was waited for."""

    def __init__(
        self,
        session: Session,
        realms: Sequence[OpenRealm],
        filters: Sequence[str],
        until: re.Pattern[str] | None,
    ) -> None:
        self._session = session
        self._names = {realm.namespace: realm.name for realm in realms}
        self._filters = filters
        self._until = until
        self._refused: list[Refused] = []
        self._ended_by: TimeLimit | Interrupted | None = None
        self._nerdctl = session.host.nerdctl_for("events", filters)

    def _lines(self) -> Generator[bytes, None, None]:
        limit = self._session.options.timeout or None
        if self._nerdctl is None:
            events = stream(self._session.ctr, list(self._names), self._filters, limit)
        else:
            from kuke_ctr.backends.nerdctl.events import stream as streamed  # late: mostly ctr

            events = streamed(self._nerdctl, list(self._names), limit)
        try:
            with closing(events) as lines:
                yield from lines
        except (TimeLimit, Interrupted) as error:  # what came before is printed all the same
            self._ended_by = error

    def copy(self) -> None:
        """Print what ctr prints."""
        sys.stdout.flush()
        with closing(self._lines()) as lines:
            for line in lines:
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
                event = self._event(line)
                if isinstance(event, Event) and self._ends(event):
                    return

    def events(self) -> Iterator[Event]:
        """Show the events of a realm as they happen, until Ctrl-C, --until or --timeout.

        Ctrl-C is exit code 130. --timeout is exit code 0, or 124 if the --until event did not come.
        json, yaml and --sort-by need --until or --timeout.

        Runs `ctr events namespace==NS,FILTER`. Records: Event.
        """
        with closing(self._lines()) as lines:
            for number, line in enumerate(lines, start=1):
                event = self._event(line, number)
                if isinstance(event, Refused):
                    show_refused(event)
                    self._refused.append(event)
                    continue
                if self._session.options.all_realms:
                    name = self._names.get(event.namespace)
                    yield event.model_copy(update={"realm": name})
                else:
                    yield event
                if self._ends(event):
                    return

    def _event(self, line: bytes, number: int = 1) -> Event | Refused:
        text = line.decode(errors="surrogateescape").removesuffix("\n")
        if self._nerdctl is None:
            return parse_event(text, number)
        from kuke_ctr.parse.nerdctl.events import parse_event as parse_nerdctls

        return parse_nerdctls(text, number)

    def _ends(self, event: Event) -> bool:
        return self._until is not None and self._until.search(event.topic) is not None

    def report(self) -> None:
        """Exit with what the end means, once everything is printed."""
        if isinstance(self._ended_by, Interrupted):
            raise typer.Exit(self._ended_by.exit_code)
        if self._refused:
            error = RowsRefused(Listing((), tuple(self._refused)))
            show_error(error)
            raise typer.Exit(error.exit_code)
        if self._ended_by is not None and self._until is not None:
            raise self._in_vain(self._until.pattern, self._ended_by)

    def _in_vain(self, topic: str, ended_by: TimeLimit) -> TimeLimit:
        """The wait was the user's: that nothing came does not mean that the daemon hangs."""
        limit = self._session.options.timeout
        within = "in time" if limit is None else f"within {in_seconds(limit)}"  # replayed: none
        return TimeLimit(
            f"no event with a topic that matches {topic!r} came {within}", command=ended_by.command
        )


def _pattern(until: str | None) -> re.Pattern[str] | None:
    if until is None:
        return None
    try:
        return re.compile(until)
    except re.error as error:
        raise UsageError(
            f"--until {until!r} is not a regular expression: {error}",
            hint="for example: --until /tasks/exit",
        ) from None


def _as_they_come(events: Iterable[Event], view: View) -> Iterator[str]:
    """The lines of the view, each as soon as there is one."""
    if view.output not in (Output.TABLE, Output.WIDE) or view.sort_by is not None:
        yield from render(events, view)
        return
    widths = [_WIDTHS.get(field, 0) for field in view.fields]

    def line(cells: Sequence[str]) -> str:
        for index, text in enumerate(cells):
            widths[index] = max(widths[index], width(text))
        padded = (
            text + " " * (space - width(text)) for text, space in zip(cells, widths, strict=True)
        )
        return "  ".join(padded).rstrip()

    rows = iter(events)
    first = list(islice(rows, 1))  # a failure comes before the header
    if view.headers:
        yield line([field.upper() for field in view.fields])
    for event in chain(first, rows):
        yield line([_cell(event, field) for field in view.fields])


def _cell(event: Event, field: str) -> str:
    if field == "event":
        return escape(to_json(event.event))
    return cell(field, getattr(event, field), event)
