"""What several reads share: one document instead of rows, lists of the whole host, near names."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from kuke_ctr.backends.ctr.tables import ListCall, R, fetch
from kuke_ctr.commands.shared.lists import no_all_realms, note_filters, print_raw, show, view_of
from kuke_ctr.errors import KukeCtrError, NotFound, Unreadable, UsageError
from kuke_ctr.names import nearest
from kuke_ctr.processes.calls import Result, mask
from kuke_ctr.records import RowsRefused
from kuke_ctr.render import Output, choose_output, print_lines, to_json, to_yaml
from kuke_ctr.session import OpenRealm, Session, note

_SHOWN = 5
_DOCUMENT = (Output.TABLE, Output.WIDE, Output.JSON, Output.JSONL, Output.YAML, Output.RAW)


def document_form(session: Session) -> Output:
    """The form of one document: json (the default), jsonl, yaml or raw; UsageError for others."""
    options = session.options
    form = choose_output(options.output, options.quiet)
    if form not in _DOCUMENT or options.columns or options.sort_by is not None:
        raise UsageError(
            "this prints one document, and has no rows, columns or names",
            hint="-o json, jsonl, yaml or raw",
        )
    return form


def print_document(result: Result, form: Output) -> None:
    """The JSON that ctr printed, in the form; Unreadable for what is no JSON."""
    if result.planned:
        return
    if form is Output.RAW:
        print_bytes(result)
        return
    try:
        value = json.loads(result.stdout.decode(errors="surrogateescape"))
    except ValueError as error:
        raise Unreadable(
            f"what ctr printed is no JSON: {error}",
            hint="-o raw shows what ctr printed",
            command=mask(result.argv),
        ) from None
    if form is Output.YAML:
        print_lines([to_yaml(value)])
    else:
        print_lines([to_json(value, indent=None if form is Output.JSONL else 2)])


def print_bytes(result: Result) -> None:
    """What ctr printed, byte for byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(result.stdout)


def only_raw(session: Session, what: str) -> None:
    """Raise UsageError where another form than ctr's own was asked for."""
    options = session.options
    if options.quiet or options.output not in (None, Output.RAW):
        raise UsageError(f"{what} comes as ctr prints it", hint="leave -o and -q out")


def list_host_table(
    session: Session, table: ListCall[R], record: type[R], flags: Sequence[str] = (), *, empty: str
) -> None:
    """Print a table of ctr's that is about the whole host, whatever the realm."""
    no_all_realms(session)
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
        note_filters(table, flags)


@contextmanager
def near_names(
    realm: OpenRealm,
    what: str,
    wanted: Sequence[str],
    names: Callable[[], Iterable[str]],
    list_by: str,
) -> Iterator[None]:
    """A NotFound inside becomes one that names what is missing, the realm and the nearest names.

    `what` is the kind of thing, `list_by` the noun of kuke-ctr whose `ls` shows all of them.
    """
    try:
        yield
    except NotFound as error:
        realm.require_namespace()
        existing = list(names())
        gone = [name for name in wanted if name not in existing]
        if not gone:
            raise
        raise missing(realm, what, gone, existing, list_by, error) from None


def missing(
    realm: OpenRealm,
    what: str,
    gone: Sequence[str],
    existing: Sequence[str],
    list_by: str,
    error: NotFound,
) -> NotFound:
    """The error for things that there are not, with the nearest ones that exist."""
    shown = nearest(gone[0], existing)[:_SHOWN]
    listed = realm.scope.line(list_by, "ls")
    if not shown:
        hint = f"this namespace has none ({listed})"
    else:
        more = f" and {len(existing) - len(shown)} more" if len(existing) > len(shown) else ""
        hint = f"there are: {', '.join(shown)}{more} ({listed})"
    return NotFound(
        f"there is no {what} {', '.join(gone)} in {realm.described}",
        hint=hint,
        command=error.command,
    )
