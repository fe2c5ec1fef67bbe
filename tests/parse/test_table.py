"""None"""

from collections.abc import Iterator
from itertools import count, islice

import pytest

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.images import parse_images
from kuke_ctr.parse.layout import TEXT, WORD, Column
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.parse.tasks import parse_tasks
from kuke_ctr.records import Image, Refused, Task
from tests.support import tables
from tests.support.table_rows import (
    Extra,
    Rows,
    _plain,
    cells,
    cells_of,
    image,
    read_images,
    read_namespaces,
)
from tests.support.tabwriter import ESCAPE, ctr_table


def refs(rows: Rows) -> list[str | None]:
    """The references; None for a refused line."""
    return [None if isinstance(row, Refused) else row[0] for row in rows]


def test_the_rows_after_a_cut_one_are_proven_by_their_typed_cells() -> None:
    rows = [image("a"), image("b", "k=1\n2"), image("a longer one", "k=two words"), image("c")]
    assert refs(read_images(rows)) == ["a", None, None, "a longer one", "c"]


def test_a_row_after_a_cut_one_may_stand_alone() -> None:
    assert refs(read_images([image("a", "k=1\n2"), image("b", "k=v")])) == [None, None, "b"]


def test_a_blank_that_may_have_been_a_tab_is_no_proof() -> None:
    *_, row = read_images([image("a", "k=1\n2"), image("b", "k=x y")])
    assert isinstance(row, Refused)
    assert row.line == 4
    assert row.reason == "it follows a broken row, so the positions of its cells are not certain"


def test_the_tail_of_a_reference_is_no_row() -> None:
    assert refs(read_images([image("a"), image("new\nline"), image("b")])) == ["a", None, None, "b"]


def test_a_row_that_only_seems_whole_is_refused_with_its_tail() -> None:
    # what is before the line break is just as long as the column, padding and all
    assert refs(read_images([image("a", "k=1234"), image("b", "k=123 \n4")])) == ["a", None, None]


def test_a_row_of_a_wrong_type_spoils_no_other() -> None:
    header, *lines = tables.tasks([("t1", "1", "RUNNING"), ("t2", "2", "RUNNING")])
    wrong = lines[0].replace("1    ", "x    ").replace("tx", "t1")
    rows = list(parse_tasks([header, wrong, lines[1]]))
    assert rows[0] == Refused(2, wrong, "the text 'x' does not fit its column")
    assert rows[1] == Task(id="t2", pid=2, status="RUNNING")


def test_after_a_cut_row_a_table_without_typed_cells_has_no_certain_row() -> None:
    rows = [("a", "k=v"), ("b", "k=1\n2"), ("c", "")]
    assert refs(read_namespaces(rows)) == ["a", None, None, None]


def test_the_bytes_that_switch_tabs_off_refuse_what_they_touch() -> None:
    rows = [
        image("a"),
        image("b", f"k={ESCAPE}"),
        image("c"),
        image("d", f"k={ESCAPE}"),
        image("e"),
    ]
    assert [ref for ref in refs(read_images(rows)) if ref] in (["a"], ["a", "e"])


def test_a_forged_row_that_is_aligned_is_a_row() -> None:
    """What the table alone cannot tell; `ctr images ls -q` names only the carrier."""
    _, first, forged = tables.images([image("carrier", "k=v"), image("forged")])
    assert first.endswith("k=v    ")
    tail = "\t".join(image("another", "k=1234"))
    lines = tables.images([image("carrier", f"k=v    \n{forged}\n{tail}")])
    assert refs(_plain(parse_images(lines))) == ["carrier", "forged", "another"]


def test_a_forged_row_that_is_not_aligned_is_refused_with_its_carrier() -> None:
    for labels in ("k=v\nforged", "k=v    \nforged", "k=v \nforged \n"):
        forged = " ".join(image(labels)[1:])
        rows = read_images([image("carrier", f"{labels} {forged}"), image("b")])
        assert refs(rows)[:2] == [None, None]


PAIR: Table[Extra | Refused] = Table((Column("CREATED AT", WORD), Column("NAME", TEXT)), cells)


def test_no_lines_are_no_records() -> None:
    assert list(parse_images([])) == []


def test_a_header_alone_is_no_records() -> None:
    assert list(parse_images(tables.images([]))) == []


def test_a_missing_column_is_named() -> None:
    with pytest.raises(Unreadable, match="no column DIGEST, LABELS; its first line is: REF TYPE"):
        list(parse_images(["REF TYPE SIZE PLATFORMS "]))


def test_a_column_that_is_there_twice_is_refused() -> None:
    with pytest.raises(Unreadable, match="the column TASK"):
        list(parse_tasks(["TASK TASK PID STATUS"]))


def test_columns_may_be_one_space_apart_and_stand_in_another_order() -> None:
    lines = ctr_table("NAME\tCREATED AT\t", ["a b\ttoday\t"])
    assert lines[0] == "NAME CREATED AT "
    found = list(read_table(PAIR, lines))
    assert found == [(["today", "a b"], {})]


def test_unknown_columns_are_kept_by_their_headers() -> None:
    lines = ctr_table("NAME\tLAST SEEN\tCREATED AT\tX\t", ["a\ton day 1\ttoday\t\t"])
    # an unknown header may hold one space only where the columns are further apart
    lines = [
        line.replace("LAST SEEN ", "LAST SEEN  ").replace("day 1  ", "day 1   ") for line in lines
    ]
    found = list(read_table(PAIR, lines))
    assert found == [(["today", "a"], {"LAST SEEN": "on day 1", "X": ""})]


def test_carriage_returns_of_a_terminal_are_taken_off() -> None:
    lines = [f"{line}\r" for line in tables.images([image("a")])]
    assert [row.ref for row in parse_images(lines) if isinstance(row, Image)] == ["a"]


def test_a_table_whose_padding_an_editor_took_off_is_read() -> None:
    rows = [image("a"), image("b", "k=v")]
    lines = [line.rstrip() for line in tables.images(rows)]
    assert [cells_of(row) for row in parse_images(lines) if isinstance(row, Image)] == rows


def test_a_row_is_given_out_after_one_more_line_at_most() -> None:
    header, line = tables.images([image("a")])
    asked = count()

    def endless() -> Iterator[str]:
        yield header
        while next(asked) < 1001:
            yield line
        raise AssertionError

    assert len(list(islice(parse_images(endless()), 1000))) == 1000


def test_rows_that_nothing_proves_are_let_go_of() -> None:
    header, first, tail, doubtful = tables.images([image("a", "k=1\n2"), image("b c", "k=v")])

    def endless() -> Iterator[str]:
        yield from (header, first, tail)
        while True:
            yield doubtful

    assert all(isinstance(row, Refused) for row in islice(parse_images(endless()), 3000))
