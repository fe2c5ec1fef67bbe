"""Widths on a terminal: how many columns a text takes, and rows that fit."""

import os
import re
import sys
from collections.abc import Sequence
from unicodedata import combining, east_asian_width

GAP = 2
"""Spaces between two columns of a table."""

_SHORT = 10
"""A column of this width stays as it is: sizes, states, kinds."""

_BARE_DIGEST = 12
_COLOUR = re.compile("(\x1b\\[[0-9;]*m)")
_HEX = re.compile(r"(?:sha256:)?[0-9a-f]{12,}")


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text
    )


def cut(text: str, room: int) -> str:
    """As much of a line as so many columns have room for; colours in it take none, and end."""
    found, left = "", room
    for part in _COLOUR.split(text):
        if _COLOUR.fullmatch(part):
            found += part
        else:
            found += _head(part, left)
            left -= width(_head(part, left))
    return found


def terminal_width() -> int | None:
    """The columns of the terminal that stdout is; None for a pipe, a file, or an unknown size."""
    if not sys.stdout.isatty():
        return None
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    told = os.environ.get("COLUMNS", "")  # for a terminal that does not know its size
    if not columns and told.isascii() and told.isdigit() and len(told) < 6:  # noqa: PLR2004
        columns = int(told)
    return columns or None


def fitted(
    rows: Sequence[Sequence[str]], names: Sequence[bool], digests: Sequence[bool], room: int
) -> list[list[str]]:
    """The rows with long cells shortened, so that none is wider than `room` columns.

    `names` says which columns have the names by which a user goes on: they stay whole, unless they
    alone are too wide. The first row may be a header. What can't fit stays too wide.
    """
    natural = [max(map(width, column)) for column in zip(*rows, strict=True)]
    spaces = _spaces(natural, names, digests, room - GAP * (len(natural) - 1))
    return [
        [
            shortened(text, space, at_end=name or digest)
            for text, space, name, digest in zip(row, spaces, names, digests, strict=True)
        ]
        for row in rows
    ]


def _spaces(
    natural: Sequence[int], names: Sequence[bool], digests: Sequence[bool], room: int
) -> list[int]:
    """The width of each column."""
    spaces = list(natural)
    long = [i for i, space in enumerate(spaces) if space > _SHORT]
    short_digests = [i for i in long if digests[i] and not names[i]]
    others = [i for i in long if not names[i] and not digests[i]]
    _squeeze(spaces, others, 9, room)
    _squeeze(spaces, short_digests, _BARE_DIGEST, room)
    _squeeze(spaces, others, 5, room)
    _squeeze(spaces, short_digests, 8, room)
    _squeeze(spaces, others, 2, room)
    if sum(spaces) > room:  # the names alone are too wide: all long columns give way together
        spaces = list(natural)
        _squeeze(spaces, short_digests, _BARE_DIGEST, room)
        _squeeze(spaces, others, _SHORT, room)
        _squeeze(spaces, [i for i in long if i not in short_digests], 5, room)
    return spaces


def _squeeze(spaces: list[int], which: Sequence[int], floor: int, room: int) -> None:
    """Narrow the widest of some columns until all fit, or these have come to the floor."""
    while sum(spaces) > room:
        widest = max(which, key=spaces.__getitem__, default=None)
        if widest is None or spaces[widest] <= floor:
            return
        others = [spaces[i] for i in which if spaces[i] < spaces[widest]]
        down_to = max([floor, *others])
        equal = sum(spaces[i] == spaces[widest] for i in which)
        wanted = spaces[widest] - -(-(sum(spaces) - room) // equal)
        for i in [i for i in which if spaces[i] == spaces[widest]]:
            if sum(spaces) > room:
                spaces[i] = max(down_to, wanted)


def shortened(text: str, space: int, *, at_end: bool = False) -> str:
    """The text in so many columns, its middle left out; `at_end`: of hexadecimal ids the end."""
    if width(text) <= space:
        return text
    if _HEX.fullmatch(text) and at_end:
        text = text.removeprefix("sha256:") if space < len("sha256:") + _BARE_DIGEST else text
        return text if len(text) <= space else _head(text, space - len(_dots())) + _dots()
    keep = space - len(_dots())
    if keep < 2 or text.isupper():  # noqa: PLR2004 (a header: its beginning says more)
        return _head(text, space)
    tail = _head(text[::-1], keep // 2)[::-1]
    return _head(text, keep - width(tail)) + _dots() + tail


def _head(text: str, space: int) -> str:
    """As much of the text as so many columns have room for."""
    end, taken = 0, 0
    for end, char in enumerate(text):
        taken += width(char)
        if taken > space:
            return text[:end]
    return text


def _dots() -> str:
    """One column where stdout has that character."""
    try:
        "\u2026".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "~"
    return "\u2026"
