import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.containers import parse_containers
from kuke_ctr.parse.images import parse_images
from kuke_ctr.parse.layout import TEXT, WORD, Column
from kuke_ctr.parse.namespaces import parse_namespaces
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.parse.tasks import parse_tasks
from kuke_ctr.records import Container, Image, Namespace, Refused, Task
from tests.support import tables
from tests.support.tables import Cells, read
from tests.support.tabwriter import ESCAPE, ctr_table

# what the cells are made of: `quiet` leaves a table whole, `loud` breaks it in every way

QUIET = "ab/:.=-,é日\u0301🐳 "
LOUD = QUIET + "\t\n\f\v\r" + ESCAPE
SIZES = ["0.0 B", "712.0 B", "1005.0 KiB", "3.5 GiB"]
TYPES = ["application/vnd.oci.image.index.v1+json", "application/x"]
PLATFORMS = ["-", "linux/amd64", "linux/386,linux/arm/v7"]
AGES = ["Less than a second", "3 minutes", "About an hour"]


def texts(alphabet: str) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=12).filter(lambda text: text.strip(" ") != "")


def label_lists(alphabet: str) -> st.SearchStrategy[str]:
    label = st.tuples(st.text(alphabet, max_size=4), st.text(alphabet, max_size=12))
    return st.lists(label.map("=".join), max_size=3).map(",".join)


def dashed(labels: str) -> str:
    return labels or "-"


def digests(rows: Sequence[Cells]) -> list[Cells]:
    """The rows with a digest of their own in the place of `{}`, to know them by."""
    return [
        tuple(cell.replace("{}", f"sha256:{n:064x}") for cell in row) for n, row in enumerate(rows)
    ]


def rows_of(*columns: st.SearchStrategy[str]) -> st.SearchStrategy[list[Cells]]:
    return st.lists(st.tuples(*columns), max_size=7).map(digests)


def image_rows(alphabet: str) -> st.SearchStrategy[list[Cells]]:
    return rows_of(
        texts(alphabet),
        st.sampled_from(TYPES),
        st.just("{}"),
        st.sampled_from(SIZES),
        st.sampled_from(PLATFORMS),
        label_lists(alphabet).map(dashed),
    )


def blob_rows(alphabet: str) -> st.SearchStrategy[list[Cells]]:
    return rows_of(
        st.just("{}"),
        st.sampled_from(["203B", "1.049MB"]),
        st.sampled_from(AGES),
        label_lists(alphabet).map(dashed),
    )


def numbered(names: str) -> Callable[[Sequence[Cells]], list[Cells]]:
    return lambda rows: [(f"{names}{n}", *row) for n, row in enumerate(rows)]


def container_rows(alphabet: str) -> st.SearchStrategy[list[Cells]]:
    image = st.one_of(st.just("-"), texts(alphabet))
    runtimes = st.sampled_from(["io.containerd.runc.v2", "x"])
    return st.lists(st.tuples(image, runtimes), max_size=7).map(numbered("c"))


def namespace_rows(alphabet: str) -> st.SearchStrategy[list[Cells]]:
    return st.lists(st.tuples(label_lists(alphabet)), max_size=7).map(numbered("n"))


def task_rows() -> st.SearchStrategy[list[Cells]]:
    pids = st.integers(0, 2**32).map(str)
    statuses = st.sampled_from(["RUNNING", "STOPPED", "UNKNOWN"])
    return st.lists(st.tuples(pids, statuses), max_size=7).map(numbered("t"))


def snapshot_rows() -> st.SearchStrategy[list[Cells]]:
    parents = st.one_of(st.just(""), texts(QUIET))
    return st.lists(st.tuples(texts(QUIET), parents, st.sampled_from(["Active", "Committed"])))


def cells_of(row: Image | Container | Namespace | Task) -> Cells:
    """The cells as ctr printed them."""
    match row:
        case Image():
            platforms = ",".join(row.platforms) or "-"
            return row.ref, row.media_type, row.digest, row.size, platforms, row.labels_text
        case Container():
            return row.id, row.image or "-", row.runtime
        case Namespace():
            return row.name, row.labels_text
        case Task():
            return row.id, str(row.pid), row.status


Rows = list[Cells | Refused]
Extra = tuple[list[str], dict[str, str]]


def read_images(rows: Sequence[Cells]) -> Rows:
    return _plain(parse_images(tables.images(rows)))


def read_containers(rows: Sequence[Cells]) -> Rows:
    return _plain(parse_containers(tables.containers(rows)))


def read_namespaces(rows: Sequence[Cells]) -> Rows:
    return _plain(parse_namespaces(tables.namespaces(rows)))


def read_tasks(rows: Sequence[Cells]) -> Rows:
    return _plain(parse_tasks(tables.tasks(rows)))


def _plain(rows: Iterator[Image | Container | Namespace | Task | Refused]) -> Rows:
    return [row if isinstance(row, Refused) else cells_of(row) for row in rows]


# tables whose cells hold no tab and no line break


