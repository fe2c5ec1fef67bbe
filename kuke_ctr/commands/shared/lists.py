"""What every `ls` does: read the realms' tables, print the records, say what could not be read."""

import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import typer

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.filters import check
from kuke_ctr.backends.ctr.tables import ListCall, R, checked, fetch
from kuke_ctr.commands.shared.output import note, print_lines, show_error, show_refused
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.processes.calls import Call
from kuke_ctr.records import Listing, Record, RowsRefused
from kuke_ctr.render import WHOLE, Output, View, make_view, needed, render
from kuke_ctr.session import OpenRealm, Session

if TYPE_CHECKING:
    from kuke_ctr.backends.nerdctl.client import Nerdctl

More = Callable[[OpenRealm, list[R], Collection[str]], list[R]]
"""Takes the rows of a realm and the fields that are wanted of them; gives rows that have those."""


def list_realms_table(
    session: Session,
    table: ListCall[R],
    record: type[R],
    flags: Sequence[str] = (),
    *,
    when_empty: Callable[[OpenRealm], str],
    elsewhere: Callable[[OpenRealm, Sequence[str]], str | None] = lambda realm, filters: None,
    more: More[R] | None = None,
    beside: Callable[[Sequence[OpenRealm]], Iterable[Call]] = lambda realms: (),
) -> Sequence[OpenRealm]:
    """Print ctr's table of the realms that the options mean, in the form that they ask for.

    Gives the realms whose records were printed: none for ctr's own table or a dry run. `more` finds
    out what the table does not say, as far as the form shows it. `elsewhere` says where else
    something matches filters that nothing in the realm matches. `beside` are calls that will be run
    once the list is shown: they are asked while ctr makes the list.
    """
    view = view_of(session, record)
    realms = session.realms()
    if view.output is Output.RAW:
        words = " ".join(table.words)
        spaces = [realm.namespace for realm in realms]
        print_raw(session.ctr, table, spaces, flags, session.host.nerdctl_for(words, flags))
        return ()
    wanted = needed(record, view)
    session.ctr.processes.ask_beside(beside(realms))
    rows, errors = rows_of(
        session,
        table,
        realms,
        flags,
        more and (lambda realm, rows: more(realm, rows, wanted)),
        wanted,
    )
    if session.options.dry_run:
        return ()
    show(session, view, rows, errors)
    if rows or errors:
        return realms
    filters = [word for word in flags if not word.startswith("-")]
    if session.options.all_realms:
        note(f"none of the {len(realms)} realms has any (`kuke-ctr realms ls` lists the realms)")
    elif filters:
        there = elsewhere(realms[0], filters)
        also = f"; {there}" if there is not None else ""
        note(f"nothing in {realms[0].described} matches {', '.join(filters)}{also}")
    else:
        note(when_empty(realms[0]))
    return realms


def rows_of(
    session: Session,
    table: ListCall[R],
    realms: Sequence[OpenRealm],
    flags: Sequence[str] = (),
    more: Callable[[OpenRealm, list[R]], list[R]] | None = None,
    wanted: Collection[str] | None = None,
) -> tuple[list[R], list[KukeCtrError]]:
    """The rows of ctr's table of these realms, and what could not be read; nothing in a dry run.

    Under -A each row has its realm's name; of one realm alone any error but RowsRefused is raised.
    `more` completes the rows of a realm; `wanted` are the fields that are needed (None: all).
    """
    return rows_in(
        session,
        realms,
        session.host.fetch(table, [realm.namespace for realm in realms], flags, wanted),
        more,
    )


def rows_in(
    session: Session,
    realms: Sequence[OpenRealm],
    answers: Sequence[Listing[R] | KukeCtrError],
    more: Callable[[OpenRealm, list[R]], list[R]] | None = None,
) -> tuple[list[R], list[KukeCtrError]]:
    """The same of tables that were fetched already, one for each realm."""
    if session.options.dry_run:
        return [], []
    if session.options.all_realms:
        return _gather(realms, answers, more)
    return _good_rows(realms[0], answers[0], more)


