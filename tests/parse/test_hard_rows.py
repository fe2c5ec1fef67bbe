"""Rows of recorded tables that plain header offsets misread, or that nobody can recover.

fixtures/hard-rows.json: `read` has the cells of each hard row that can be read, by line (the header
is line 1), `refused` those that must be refused and why, `blanks_lost` the cells of those that have
lost a blank at the end of the first one. `recordings` names the ctr versions that printed this very
text; some lines that are not hard were left out.
"""

import json
from collections.abc import Iterator
from typing import TypedDict

import pytest

from kuke_ctr.parse.images import parse_images
from kuke_ctr.parse.namespaces import parse_namespaces
from kuke_ctr.records import Image, Namespace, Refused
from tests.support.paths import TOP
from tests.support.tables import TABLES, Cells, read

FILE = TOP / "fixtures" / "hard-rows.json"


class HardTable(TypedDict):
    table: str
    recordings: list[str]
    lines: list[str]
    read: dict[str, list[str]]
    refused: dict[str, str]
    blanks_lost: dict[str, list[str]]


HARD: list[HardTable] = json.loads(FILE.read_text())
each_table = pytest.mark.parametrize("hard", HARD, ids=lambda hard: hard["recordings"][0])


def cells_of(row: Image | Namespace | Cells) -> Cells:
    if isinstance(row, Image):
        platforms = ",".join(row.platforms) or "-"
        return row.ref, row.media_type, row.digest, row.size, platforms, row.labels_text
    return (row.name, row.labels_text) if isinstance(row, Namespace) else row


def by_line(noun: str, lines: list[str]) -> dict[int, Cells | Refused]:
    """The rows by their lines: what is not refused comes in the order of the lines."""
    rows: Iterator[Image | Namespace | Cells | Refused]
    if noun in TABLES:
        rows = read(noun, lines)
    else:
        rows = parse_images(lines) if noun == "images ls" else parse_namespaces(lines)
    found = list(rows)
    refused = {row.line: row for row in found if isinstance(row, Refused)}
    good = (cells_of(row) for row in found if not isinstance(row, Refused))
    return {n: refused[n] if n in refused else next(good) for n in range(2, len(lines) + 1)}


@each_table
@pytest.mark.parametrize("end", ["", "\r"], ids=["lf", "crlf"])
def test_hard_rows_are_read_right_or_refused(hard: HardTable, end: str) -> None:
    rows = by_line(hard["table"], [line + end for line in hard["lines"]])
    for line, cells in (hard["read"] | hard["blanks_lost"]).items():
        assert rows[int(line)] == tuple(cells)
    for line in hard["refused"]:
        row = rows[int(line)]
        assert isinstance(row, Refused)
        assert row.text == hard["lines"][int(line) - 1]


@each_table
def test_no_line_is_dropped(hard: HardTable) -> None:
    assert len(by_line(hard["table"], hard["lines"])) == len(hard["lines"]) - 1


def test_the_fixture_holds_every_hard_row_that_was_recorded() -> None:
    readable = sum(len(hard["read"]) * len(hard["recordings"]) for hard in HARD)
    # of these a form feed in a label has cut off the end: the rest of the row could be read
    cut = sum(
        len(hard["recordings"])
        for hard in HARD
        for why in hard["refused"].values()
        if "form feed in a label" in why
    )
    assert (readable, cut) == (942, 4)
