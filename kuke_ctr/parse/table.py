"""The tables that ctr prints with Go's text/tabwriter, row by row.

The header tells where the columns begin, and `layout.py` whether a line is a whole row there. But a
cell may hold tabs and line breaks, and ctr prints them as they are:

- A tab becomes padding. Such a row is refused; the rows after it are where they were.
- A line break cuts the row. Its pieces are refused, and where the columns are after them is unknown
  until the typed cells of a row (digest, size ...) prove it. A table without enough typed cells
  (namespaces, containers) has no certain row after that.
- Where the piece of a first cell may stand, the line after it is a tail, whatever it looks like.
- A row that ends with free text is held back until the next line shows that it is not cut.

What nobody can tell from the table alone:

- a line break in a cell with something after it that is laid out like a row;
- blanks at the end of a cell, and after a broken row tabs too: as such a tab moves the columns, the
  next tabs in the same place look like spaces.

`ctr images ls -q` beside it shows that of references.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from kuke_ctr.parse.layout import (
    TEXT,
    Column,
    Layout,
    Nowhere,
    Offsets,
    Proof,
    Tabs,
    headers_of,
)
from kuke_ctr.records import Refused

R = TypeVar("R")

_PIECE = "it is a part of a row that was broken by a line break"
_TAIL = "it may be the end of a row that was broken by a line break"
_CUT = "its last cell may continue on the next line"
_UNPROVEN = "it follows a broken row, so the positions of its cells are not certain"
_NOWHERE = Nowhere()
_ESCAPE = b"\xff".decode(errors="surrogateescape")  # tabs after it are no tabs, up to the next one
_MOST_WAITING = 1000


class Table(NamedTuple, Generic[R]):
    """A table: the columns that it needs, and what makes a record of a row.

    `build` gets the cells in the order of `columns`, and those of other columns by their headers.
    `closed`: ctr prints a tab after the last cell too, so that the lines of a block are as long as
    each other.
    """

    columns: tuple[Column, ...]
    build: Callable[[list[str], dict[str, str]], R]
    closed: bool = True


class _Waiting(NamedTuple):
    """A line that is a row if a later one proves where the columns are, and if it is no tail."""

    number: int
    line: str
    is_tail: bool


class _Held(NamedTuple, Generic[R]):
    """A row that was read; the next line shows whether its last cell goes on there."""

    number: int
    line: str
    record: R


def read_table(table: Table[R], lines: Iterable[str]) -> Iterator[R | Refused]:
    """The records of a table's lines, and the lines that can't be read.

    `lines` were split at newlines only and have none; a carriage return at their ends is taken off
    if the header has one. No lines at all are no records. Raises Unreadable where the first line
    lacks a column.
    """
    rest = iter(lines)
    first = next(rest, None)
    if first is None:
        return
    if first.endswith("\r"):
        first, rest = first[:-1], (line.removesuffix("\r") for line in rest)
    yield from _Reader(table, first).read(rest)


class _Reader(Generic[R]):
    """Reads one table; what it keeps is what the next line decides."""

    def __init__(self, table: Table[R], header: str) -> None:
        found = headers_of(table.columns, header)
        names = [name for name, _ in found]
        known = {column.header: column.form for column in table.columns}
        forms = [known.get(name, TEXT) for name in names]
        self._build = table.build
        self._order = [names.index(name) for name in known]
        self._in_order = names == list(known)
        self._others = [(i, name) for i, name in enumerate(names) if name not in known]
        self._free_first = forms[0].free
        self._may_be_cut = any(form.free for form in forms[1:])
        self._padding = "\t" if "\t" in header else " "
        # an editor may have taken the padding off: then the lengths say nothing
        self._closed = table.closed and header.endswith(self._padding)
        self._proof: Proof | Tabs
        self._layout: Layout
        if self._padding == "\t":
            self._proof = self._layout = Tabs(forms, closed=self._closed)
        else:
            self._proof = Proof(forms, closed=self._closed)
            starts = [start for _, start in found]
            self._layout = Offsets(forms, starts, len(header) if self._closed else None)
        self._certain = True  # the layout is the header's, not one that a row has proven
        self._held: _Held[R] | None = None
        self._piece: Refused | None = None  # after the held row
        self._waiting: list[_Waiting] = []
        self._inside = False  # the last cell of a row is cut: the next line goes on with it
        self._after_piece = False  # of a first cell, perhaps: the next line may be its tail

    def read(self, lines: Iterable[str]) -> Iterator[R | Refused]:
        for number, line in enumerate(lines, start=2):
            cells = self._layout.cells(line)
            if cells is None:
                yield from self._unfit(number, line)
                continue
            held = self._held
            self._held = self._row(number, line, cells)
            if held is not None:
                yield held.record
        yield from self._settle(cut=False)

    def _row(self, number: int, line: str, cells: list[str]) -> "_Held[R]":
        others = {name: cells[i] for i, name in self._others} if self._others else {}
        known = cells if self._in_order else [cells[i] for i in self._order]
        return _Held(number, line, self._build(known, others))

    def _settle(self, *, cut: bool) -> Iterator[R | Refused]:
        """Let go of what the next line decides: `cut` if that is a piece of some row."""
        if self._held is not None:
            doubtful = cut and self._may_be_cut
            yield _refused(self._held, _CUT) if doubtful else self._held.record
        if self._piece is not None:
            yield self._piece
        for row in self._waiting:
            yield _refused(row, _UNPROVEN)
        self._held, self._piece, self._waiting = None, None, []

    def _unfit(self, number: int, line: str) -> Iterator[R | Refused]:
        """A line that is no row of a known block."""
        if _ESCAPE in line:
            yield from self._settle(cut=not self._proof.found(line))
            yield Refused(number, line, _UNPROVEN)
            self._layout, self._inside, self._after_piece = _NOWHERE, False, self._free_first
        elif self._layout is not _NOWHERE:
            yield from self._leave(number, line)
        elif self._inside:
            yield Refused(number, line, _PIECE)
            self._inside = self._goes_on(line)
        elif not self._proof.found(line):
            yield from self._settle(cut=True)
            yield Refused(number, line, _UNPROVEN)
            self._after_piece = self._free_first
        elif self._goes_on(line):
            yield from self._settle(cut=False)
            yield Refused(number, line, _CUT)
            self._inside, self._after_piece = True, False
        else:
            yield from self._enter(number, line)

    def _goes_on(self, line: str) -> bool:
        """Whether the line is cut for sure: what ends a row is padded."""
        return self._closed and not line.endswith(self._padding)

    def _leave(self, number: int, line: str) -> Iterator[R | Refused]:
        """The first line that does not fit: the block goes on after it only if it is whole."""
        proven = self._proof.found(line) or not self._proof.possible
        whole = self._layout.odd(line, proven=proven)
        begins = self._layout.begins(line)
        piece = not (whole or begins)
        refused = Refused(number, line, self._layout.reason(line))
        if piece and self._goes_on(line):
            # of the row before, or the head of the next one? that has a tail with typed cells
            self._piece = refused
        else:
            yield from self._settle(cut=piece)
            yield refused
        if whole and (self._certain or self._proof.layout(line) is None):
            return
        self._certain = False
        self._layout = _NOWHERE
        self._inside = begins and self._goes_on(line)
        self._after_piece = piece and self._free_first

    def _enter(self, number: int, line: str) -> Iterator[R | Refused]:
        """A row of a new block: it waits until one of its rows proves where the columns are."""
        if self._held is not None:
            yield from self._settle(cut=False)
        self._waiting.append(_Waiting(number, line, self._after_piece))
        self._after_piece = False
        layout = self._proof.layout(line)
        if layout is None:
            if len(self._waiting) >= _MOST_WAITING:
                yield from self._settle(cut=True)
            return
        self._layout = layout
        waiting, self._waiting = self._waiting, []
        for row in waiting:
            cells = layout.cells(row.line)
            if cells is None or row.is_tail:
                yield from self._settle(cut=False)
                yield _refused(row, layout.reason(row.line) if cells is None else _TAIL)
                continue
            if self._held is not None:
                yield self._held.record
            self._held = self._row(row.number, row.line, cells)


def _refused(row: "_Waiting | _Held[R]", reason: str) -> Refused:
    return Refused(row.number, row.line, reason)
