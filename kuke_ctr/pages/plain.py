"""A page as text for a terminal, or for a pipe."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from kuke_ctr.pages.blocks import Block, Kind

_BOLD = "\x1b[1m{}\x1b[0m"
_FIRST_CELL = 34
"""Columns that the first cell of a row may take."""


def plain(blocks: Sequence[Block], width: int, *, bold: bool = False) -> str:
    """The text, no line of which is wider; only code is left as it is."""
    parts: list[str] = []
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        found = list(group)
        if kind is Kind.ROW:
            parts.append("\n".join(_rows(found, width)))
        elif kind is Kind.CODE:
            parts.append("\n".join(f"    {block.text}".rstrip() for block in found))
        elif kind is Kind.ITEM:
            parts.append("\n".join(_item(block, width) for block in found))
        else:
            parts += [_block(block, width, bold) for block in found]
    return "\n\n".join(parts)


def _block(block: Block, width: int, bold: bool) -> str:
    if block.kind is Kind.TEXT:
        return _wrapped(block.text, width, " " * block.indent)
    title = block.text.upper() if block.kind is Kind.TITLE else block.text
    return _BOLD.format(title) if bold else title


def _item(block: Block, width: int) -> str:
    indent = " " * block.indent
    return _wrapped(
        block.text, width, f"{indent}{block.mark} ", indent + " " * (len(block.mark) + 1)
    )


def _rows(rows: Sequence[Block], width: int) -> Iterator[str]:
    """The cells of rows, the first ones in columns; the last, and long first ones, are wrapped."""
    *firsts, _ = (max(len(row.cells[i]) for row in rows) for i in range(len(rows[0].cells)))
    widths = [min(wide, _FIRST_CELL) for wide in firsts]
    for row in rows:
        lines = [_lines(cell, wide) for cell, wide in zip(row.cells, widths, strict=False)]
        rest = max(20, width - sum(widths) - 2 * len(widths) - 2)
        lines.append(_lines(row.cells[-1], rest))
        for number in range(max(map(len, lines))):
            cells = [part[number] if number < len(part) else "" for part in lines]
            padded = [cell.ljust(wide) for cell, wide in zip(cells, widths, strict=False)]
            yield "  ".join(["", *padded, cells[-1]]).rstrip()


def _lines(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False) or [""]


def _wrapped(text: str, width: int, first: str = "", then: str | None = None) -> str:
    import textwrap

    return textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=first if then is None else then,
        break_on_hyphens=False,
        break_long_words=False,
    )
