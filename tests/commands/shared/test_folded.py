"""Equal rows of many hosts stand once; pure."""

from collections.abc import Sequence

from kuke_ctr.commands.shared.folded import FoldedRows, Groups
from kuke_ctr.records import Lease, Record
from kuke_ctr.render import View, make_view

VIEW: View = make_view(Lease, output=None, with_host=True)


def lease(name: str) -> Lease:
    return Lease(id=name, created_at="2026-01-01T00:00:00Z", labels={}, labels_text="")


def fold(hosts: Sequence[int]) -> str:
    return ",".join(f"h{host}" for host in hosts)


def shown(folded: FoldedRows) -> list[tuple[str | None, str]]:
    rows: list[Record] = list(folded.records(fold))
    return [(row.host, row.id) for row in rows if isinstance(row, Lease)]


def test_a_row_that_all_have_stands_once_and_another_with_its_host() -> None:
    folded = FoldedRows(VIEW)
    folded.add(2, [lease("a"), lease("b")])
    folded.add(0, [lease("a"), lease("b")])
    folded.add(1, [lease("a"), lease("x"), lease("b")])
    assert shown(folded) == [("h0,h1,h2", "a"), ("h0,h1,h2", "b"), ("h1", "x")]


def test_two_equal_rows_of_one_host_stay_two() -> None:
    folded = FoldedRows(VIEW)
    folded.add(0, [lease("a"), lease("a")])
    folded.add(1, [lease("a")])
    assert shown(folded) == [("h0", "a"), ("h0,h1", "a")]


def test_rows_that_look_alike_but_for_a_hidden_field_are_one() -> None:
    folded = FoldedRows(VIEW._replace(fields=("host", "id")))
    other = lease("a").model_copy(update={"created_at": "2027-01-01T00:00:00Z"})
    folded.add(0, [lease("a")])
    folded.add(1, [other])
    assert shown(folded) == [("h0,h1", "a")]


def test_the_first_hosts_come_first() -> None:
    groups: Groups[str] = Groups()
    for thing, host in (("z", 3), ("y", 1), ("z", 1), ("x", 2)):
        groups.add(thing, host)
    assert list(groups.together()) == [((1,), ["y"]), ((1, 3), ["z"]), ((2,), ["x"])]
