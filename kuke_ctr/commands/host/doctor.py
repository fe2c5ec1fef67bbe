"""kuke-ctr doctor"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

import typer

from kuke_ctr.columns import terminal_width
from kuke_ctr.commands.shared.confirm import counted
from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import CALLS, FLEET, FORMS, ONE_REALM, row_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note, print_lines
from kuke_ctr.errors import FoundWrong
from kuke_ctr.recipes.doctor import judge
from kuke_ctr.recipes.doctor.facts import Facts
from kuke_ctr.recipes.doctor.gather import gather
from kuke_ctr.records import Finding, Severity
from kuke_ctr.render import Output, escape, use_colour
from kuke_ctr.session import Session

app = typer.Typer()

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_INDENT = 11
_COMMAND = re.compile("`[^`]*`")
_NO_BREAK = "\0"
"""Stands for a space of a command, which stays in one line: to be pasted. No message has it."""

_NARROWEST = 20
"""Columns of text; below that a terminal wraps as well as we could."""


@app.command("doctor")
@takes(ONE_REALM, CALLS, row_options(*FORMS), FLEET)
def doctor(session: Session) -> None:
    """Look for what is wrong on this host: each finding with what showed it, and what mends it.

    ctr and containerd, Kukeon's daemon, realms and their records, cells, images, containers, tasks,
    snapshots, leases. Nothing is changed. Exit code 5 if there is an error or a warning; an info is
    none. Without containerd it reports what the files say.

    Examples:

        kuke-ctr doctor
        kuke-ctr doctor -r main -o json

    Runs `ctr version`, `ctr namespaces ls -q` and in every realm `ctr images ls`, `content ls`,
    `containers ls`, `tasks ls`, `snapshots ls` and `leases ls`. Records: Finding.
    """
    view = view_of(session, Finding)
    facts = gather(session.host, session.options.realm)
    found = judge(facts)
    of_many = session.receiver is not None
    if view.output is Output.TABLE and not view.chosen and not of_many:
        print_lines(page(found, facts))
    else:
        if of_many and not found:
            note("nothing is wrong")
        show(session, view, found)
    if any(one.severity is not Severity.INFO for one in found):
        raise typer.Exit(FoundWrong.exit_code)


def page(found: Sequence[Finding], facts: Facts) -> Iterator[str]:
    """The findings for a person: by realm, the worst first, and at the end what was looked at."""
    room = terminal_width()
    for heading, group in groupby(found, lambda one: _heading(one, facts)):
        yield escape(heading)
        for one in group:
            yield from _shown(one, room)
        yield ""
    counts = [
        counted(number, str(kind))
        for kind in Severity
        if (number := sum(one.severity is kind for one in found))
    ]
    yield f"{', '.join(counts) or 'nothing is wrong'}; {looked_at(facts)}"


def _heading(one: Finding, facts: Facts) -> str:
    if one.realm is not None:
        own = next((r.namespace for r in facts.realms if r.name == one.realm), "?")
        return f"REALM {one.realm} (namespace {own})"
    return "HOST" if one.namespace is None else "OTHER NAMESPACES"


def _shown(one: Finding, room: int | None) -> Iterator[str]:
    severity = f"  {one.severity:<{_INDENT - 2}}"
    if use_colour():
        severity = f"\x1b[{_COLOURS[one.severity]}m{severity}\x1b[0m"
    first, *rest = _wrapped(one.message, room)
    yield severity + first
    yield from (" " * _INDENT + line for line in rest)
    if one.hint is not None:
        yield from (" " * _INDENT + line for line in _wrapped(f"hint: {one.hint}", room))
    for name, commands in (("fix: ", one.fix), ("seen: ", one.found_by)):
        for index, command in enumerate(commands):  # in one line: to be pasted
            yield " " * _INDENT + (name if index == 0 else " " * len(name)) + escape(command)


def _wrapped(text: str, room: int | None) -> list[str]:
    text = escape(text)
    if room is None or room - _INDENT < _NARROWEST:
        return [text]
    whole = _COMMAND.sub(lambda found: found[0].replace(" ", _NO_BREAK), text)
    lines = wrap(whole, room - _INDENT, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in lines]


def looked_at(facts: Facts) -> str:
    """What there was to look at, in one sentence."""
    if facts.daemon_error is not None and not facts.spaces:
        return f"looked at {counted(len(facts.realms), 'realm')} below {facts.run_path} only"
    if not facts.realms:
        return (
            f"there is no realm: no record below {facts.run_path}, no namespace named after one; "
            "looked at ctr and containerd only"
        )
    spaces = facts.spaces.values()
    kinds = ("images", "containers", "tasks", "snapshots", "leases")
    counts = [
        counted(sum(len(getattr(space, kind)) for space in spaces), kind[:-1]) for kind in kinds
    ]
    return f"looked at {counted(len(facts.realms), 'realm')}: {', '.join(counts)}"