def printed(rows: Sequence[Cells]) -> Rows:
    """The rows without the blanks that padding hides."""
    return [tuple(cell.rstrip(" ") for cell in row) for row in rows]


@given(image_rows(QUIET))
def test_images_come_back_as_they_went_in(rows: list[Cells]) -> None:
    assert read_images(rows) == printed(rows)


@given(container_rows(QUIET))
def test_containers_come_back_as_they_went_in(rows: list[Cells]) -> None:
    assert read_containers(rows) == printed(rows)


@given(namespace_rows(QUIET))
def test_namespaces_come_back_as_they_went_in(rows: list[Cells]) -> None:
    assert read_namespaces(rows) == printed(rows)


@given(task_rows())
def test_tasks_come_back_as_they_went_in(rows: list[Cells]) -> None:
    assert read_tasks(rows) == printed(rows)


@given(blob_rows(QUIET))
def test_a_table_padded_with_tabs_comes_back_as_it_went_in(rows: list[Cells]) -> None:
    # its last column has no padding, so nothing is hidden there
    assert list(read("content ls", tables.content(rows))) == rows


@given(snapshot_rows())
def test_a_column_may_hold_blank_cells(rows: list[Cells]) -> None:
    assert list(read("snapshots ls", tables.snapshots(rows))) == printed(rows)


# tables with anything in their free cells


ROW_BEGINS = re.compile(r"[\n\f][ab]+[ \t\v]")
"""A line break and what the next row could begin with: nobody can tell it from a row."""


def forges_no_row(rows: list[Cells]) -> bool:
    return not any(ROW_BEGINS.search(cell) for row in rows for cell in row)


def hides_no_tab(rows: list[Cells]) -> bool:
    """After a line break, a tab at the end of a cell looks like padding, and shifts its column."""
    cells = [cell for row in rows for cell in row]
    pieces = [piece for cell in cells for piece in re.split(rf"[\n\f{ESCAPE}]", cell)]
    return len(pieces) == len(cells) or not any(piece.strip("\t\v") != piece for piece in pieces)


def _kept(row: Cells, whole_so_far: bool) -> Cells:
    """The cells without what leaves no trace: blanks at their ends, at both after a broken row."""
    return tuple(cell.rstrip(" ") if whole_so_far else cell.strip(" \t\v") for cell in row)


def assert_right_or_refused(rows: Sequence[Cells], key: int, found: Rows) -> None:
    """Each row that was read is one that went in, in the same order; the others are refused."""
    order = [row[key] for row in rows]
    good = [row for row in found if not isinstance(row, Refused)]
    assert [row[key] for row in good] == sorted({row[key] for row in good}, key=order.index)
    for row in good:
        number = order.index(row[key])
        before = "".join("".join(other) for other in rows[:number])
        whole_so_far = not any(char in before for char in "\n\f" + ESCAPE)
        assert _kept(row, whole_so_far) == _kept(rows[number], whole_so_far)
    if len(good) < len(rows):
        assert any(isinstance(row, Refused) for row in found)


@given(image_rows(LOUD).filter(hides_no_tab))
def test_images_are_right_or_refused(rows: list[Cells]) -> None:
    assert_right_or_refused(rows, 2, read_images(rows))


@given(container_rows(LOUD).filter(forges_no_row))
def test_containers_are_right_or_refused(rows: list[Cells]) -> None:
    assert_right_or_refused(rows, 0, read_containers(rows))


@given(namespace_rows(LOUD).filter(forges_no_row))
def test_namespaces_are_right_or_refused(rows: list[Cells]) -> None:
    assert_right_or_refused(rows, 0, read_namespaces(rows))


@given(blob_rows(LOUD))
def test_blobs_are_right_or_refused(rows: list[Cells]) -> None:
    # tabs before a label look like more padding
    rows = [(*row[:-1], row[-1].lstrip("\t\v")) for row in rows]
    assert_right_or_refused(rows, 0, list(read("content ls", tables.content(rows))))


@given(image_rows(QUIET), st.data())
def test_a_tab_spoils_no_other_row(rows: list[Cells], data: st.DataObject) -> None:
    if not rows:
        return
    number = data.draw(st.integers(0, len(rows) - 1))
    spoilt = list(rows)
    spoilt[number] = ("a\tb", *rows[number][1:])
    expected = printed(rows)
    found = read_images(spoilt)
    assert isinstance(found.pop(number), Refused)
    assert found == expected[:number] + expected[number + 1 :]


@given(st.lists(st.text(LOUD.replace("\n", "") + "\x00\x1b"), max_size=8))
def test_lines_of_any_kind_are_all_accounted_for(lines: list[str]) -> None:
    header = tables.images([])
    assert len(list(parse_images([*header, *lines]))) == len(lines)


# what follows from one odd row


def image(ref: str, labels: str = "-") -> Cells:
    digest = f"sha256:{sha256(ref.encode()).hexdigest()}"
    return ref, "application/x", digest, "3.5 KiB", "linux/amd64", labels


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


# the header


def cells(values: list[str], extra: dict[str, str]) -> Extra | Refused:
    return values, extra


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


# streaming


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