def view_of(session: Session, record: type[Record], *, with_realm: bool = False) -> View:
    """The view that the options ask for; wrong usage is found before anything starts."""
    options = session.options
    return make_view(
        record,
        output=options.output,
        quiet=options.quiet,
        columns=options.columns,
        sort_by=options.sort_by,
        headers=options.headers,
        with_realm=options.all_realms or with_realm,
        with_host=session.receiver is not None,
    )


def show(
    session: Session, view: View, rows: Sequence[Record], errors: Sequence[KukeCtrError] = ()
) -> None:
    """Print the rows, then what could not be read; the exit code is that of the worst error."""
    refused = [
        row for error in errors if isinstance(error, RowsRefused) for row in error.listing.refused
    ]
    if not refused or session.options.partial or view.output not in WHOLE:
        if session.receiver is not None:
            session.receiver.rows(view, rows)
        else:
            print_lines(render(rows, view))
            sys.stdout.flush()
    for row in refused:
        show_refused(row)
    if errors:
        from kuke_ctr.commands.shared.hints import scoped  # late: most lists can be read

        failed = show_error if session.receiver is None else session.receiver.failed
        for error in errors:
            failed(scoped(error, session.options))
        raise typer.Exit(max(error.exit_code for error in errors))


def print_raw(
    ctr: Ctr,
    table: ListCall[R],
    namespaces: Sequence[str | None],
    flags: Sequence[str] = (),
    nerdctl: "Nerdctl | None" = None,
) -> None:
    """What ctr itself prints, byte for byte, one namespace after the other; or nerdctl."""
    if nerdctl is not None:
        from kuke_ctr.backends.nerdctl.lists import raw_outputs  # late: mostly ctr serves

        sys.stdout.flush()
        sys.stdout.buffer.writelines(raw_outputs(nerdctl, table, namespaces))
        return
    check(table.filter_by, flags)
    calls = [ctr.call(*table.words, *flags, namespace=namespace) for namespace in namespaces]
    for result in ctr.processes.run_all(calls):
        sys.stdout.flush()
        sys.stdout.buffer.write(checked(ctr, table, result, flags).stdout)


def _gather(
    realms: Sequence[OpenRealm],
    answers: Sequence[Listing[R] | KukeCtrError],
    more: Callable[[OpenRealm, list[R]], list[R]] | None,
) -> tuple[list[R], list[KukeCtrError]]:
    """The rows of several realms, each with its realm's name, and what went wrong."""
    rows: list[R] = []
    errors: list[KukeCtrError] = []
    for realm, answer in zip(realms, answers, strict=True):
        try:
            good, wrong = _good_rows(realm, answer, more)
        except KukeCtrError as error:
            good, wrong = [], [error]
        rows += [row.model_copy(update={"realm": realm.name}) for row in good]
        errors += wrong
    return rows, errors


def _good_rows(
    realm: OpenRealm,
    answer: Listing[R] | KukeCtrError,
    more: Callable[[OpenRealm, list[R]], list[R]] | None,
) -> tuple[list[R], list[KukeCtrError]]:
    """The rows that could be read, and the error about the others; any other error is raised."""
    errors: list[KukeCtrError] = []
    try:
        rows = list(realm.records_of(answer))
    except RowsRefused as error:
        rows = list(answer.records) if isinstance(answer, Listing) else []
        errors = [error]
    return (rows if more is None else more(realm, rows)), errors


def list_host_table(
    session: Session, table: ListCall[R], record: type[R], flags: Sequence[str] = (), *, empty: str
) -> None:
    """Print a table of ctr's that is about the whole host, whatever the realm."""
    view = view_of(session, record)
    if view.output is Output.RAW:
        print_raw(session.ctr, table, [None], flags)
        return
    (answer,) = fetch(session.ctr, table, [None], flags)
    if session.options.dry_run:
        return
    if isinstance(answer, KukeCtrError):
        raise answer
    show(session, view, answer.records, [RowsRefused(answer)] if answer.refused else [])
    if not answer.records and not answer.refused:
        note(empty)
