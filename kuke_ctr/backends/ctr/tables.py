"""The lists that ctr prints as tables: run for several namespaces side by side, and read."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.filters import Fields, check, hint_for_unparsed
from kuke_ctr.errors import KukeCtrError, Reason, Unreadable
from kuke_ctr.processes.calls import Call, Result, mask
from kuke_ctr.processes.runner import Processes
from kuke_ctr.records import Listing, Record, Refused, RowsRefused

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=Record)

LONG = 2000
"""A list of images with more names than this is asked for in shards: ctr takes 1 ms for each."""


class ListCall(NamedTuple, Generic[R]):
    """A list: `words` are ctr's (`images ls`), `parse` reads its lines.

    `name_of` gives what `-q` prints for a record where the table must be checked against that: a
    label may hold a newline and a line that looks like a row, and the names tell such a row from a
    real one; `names_by` are the words that print them where those are not the list's own and -q.
    `order` sorts the records where ctr's own order is random. `explain` adds what ctr said on
    stderr to the records: then a table is an answer whatever the exit code is. `filter_by` are
    the fields of a list that takes filters. `in_shards`: a long list is asked for in shards, by
    filters on `name`, which has to be what `name_of` gives.
    """

    words: tuple[str, ...]
    parse: Callable[[Iterable[str]], Iterator[R | Refused]]
    name_of: Callable[[R], str] | None = None
    order: Callable[[R], str] | None = None
    names_by: tuple[str, ...] | None = None
    explain: Callable[[tuple[R, ...], bytes], tuple[R, ...]] | None = None
    filter_by: Fields | None = None
    in_shards: bool = False


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
    answers = _fetch_once(ctr, table, namespaces, flags, probe)
    # an image may come or go between the calls: only a difference that stays is one
    again = [i for i, answer in enumerate(answers) if isinstance(answer, _Differs)]
    if again:
        whole = table._replace(in_shards=False)
        asked = _fetch_once(ctr, whole, [namespaces[i] for i in again], flags, probe)
        for i, answer in zip(again, asked, strict=True):
            answers[i] = answer
    return answers


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
    def ask(words: Sequence[str], namespace: str | None, filters: Sequence[str]) -> Call:
        return ctr.call(*words, *filters, namespace=namespace, probe=probe)

    if table.name_of is None or (ctr.processes.dry_run and not probe):
        results = ctr.processes.run_all([ask(table.words, one, flags) for one in namespaces])
        return [_read(ctr, table, [result], flags) for result in results]
    names_by = table.names_by or (*table.words, "-q")
    lists = [(partial(ask, table.words, one), ask(names_by, one, flags)) for one in namespaces]
    said = _run_with_names(ctr.processes, lists, flags, table.in_shards)
    return [_read(ctr, table, parts, flags, names) for parts, names in said]


def _run_with_names(
    processes: Processes,
    lists: Sequence[tuple[Callable[[Sequence[str]], Call], Call]],
    filters: Sequence[str],
    in_shards: bool,
) -> list[tuple[Sequence[Result], Result]]:
    """What each list prints, as a whole or in shards, and the names that the call beside it prints.

    A whole list starts together with its names, so that a short one waits for nothing; it is ended
    where there are many. All shards start at once: containerd chooses the rows at the start, and
    hardly anything changes between that and the names. A recording has the whole list: a replay
    may want it as it is, and cannot know how it was cut.
    """
    whole_only = not in_shards or processes.records or processes.replays
    shards: dict[int, list[Call]] = {}

    def spare(i: int, result: Result) -> Sequence[int]:
        number, names = divmod(i, 2)
        if whole_only or not names or result.exit_code != 0:
            return ()
        if result.stdout.count(b"\n") > LONG:
            from kuke_ctr.backends.ctr.shards import shards_of  # late: most lists are short

            known = list(lines_of(result.stdout))
            shards[number] = shards_of(lists[number][0], known, filters)
        return [i - 1] if shards.get(number) else []

    calls = [call for of_filters, names in lists for call in (of_filters(filters), names)]
    results = processes.run_needed(calls, spare)
    cut = [number for number in range(len(lists)) if results[2 * number] is None]
    parts = iter(processes.run_all([call for number in cut for call in shards[number]]))
    said = [[result] if result is not None else [] for result in results]
    for number in cut:
        said[2 * number] = list(islice(parts, len(shards[number])))
    return [(said[i], said[i + 1][0]) for i in range(0, len(said), 2)]


def _read(
    ctr: Ctr,
    table: ListCall[R],
    parts: Sequence[Result],
    flags: Sequence[str],
    names: Result | None = None,
) -> Listing[R] | KukeCtrError:
    """The records in what ctr printed, as one table or in shards, compared with the names."""
    try:
        for part in parts:
            if table.explain is None or not part.stdout:
                checked(ctr, table, part, flags)
        named = () if names is None else tuple(lines_of(ctr.checked(names).stdout))
        found = _joined([read(ctr, table, part) for part in parts])
    except KukeCtrError as error:
        return error
    if names is None or table.name_of is None:
        return found
    difference = _difference(found, table.name_of, named)
    # where a refused row stands is known in the whole list only
    if difference or (found.refused and len(parts) > 1):
        return _Differs(difference, command=mask(parts[0].argv))
    return found if len(parts) == 1 else _in_order(found, table.name_of, named)


def _joined(listings: Sequence[Listing[R]]) -> Listing[R]:
    if len(listings) == 1:
        return listings[0]
    return Listing(
        tuple(record for one in listings for record in one.records),
        tuple(row for one in listings for row in one.refused),
    )


def _in_order(found: Listing[R], name_of: Callable[[R], str], names: Sequence[str]) -> Listing[R]:
    """The records in the order of their names, which are these."""
    order = {name: number for number, name in enumerate(names)}
    records = sorted(found.records, key=lambda record: order[name_of(record).partition("\n")[0]])
    return Listing(tuple(records), found.refused)


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


def _difference(found: Listing[R], name_of: Callable[[R], str], names: Sequence[str]) -> str:
    """Which names only one of the two calls printed, in words; empty where they agree."""
    listed = Counter(line for record in found.records for line in name_of(record).split("\n"))
    named = Counter(names)
    forged = sorted((listed - named).elements())
    # a refused row is shown by itself, with its text: its name is not hidden
    hidden = sorted((named - listed).elements()) if not found.refused else []
    parts = []
    if forged:
        parts.append("only in the table: " + ", ".join(map(repr, forged[:5])))
    if hidden:
        parts.append("only with -q: " + ", ".join(map(repr, hidden[:5])))
    return "; ".join(parts)
