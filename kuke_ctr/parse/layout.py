"""Where the cells of a row stand: under the headers, between tabs, or where their types prove it.

Go's text/tabwriter pads the cells of a column to one width within a block of lines. A line break in
a cell ends the block, and the columns after it have other widths than the header. Two lines that
follow each other and are whole always share their columns.
"""

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import NamedTuple, Protocol

from kuke_ctr.errors import Unreadable


class Form(NamedTuple):
    """What a cell looks like.

    `proves`: hardly any other text looks so. `free`: the cell may hold anything, line breaks too.
    """

    pattern: str
    proves: bool = False
    free: bool = False

    @property
    def fullmatch(self) -> Callable[[str], re.Match[str] | None]:
        return re.compile(self.pattern, re.DOTALL).fullmatch


DIGEST = Form(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}", proves=True)
MEDIA_TYPE = Form(r"[A-Za-z0-9][A-Za-z0-9_.+-]*/[A-Za-z0-9_.+-]+", proves=True)
DIGITS = "[0-9]{1,20}"
"""Of a number of 64 bits: `int()` and `\\d` take more digits than a table has, and other ones."""

SIZE = Form(rf"{DIGITS}(?:\.{DIGITS})? ?(?:[KMGTPEZY]i?|k)?B", proves=True)
NUMBER = Form(DIGITS, proves=True)
PID = Form("[0-9]{1,7}", proves=True)  # the kernel's largest is 4194304
STATUS = Form(r"[A-Z]+", proves=True)
WORD = Form(r"\S+")
NAME = Form(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")  # containerd's own rule
LABELS = Form(r"-?|[^=]*=.*", free=True)
FILLED = Form(r".+", free=True)
TEXT = Form(r".*", free=True)


class Column(NamedTuple):
    """A column by its header, and the form of its cells."""

    header: str
    form: Form = TEXT


class Layout(Protocol):
    """One way in which the lines of a block are cut into cells."""

    def cells(self, line: str) -> list[str] | None:
        """The cells in the header's order; None if the line is no whole row of this block."""

    def odd(self, line: str, *, proven: bool) -> bool:
        """Whether a line without cells is whole all the same: a tab in a cell, or a wrong type.

        `proven`: the line has typed cells side by side, or the table has none that prove something.
        """

    def begins(self, line: str) -> bool:
        """Whether a line without cells begins like a row here: it is no piece of the one before."""

    def reason(self, line: str) -> str:
        """Why a line has no cells here."""


class Offsets:
    """Cells that begin at fixed offsets (in characters).

    `length` is that of every whole line, where ctr ends the last cell with a tab too: a tab in a
    cell makes the line longer, a line break cuts it. None where the last cell just ends.
    """

    def __init__(self, forms: Sequence[Form], starts: Sequence[int], length: int | None) -> None:
        self.starts, self.length = tuple(starts), length
        self._first = forms[0]
        cuts = [slice(a, b) for a, b in zip(starts, [*starts[1:], None], strict=True)]
        # one call each for all cells and for the characters before them; one more of each,
        # because itemgetter gives no tuple for a single one
        self._cut = itemgetter(*cuts, slice(0, 0))
        before = [start - 1 for start in starts[1:]]
        self._before = itemgetter(*before, *before[:1])
        self._blank = (" ",) * (len(before) + 1)
        self._checks = [
            (i, form.fullmatch) for i, form in enumerate(forms) if form.pattern != TEXT.pattern
        ]
        # what a row that is cut in its last cell still has
        proves = any(form.proves for form in forms[:-1])
        self._typed = self._checks[:-1] if proves and forms[-1].free else []
        self._filled = [i for i, fullmatch in self._checks if fullmatch("") is None]

    def cells(self, line: str) -> list[str] | None:
        if self.length is not None and (len(line) != self.length or line[-1] != " "):
            return None
        cells = self._pieces(line)
        if cells is None:
            return None
        for i, fullmatch in self._checks:
            if fullmatch(cells[i]) is None:
                return None
        return cells

    def _pieces(self, line: str) -> list[str] | None:
        if len(line) < self.starts[-1] or self._before(line) != self._blank:
            return None
        *cells, _ = self._cut(line)
        return [cell.rstrip(" ") for cell in cells]

    def odd(self, line: str, *, proven: bool) -> bool:
        cells = self._pieces(line)
        if cells is None or (self.length is not None and line[-1] != " "):
            return False
        if not self._starts_with(cells[0]):
            return False
        if self.length is None or len(line) == self.length:
            return all(cells[i] for i in self._filled)
        return proven and len(line) > self.length

    def _starts_with(self, cell: str) -> bool:
        return self._first.free or self._first.fullmatch(cell) is not None

    def begins(self, line: str) -> bool:
        cells = self._pieces(line)
        if cells is not None and self._typed:
            return all(fullmatch(cells[i]) for i, fullmatch in self._typed)
        # the pieces of a cell that end a row are padded, those that are cut again are not
        cut = self.length is not None and len(line) > self.starts[1] and line[-1] != " "
        head = line[: self.starts[1]]
        named = not self._first.free and self._starts_with(head.rstrip(" "))
        return cut and named and head[-1] == " "

    def reason(self, line: str) -> str:
        cells = self._pieces(line)
        if cells is None:
            return "its cells are not under the headers"
        for i, fullmatch in self._checks:
            if fullmatch(cells[i]) is None:
                return f"the text {cells[i][:80]!r} does not fit its column"
        return "a cell holds a tab or a line break"


class Tabs:
    """Cells with tabs between them (`content ls`): there are as many as there are headers.

    Tabs are their own proof: a row with the right number of cells is one, wherever it stands.
    """

    possible = True

    def __init__(self, forms: Sequence[Form], *, closed: bool) -> None:
        self._forms, self._closed = forms, closed
        self._checks = [form.fullmatch for form in forms]

    def cells(self, line: str) -> list[str] | None:
        cells = self._pieces(line)
        if len(cells) != len(self._checks):
            return None
        fit = all(fullmatch(cell) for fullmatch, cell in zip(self._checks, cells, strict=True))
        return cells if fit else None

    def _pieces(self, line: str) -> list[str]:
        cells = re.split(r"\t+", line)
        # behind the padding of the last cell there is nothing
        return cells[:-1] if self._closed and not cells[-1] else cells

    def odd(self, line: str, *, proven: bool) -> bool:
        cells, count = self._pieces(line), len(self._forms)
        if len(cells) < count:
            return False
        if not self._forms[0].free:
            return self._forms[0].fullmatch(cells[0]) is not None
        last = zip(self._forms[1:], cells[1 - count :], strict=True)
        return all(form.fullmatch(cell) for form, cell in last)

    def begins(self, line: str) -> bool:
        return False

    def found(self, line: str) -> bool:
        return self.cells(line) is not None

    def layout(self, line: str) -> "Tabs | None":
        return self if self.found(line) else None

    def reason(self, line: str) -> str:
        count = len(self._pieces(line))
        if count == len(self._checks):
            return "a cell does not fit its column"
        return f"it has {count} cells, and the header has {len(self._checks)}"


class Nowhere:
    """After a broken row: nothing is known about the columns."""

    def cells(self, line: str) -> list[str] | None:
        return None

    def odd(self, line: str, *, proven: bool) -> bool:
        return False

    def begins(self, line: str) -> bool:
        return False

    def reason(self, line: str) -> str:
        return "it follows a broken row, so the positions of its cells are not certain"


class Proof:
    """Finds a row by its typed cells alone.

    That needs a form for every cell but the first and the last, and one that proves something.
    """

    def __init__(self, forms: Sequence[Form], *, closed: bool) -> None:
        self._forms, self._closed = forms, closed
        first, last = forms[0], forms[-1]
        typed = [form for form in (first, *forms[1:-1], last) if not form.free]
        known = not any(form.free for form in forms[1:-1]) and any(f.proves for f in typed)
        before = r"(?<= )" if first.free else r"^"
        after = " " if last.free else " *$"
        cells = " +".join(f"({form.pattern})" for form in typed)
        self._search = re.compile(before + cells + after) if known else None
        self.possible = known

    def found(self, line: str) -> bool:
        """Whether the typed cells stand in the line, side by side."""
        return self._search is not None and self._search.search(line) is not None

    def layout(self, line: str) -> Offsets | None:
        """The offsets that a row proves by itself.

        Its free cells must hold no blank: what looks like one may have been a tab, and then the
        cells after it are not where they seem to be.
        """
        matches = list(self._search.finditer(line)) if self._search is not None else []
        if len(matches) != 1 or (self._closed and not line.endswith(" ")):
            return None
        (match,) = matches
        starts = [match.start(i + 1) for i in range(match.re.groups)]
        free = []
        if self._forms[0].free:
            free.append(line[: starts[0]].rstrip(" "))
            starts.insert(0, 0)
        if self._forms[-1].free:
            last = line[match.end() :]
            free.append(last.strip(" "))
            starts.append(match.end() + len(last) - len(last.lstrip(" ")))
        if not all(free) or any(" " in text for text in free):
            return None
        return Offsets(self._forms, starts, len(line) if self._closed else None)


_LONGEST = 60
"""Characters of a first line that an error shows."""


def headers_of(columns: Sequence[Column], header: str) -> list[tuple[str, int]]:
    """The headers and their offsets. Raises Unreadable if a column is missing or there twice."""
    names = sorted((column.header for column in columns), key=len, reverse=True)
    known = "|".join(map(re.escape, names))
    # columns may be one space apart, and a header may hold a space (CREATED AT): known ones first,
    # then anything up to two spaces
    words = re.compile(rf"(?:{known})(?=\s|$)|\S+(?: (?!(?:{known})(?:\s|$))\S+)*")
    found = [(match.group(), match.start()) for match in words.finditer(header)]
    printed = [name for name, _ in found]
    missing = [column.header for column in columns if column.header not in printed]
    twice = sorted({name for name in printed if printed.count(name) > 1})
    if missing or twice:
        what = f"no column {', '.join(missing)}" if missing else f"the column {twice[0]} twice"
        raise Unreadable(
            f"the table has {what}; its first line is: {_excerpt(header)}",
            hint="-o raw shows what ctr printed",
        )
    return found


def _excerpt(line: str) -> str:
    """The front of a line for a message; bytes that were not UTF-8 as `\\xff`."""
    front = line[:_LONGEST] + ("..." if len(line) > _LONGEST else "")
    return front.encode(errors="surrogateescape").decode(errors="backslashreplace") or "empty"
