"""Go's text/tabwriter, written down again from its rules, as ctr uses it (left aligned, no flags).

- A tab or vertical tab ends a cell; a newline or form feed ends the line, and the text before it
  belongs to no column. A form feed also ends every column.
- A column is a run of lines that follow each other and have that cell; it is as wide as its widest
  cell and the padding, and at least `minwidth`.
- Widths are counted in code points, but not the pair of 0xff bytes around a text that is passed on
  as it is.
- Padding with tabs fills up to a multiple of `tabwidth`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

ESCAPE = b"\xff".decode(errors="surrogateescape")


@dataclass
class _Cell:
    text: str = ""
    width: int = 0


def tabwriter(
    text: str, *, minwidth: int = 1, tabwidth: int = 8, padding: int = 1, padchar: str = " "
) -> str:
    """What a tabwriter with these settings makes of the text."""
    printed = []
    for lines in _sections(text):
        widths = _widths(lines, minwidth, padding)
        for cells, wide in zip(lines, widths, strict=True):
            line = ""
            for cell, width in zip(cells, wide, strict=False):
                line += cell.text + _padding(cell.width, width, tabwidth, padchar)
            printed.append(line + cells[-1].text)
    return "\n".join(printed)


def ctr_table(
    header: str,
    rows: Iterable[str],
    *,
    minwidth: int = 1,
    tabwidth: int = 8,
    padding: int = 1,
    padchar: str = " ",
) -> list[str]:
    """The lines of a table: header and rows are what ctr writes, with tabs and without newlines."""
    text = tabwriter(
        "".join(f"{row}\n" for row in (header, *rows)),
        minwidth=minwidth,
        tabwidth=tabwidth,
        padding=padding,
        padchar=padchar,
    )
    return text.removesuffix("\n").split("\n")


def _sections(text: str) -> list[list[list[_Cell]]]:
    """The text between form feeds, as lines of cells; the last of each has no tab after it."""
    sections = [[[_Cell()]]]
    escaped = False
    for char in text:
        line = sections[-1][-1]
        if char == ESCAPE:
            escaped = not escaped
            line[-1].text += char
            # the second of a pair takes back what both have added
            line[-1].width += 1 if escaped else -1
        elif escaped or char not in "\t\v\n\f":
            line[-1].text += char
            line[-1].width += 1
        elif char in "\t\v":
            line.append(_Cell())
        elif char == "\n":
            sections[-1].append([_Cell()])
        else:
            sections.append([[_Cell()]])
    return sections


def _widths(lines: Sequence[list[_Cell]], minwidth: int, padding: int) -> list[list[int]]:
    widths: list[list[int]] = [[] for _ in lines]
    for column in range(max(len(cells) for cells in lines) - 1):
        runs = groupby(range(len(lines)), key=lambda i: len(lines[i]) - 1 > column)
        for inside, run in runs:
            if inside:
                numbers = list(run)
                widest = max(lines[i][column].width for i in numbers)
                for i in numbers:
                    widths[i].append(max(minwidth, widest + padding))
    return widths


def _padding(width: int, column: int, tabwidth: int, padchar: str) -> str:
    if padchar != "\t":
        return padchar * (column - width)
    column = -(-column // tabwidth) * tabwidth
    return "\t" * -(-(column - width) // tabwidth)
