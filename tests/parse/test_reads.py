"""Snapshots, content, leases, sandboxes, plugins, processes: random tables, cell by cell."""

import string
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.content import parse_active, parse_content
from kuke_ctr.parse.leases import parse_leases
from kuke_ctr.parse.nouns import RECORDS, parser_of
from kuke_ctr.parse.plugins import parse_plugins
from kuke_ctr.parse.processes import parse_processes
from kuke_ctr.parse.sandboxes import parse_sandboxes
from kuke_ctr.parse.snapshots import parse_snapshots, parse_usage, tree_of
from kuke_ctr.records import Record, Refused, Snapshot
from tests.support.tabwriter import ctr_table

# a cell without tabs, line breaks and blanks at its ends comes back as it was
WORDS = st.text(string.ascii_letters + string.digits + ".-_/:é漢", min_size=1, max_size=12)
KEYS = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format)
DECIMAL = st.sampled_from(
    [("0B", 0), ("203B", 203), ("1.049MB", 1_049_000), ("2.841kB", 2841), ("12GB", 12_000_000_000)]
)
BINARY = st.sampled_from([("0.0 B", 0), ("4.0 KiB", 4096), ("1.5 MiB", 1_572_864)])
AGES = st.sampled_from(
    ["Less than a second", "1 second", "59 seconds", "About a minute", "About an hour", "2 weeks"]
)
LABELS = st.dictionaries(
    st.text(string.ascii_lowercase, min_size=1, max_size=5),
    st.text(string.ascii_letters + " =:/", max_size=8).map(str.strip),
    max_size=3,
)


def printed(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items()) or "-"


def closed(
    header: str, rows: Sequence[Sequence[str]], *, padding: int = 1, padchar: str = " "
) -> list[str]:
    """A table whose rows end with a tab, as most of ctr's do."""
    lines = ["\t".join(row) + "\t" for row in rows]
    return ctr_table(header + "\t", lines, padding=padding, padchar=padchar)


def records(rows: Iterator[Record | Refused]) -> list[dict[str, object]]:
    """The records as documents; a refused row fails the test."""
    found = list(rows)
    refused = [row for row in found if isinstance(row, Refused)]
    assert refused == []
    return [row.model_dump() for row in found if isinstance(row, Record)]


def only(document: dict[str, object], *names: str) -> tuple[object, ...]:
    return tuple(document[name] for name in names)


@given(st.lists(st.tuples(KEYS, st.just("") | KEYS, st.sampled_from(["Active", "View"]))))
def test_snapshots_come_back(rows: list[tuple[str, str, str]]) -> None:
    found = records(parse_snapshots(closed("KEY\tPARENT\tKIND", rows)))
    assert [only(one, "key", "parent", "kind") for one in found] == [
        (key, parent or None, kind) for key, parent, kind in rows
    ]


@given(st.lists(st.tuples(KEYS, BINARY, st.integers(0, 10**9))))
def test_usage_in_units_is_approximate(rows: list[tuple[str, tuple[str, int], int]]) -> None:
    lines = closed("KEY\tSIZE\tINODES", [(key, size, str(n)) for key, (size, _), n in rows])
    names = ("key", "size", "size_bytes", "size_approximate", "inodes")
    assert [only(one, *names) for one in records(parse_usage(lines))] == [
        (key, size, number, True, inodes) for key, (size, number), inodes in rows
    ]


@given(st.lists(st.tuples(KEYS, st.integers(0, 10**15), st.integers(0, 10**9))))
def test_usage_in_bytes_is_exact(rows: list[tuple[str, int, int]]) -> None:
    lines = closed("KEY\tSIZE\tINODES", [(key, str(size), str(n)) for key, size, n in rows])
    names = ("key", "size_bytes", "size_approximate", "inodes")
    found = records(parse_usage(lines))
    assert [only(one, *names) for one in found] == [
        (key, size, False, inodes) for key, size, inodes in rows
    ]


@pytest.mark.parametrize(
    ("size", "text"),
    [("0", "0.0 B"), ("4096", "4.0 KiB"), ("1023", "1023.0 B"), ("2031616", "1.9 MiB")],
)
def test_exact_bytes_get_the_text_that_ctr_has_for_them(size: str, text: str) -> None:
    (found,) = records(parse_usage(closed("KEY\tSIZE\tINODES", [("k", size, "1")])))
    assert found["size"] == text


@given(st.lists(st.tuples(DIGESTS, DECIMAL, AGES, LABELS)))
def test_content_comes_back(
    rows: list[tuple[str, tuple[str, int], str, dict[str, str]]],
) -> None:
    cells = [(digest, size, age, printed(labels)) for digest, (size, _), age, labels in rows]
    lines = ctr_table("DIGEST\tSIZE\tAGE\tLABELS", map("\t".join, cells), padchar="\t")
    names = ("digest", "size_bytes", "size_approximate", "age", "labels")
    assert [only(one, *names) for one in records(parse_content(lines))] == [
        (digest, number, True, age, labels) for digest, (_, number), age, labels in rows
    ]


@given(st.lists(st.tuples(KEYS, DECIMAL, AGES)))
def test_active_ingests_come_back(rows: list[tuple[str, tuple[str, int], str]]) -> None:
    cells = [(ref, size, age) for ref, (size, _), age in rows]
    lines = closed("REF\tSIZE\tAGE", cells, padchar="\t")
    assert [only(one, "ref", "size_bytes", "age") for one in records(parse_active(lines))] == [
        (ref, number, age) for ref, (_, number), age in rows
    ]


