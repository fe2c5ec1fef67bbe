"""The lists that ctr prints as tables: run for several namespaces side by side, and read."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.filters import Fields, check, hint_for_unparsed
from kuke_ctr.errors import KukeCtrError, Reason, Unreadable
from kuke_ctr.processes.calls import Call, Result, mask
from kuke_ctr.records import Listing, Record, Refused, RowsRefused

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=Record)


class ListCall(NamedTuple, Generic[R]):
    """A list: `words` are ctr's (`images ls`), `parse` reads its lines.

    `name_of` gives what `-q` prints for a record where the table must be checked against that: a
    label may hold a newline and a line that looks like a row, and the names tell such a row from a
    real one; `names_by` are the words that print them where those are not the list's own and -q.
    `order` sorts the records where ctr's own order is random. `explain` adds what ctr said on
    stderr to the records: then a table is an answer whatever the exit code is. `filter_by` are
    the fields of a list that takes filters.
    """

    words: tuple[str, ...]
    parse: Callable[[Iterable[str]], Iterator[R | Refused]]
    name_of: Callable[[R], str] | None = None
    order: Callable[[R], str] | None = None
    names_by: tuple[str, ...] | None = None
    explain: Callable[[tuple[R, ...], bytes], tuple[R, ...]] | None = None
    filter_by: Fields | None = None


def fetch(
    ctr: Ctr,
    table: ListCall[R],
    namespaces: Sequence[str | None],
    flags: Sequence[str] = (),
    *,
    probe: bool = False,
) -> list[Listing[R] | KukeCtrError]:
    """The table of each namespace (None: a call without `-n`), side by side, in their order.

    `flags` stand after the verb, filters among them. An error of one namespace stands in its place.
    A `probe` runs in a dry run too. Raises UsageError for a filter that compares nothing.
    """
    check(table.filter_by, flags)
    answers = dict(enumerate(_fetch_once(ctr, table, namespaces, flags, probe)))
    # an image may come or go between the two calls: only a difference that stays is one
    again = [i for i, answer in answers.items() if isinstance(answer, _Differs)]
    if again:
        answers.update(
            zip(
                again,
                _fetch_once(ctr, table, [namespaces[i] for i in again], flags, probe),
                strict=True,
            )
        )
    return [answers[i] for i in range(len(namespaces))]


def fetch_both(
    ctr: Ctr,
    one: ListCall[R],
    other: ListCall[S],
    namespaces: Sequence[str],
    *,
    probe: bool = False,
) -> tuple[list[Listing[R] | KukeCtrError], list[Listing[S] | KukeCtrError]]:
    """Two tables of each namespace, all side by side; of tables that need no check by names."""
    assert one.name_of is None
    assert other.name_of is None
    calls = [
        ctr.call(*words, namespace=namespace, probe=probe)
        for words in (one.words, other.words)
        for namespace in namespaces
    ]
    results = ctr.processes.run_all(calls)
    first, second = results[: len(namespaces)], results[len(namespaces) :]
    return (
        [_read(ctr, one, [result], ()) for result in first],
        [_read(ctr, other, [result], ()) for result in second],
    )


def whole(answer: Listing[R] | KukeCtrError) -> tuple[R, ...]:
    """The records of an answer; raises what was wrong with it, a refused row too."""
    if isinstance(answer, KukeCtrError):
        raise answer
    if answer.refused:
        raise RowsRefused(answer)
    return answer.records


def _fetch_once(
    ctr: Ctr,
    table: ListCall[R],
    namespaces: Sequence[str | None],
    flags: Sequence[str],
    probe: bool,
) -> list[Listing[R] | KukeCtrError]:
    checked = table.name_of is not None and (probe or not ctr.processes.dry_run)
    calls: list[Call] = []
    for namespace in namespaces:
        calls.append(ctr.call(*table.words, *flags, namespace=namespace, probe=probe))
        if checked:
            names_by = table.names_by or (*table.words, "-q")
            calls.append(ctr.call(*names_by, *flags, namespace=namespace, probe=probe))
    results = ctr.processes.run_all(calls)
    step = 2 if checked else 1
    return [_read(ctr, table, results[i : i + step], flags) for i in range(0, len(results), step)]


def _read(
    ctr: Ctr, table: ListCall[R], results: Sequence[Result], flags: Sequence[str]
) -> Listing[R] | KukeCtrError:
    try:
        first = results[0]
        if table.explain is None or not first.stdout:
            checked(ctr, table, first, flags)
        names = [ctr.checked(result) for result in results[1:]]
        found = read(ctr, table, first)
    except KukeCtrError as error:
        return error
    if names and table.name_of is not None:
        difference = _difference(found, table.name_of, names[0])
        if difference:
            return _Differs(difference, command=mask(first.argv))
    return found


def checked(ctr: Ctr, table: ListCall[R], result: Result, flags: Sequence[str]) -> Result:
    """As `ctr.checked`; an error about a filter among the flags says how one is written."""
    try:
        return ctr.checked(result)
    except KukeCtrError as error:
        if error.reason is Reason.WRONG_FILTER:
            raise error.but(hint=hint_for_unparsed(table.filter_by, flags)) from None
        raise


def read(ctr: Ctr, table: ListCall[R], result: Result) -> Listing[R]:
    """The records in what ctr printed; a header that does not fit names ctr's version."""
    try:
        found = listing(table.parse(lines_of(result.stdout)))
    except Unreadable as error:
        raise Unreadable(
            f"{ctr.version()}: {error.message}", hint=error.hint, command=mask(result.argv)
        ) from None
    records = found.records
    if table.explain is not None:
        records = table.explain(records, result.stderr)
    if table.order is not None:
        records = tuple(sorted(records, key=table.order))
    return Listing(records, found.refused)


def listing(rows: Iterable[R | Refused]) -> Listing[R]:
    """Parsed rows, the good ones and the refused ones apart."""
    records: list[R] = []
    refused: list[Refused] = []
    for row in rows:
        if isinstance(row, Refused):
            refused.append(row)
        else:
            records.append(row)
    return Listing(tuple(records), tuple(refused))


class _Differs(Unreadable):
    def __init__(self, difference: str, *, command: tuple[str, ...]) -> None:
        super().__init__(
            "the rows that ctr printed do not match the names that it printed with -q: "
            f"{difference}",
            hint="a label with a line break can look like a row or hide one; -o raw shows "
            "what ctr printed",
            command=command,
        )


def _difference(found: Listing[R], name_of: Callable[[R], str], names: Result) -> str:
    """Which names only one of the two calls printed, in words; empty where they agree."""
    listed = Counter(line for record in found.records for line in name_of(record).split("\n"))
    named = Counter(lines_of(names.stdout))
    forged = sorted((listed - named).elements())
    # a refused row is shown by itself, with its text: its name is not hidden
    hidden = sorted((named - listed).elements()) if not found.refused else []
    parts = []
    if forged:
        parts.append("only in the table: " + ", ".join(map(repr, forged[:5])))
    if hidden:
        parts.append("only with -q: " + ", ".join(map(repr, hidden[:5])))
    return "; ".join(parts)
