"""Random tables: what goes in comes back, or is refused."""

import re
from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.parse.containers import parse_containers
from kuke_ctr.parse.images import parse_images
from kuke_ctr.parse.tasks import parse_tasks
from kuke_ctr.records import Refused
from tests.support import tables
from tests.support.table_rows import Rows, _plain, read_images, read_namespaces
from tests.support.tables import Cells, read
from tests.support.tabwriter import ESCAPE

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
    pids = st.integers(0, 2**22).map(str)
    statuses = st.sampled_from(["RUNNING", "STOPPED", "UNKNOWN"])
    return st.lists(st.tuples(pids, statuses), max_size=7).map(numbered("t"))


def snapshot_rows() -> st.SearchStrategy[list[Cells]]:
    parents = st.one_of(st.just(""), texts(QUIET))
    return st.lists(st.tuples(texts(QUIET), parents, st.sampled_from(["Active", "Committed"])))


def read_containers(rows: Sequence[Cells]) -> Rows:
    return _plain(parse_containers(tables.containers(rows)))


def read_tasks(rows: Sequence[Cells]) -> Rows:
    return _plain(parse_tasks(tables.tasks(rows)))


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