@given(st.lists(st.tuples(KEYS, LABELS)), st.sampled_from(["Z", "+05:30", "-11:00"]))
def test_leases_come_back(rows: list[tuple[str, dict[str, str]]], zone: str) -> None:
    time = f"2026-11-23T15:20:58{zone}"
    lines = closed("ID\tCREATED AT\tLABELS", [(name, time, printed(one)) for name, one in rows])
    assert [only(one, "id", "created_at", "labels") for one in records(parse_leases(lines))] == [
        (name, time, labels) for name, labels in rows
    ]


@given(st.lists(st.tuples(WORDS, WORDS, st.sampled_from(["-", "linux/amd64"]))))
def test_plugins_come_back(rows: list[tuple[str, str, str]]) -> None:
    cells = [(*row, "skip") for row in rows]
    lines = closed("TYPE\tID\tPLATFORMS\tSTATUS", cells, padding=4)
    assert [only(one, "type", "id", "platforms") for one in records(parse_plugins(lines))] == [
        (kind, name, () if platform == "-" else (platform,)) for kind, name, platform in rows
    ]


@given(st.lists(WORDS))
def test_sandboxes_come_back_with_their_time_in_iso(names: list[str]) -> None:
    time = "2026-11-23 15:20:58.757351607 +0000 UTC"
    lines = closed(
        "ID\tCREATED\tRUNTIME", [(name, time, "io.containerd.runc.v2") for name in names]
    )
    assert [only(one, "id", "created_at") for one in records(parse_sandboxes(lines))] == [
        (name, "2026-11-23T15:20:58.757351607Z") for name in names
    ]


@pytest.mark.parametrize(
    ("info", "exec_id"),
    [
        ("-", None),
        ("&ProcessDetails{ExecID:job,XXX_unrecognized:[],}", "job"),
        ("&ProcessDetails{ExecID:job,}", "job"),
        ('exec_id:"job"', "job"),
        ('exec_id: "job"', "job"),
        ("something of a later ctr", None),
    ],
)
def test_the_exec_of_a_process_is_known_in_every_version(info: str, exec_id: str | None) -> None:
    lines = ctr_table("PID\tINFO", [f"7\t{info}", "12345\t-"], minwidth=1, padding=4)
    found = records(parse_processes(lines))
    assert [only(one, "pid", "exec_id") for one in found] == [(7, exec_id), (12345, None)]
    assert found[0]["info"] == (None if info == "-" else info)


@pytest.mark.parametrize(
    ("parse", "header", "row"),
    [
        (parse_snapshots, "KEY\tPARENT\tKIND\t", "two\tcells\t\tActive\t"),
        (parse_snapshots, "KEY\tPARENT\tKIND\t", "two\nlines\t\tActive\t"),
        (parse_usage, "KEY\tSIZE\tINODES\t", "two\tcells\t4.0 KiB\t1\t"),
        (parse_leases, "ID\tCREATED AT\tLABELS\t", "cut\t2026-11-23T15:20:58Z\ta=x\ny\t"),
        (parse_leases, "ID\tCREATED AT\tLABELS\t", "tab\t2026-11-23T15:20:58Z\ta=x\ty\t"),
    ],
)
def test_a_tab_or_a_line_break_in_a_cell_refuses_the_row(
    parse: Callable[[list[str]], Iterator[Record | Refused]], header: str, row: str
) -> None:
    found = list(parse(ctr_table(header, [row])))
    assert found
    assert all(isinstance(one, Refused) for one in found)


@given(st.dictionaries(WORDS, st.none() | WORDS, max_size=12))
def test_a_tree_has_every_snapshot_once_below_its_parent(parents: dict[str, str | None]) -> None:
    # a parent stands before its children, as in a store
    keys = list(parents)
    rows = [
        Snapshot(key=key, parent=keys[i - 1] if parents[key] and i else None, kind="Committed")
        for i, key in enumerate(keys)
    ]
    nodes = tree_of(rows)
    assert sorted(node.key for node in nodes) == sorted(keys)
    path: list[str] = []
    for node in nodes:
        assert node.depth <= len(path)
        path[node.depth :] = [node.key]
        assert node.parent == (path[node.depth - 1] if node.depth else None)
        assert all(one.parent == node.key for one in rows if one.key in node.children)
    assert sum(len(node.children) for node in nodes) == sum(node.depth > 0 for node in nodes)


def test_siblings_keep_their_order_and_children_follow_their_parent() -> None:
    pairs = [("b", None), ("a", None), ("b2", "b"), ("b1", "b"), ("deep", "b2"), ("lost", "gone")]
    rows = [Snapshot(key=key, parent=parent, kind="View") for key, parent in pairs]
    assert [(node.key, node.depth) for node in tree_of(rows)] == [
        ("b", 0),
        ("b2", 1),
        ("deep", 2),
        ("b1", 1),
        ("a", 0),
        ("lost", 0),
    ]


@pytest.mark.parametrize("noun", sorted(set(RECORDS) - {"events", "version", "deprecations"}))
def test_every_table_has_a_parser_that_refuses_another_table(noun: str) -> None:
    lines = ctr_table("SOMETHING\tELSE\t", ["a\tb\t"])
    parse = parser_of(noun)
    if noun == "tasks-metrics":
        assert all(isinstance(row, Refused) for row in parse(lines))
    else:
        with pytest.raises(Unreadable, match="SOMETHING"):
            list(parse(lines))
    assert list(parse([])) == []
