"""The tables that ctr prints with Go's text/tabwriter.

A column begins where its header begins, because tabwriter pads every cell of a column to one width.
That holds for one block of lines. A newline inside a cell (a label value may hold one) ends the
block: the row is cut, its tail stands on lines of its own, and the rows after it have other widths.
So the header alone is not believed:

- A row is read at the header's offsets only if padding stands before every column, each typed cell
  (digest, size, status ...) has its form, and, where ctr ends the last cell with a tab too
  (`Table.closed`), the line is exactly as long as the header. A tab or a newline in a cell leaves
  no other trace, but it changes that length.
- After a refused line a row that is not at the offsets is read only where `Table.proof` finds its
  typed cells, in one place of the line.
- In a closed table every whole line ends with padding: a refused line that does not is cut, and the
  line after it is its tail, whatever that looks like.
- A row whose length proves nothing is held back until the next line shows that it is no tail.

Content tables are padded with tabs instead of spaces: their cells are what stands between tabs.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from kuke_ctr.errors import Unreadable
from kuke_ctr.records import Record, Refused

R = TypeVar("R", bound=Record)

DIGEST = r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
SIZE = r"\d+(?:\.\d+)? ?(?:[KMGTPEZY]i?|k)?B"
NUMBER = r"\d+"
MEDIA_TYPE = r"[A-Za-z0-9][\w.+-]*/[\w.+-]+"
WORD = r"\S+"

_TAIL = "the tail of a cell with a line break"
_CUT = "its last cell may go on in the next line"


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its header. `form` is the pattern of a typed cell; None for any text."""

    header: str
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """A table: the columns that it needs, and what makes a record of a row.

    `build` gets the cells by their headers, and those of unknown columns apart. `closed`: ctr ends
    every row with a tab, so that all lines of a block have one length. `proof` finds a row by its
    typed cells alone: it has a group for each column but the first and the last.
    """

    columns: tuple[Column, ...]
    build: Callable[[Mapping[str, str], dict[str, str]], R]
    closed: bool = True
    proof: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class _Layout:
    """One printed header: names and starts of its columns, and the forms of the typed ones."""

    headers: tuple[str, ...]
    starts: tuple[int, ...]
    forms: tuple[tuple[int, re.Pattern[str]], ...]
    length: int | None
    tabs: bool


def read_table(table: Table[R], lines: Iterable[str]) -> Iterator[R | Refused]:
    """The records of a table's lines, and the lines that can't be read, in their order.

    No lines at all are no records. Raises Unreadable where the first line is not the header.
    """
    rest = iter(lines)
    first = next(rest, None)
    if first is None:
        return
    layout = _layout(table, first)
    held: tuple[Refused, R] | None = None
    broken = tail = False
    for number, line in enumerate(rest, start=2):
        cells = None if tail else _cells(table, layout, line, broken=broken)
        if cells is not None:
            if held is not None:
                yield held[1]
            held = (Refused(number, line, _CUT), _record(table, layout, cells))
            if len(line) == layout.length:  # whole for sure
                yield held[1]
                held = None
            continue
        if held is not None:
            yield held[1] if _starts_a_row(table, layout, line) else held[0]
            held = None
        yield Refused(number, line, _TAIL if tail else _reason(layout, line))
        broken = True
        tail = table.closed and not layout.tabs and not line.endswith(" ")
    if held is not None:
        yield held[1]


def _layout(table: Table[R], header: str) -> _Layout:
    tabs = "\t" in header
    names = sorted((column.header for column in table.columns), key=len, reverse=True)
    known = "|".join(map(re.escape, names))
    # a header may hold a space (CREATED AT): known ones first, then anything up to two spaces
    words = re.compile(rf"(?:{known})(?=\s|$)|\S+(?: (?!(?:{known})(?:\s|$))\S+)*")
    found = [(match.group(), match.start()) for match in words.finditer(header)]
    headers = tuple(name for name, _ in found)
    missing = [column.header for column in table.columns if column.header not in headers]
    if missing or len(set(headers)) != len(headers):
        raise Unreadable(
            f"the table has no column {' and '.join(missing) or 'of its own name'}; "
            f"its first line is {header[:200]!r}",
            hint="-o raw shows what ctr printed",
        )
    forms = {column.header: column.form for column in table.columns if column.form is not None}
    return _Layout(
        headers,
        tuple(start for _, start in found),
        tuple((i, re.compile(forms[name])) for i, name in enumerate(headers) if name in forms),
        len(header) if table.closed and header.endswith(" ") else None,
        tabs,
    )


def _cells(table: Table[R], layout: _Layout, line: str, *, broken: bool) -> list[str] | None:
    """The cells of a row in the header's order; None where they can't be told for sure."""
    if layout.length is None or len(line) == layout.length:
        cells = _between_tabs(layout, line) if layout.tabs else _at_offsets(layout, line)
        if cells is not None and all(form.fullmatch(cells[i]) for i, form in layout.forms):
            return cells
    if not broken or table.proof is None or len(layout.headers) != len(table.columns):
        return None
    return _proven(table, layout, line)


def _at_offsets(layout: _Layout, line: str) -> list[str] | None:
    starts = layout.starts
    if len(line) < starts[-1]:
        return None
    for start in starts[1:]:
        if line[start - 1] != " ":
            return None
    ends = (*starts[1:], None)
    return [line[start:end].rstrip(" ") for start, end in zip(starts, ends, strict=True)]


def _between_tabs(layout: _Layout, line: str) -> list[str] | None:
    cells = re.split(r"\t+", line.rstrip("\t"))
    return cells if len(cells) == len(layout.headers) else None


def _proven(table: Table[R], layout: _Layout, line: str) -> list[str] | None:
    """The cells that the typed ones prove: found in one place only, in a line that is not cut."""
    if table.proof is None or (layout.length is not None and not line.endswith(" ")):
        return None
    matches = list(table.proof.finditer(line))
    if len(matches) != 1:
        return None
    (match,) = matches
    first, last = line[: match.start()].rstrip(" "), line[match.end() :].strip(" ")
    if not first or not last or "  " in first or "  " in last:  # a tab becomes padding
        return None
    return [first, *match.groups(), last]


def _starts_a_row(table: Table[R], layout: _Layout, line: str) -> bool:
    """Whether a refused line begins like a row, but for its last cell: then it is no tail."""
    if table.proof is not None and table.proof.search(line):
        return True
    if layout.tabs:
        cells = re.split(r"\t+", line.rstrip("\t"))
        return len(cells) >= len(layout.headers) and all(
            form.fullmatch(cells[i]) for i, form in layout.forms if i < len(layout.headers) - 1
        )
    cells_before = _at_offsets(layout, line)
    return cells_before is not None and all(
        form.fullmatch(cells_before[i]) for i, form in layout.forms if i < len(cells_before) - 1
    )


def _reason(layout: _Layout, line: str) -> str:
    if layout.tabs:
        return f"it does not have {len(layout.headers)} cells of the right form"
    cells = _at_offsets(layout, line)
    if cells is None:
        return "its cells do not stand under the headers"
    for i, form in layout.forms:
        if not form.fullmatch(cells[i]):
            return f"{cells[i][:80]!r} is no {layout.headers[i]}"
    return "its last cell holds a tab or a line break"


def _record(table: Table[R], layout: _Layout, cells: list[str]) -> R:
    by_header = dict(zip(layout.headers, cells, strict=True))
    known = {column.header: by_header.pop(column.header) for column in table.columns}
    return table.build(known, by_header)
