"""The arithmetic of `df`: every blob counts once, whoever has it."""

from collections.abc import Mapping

import pytest

from kuke_ctr.kukeon.places import Place
from kuke_ctr.recipes.disk.count import Blobs, Taken, rows_of, total_of
from kuke_ctr.recipes.disk.prune import Freed
from kuke_ctr.recipes.disk.stored import Stored, added
from kuke_ctr.records import Blob, SnapshotUsage
from tests.support import doctor_facts

SIZES = {"base": 100, "app": 7, "own": 40}


def blob(name: str) -> Blob:
    return doctor_facts.blob(name, size=SIZES[name])


def usage(**sizes: int) -> dict[str | None, tuple[SnapshotUsage, ...] | None]:
    rows = (
        SnapshotUsage(key=key, size="", size_bytes=size, size_approximate=False, inodes=1)
        for key, size in sizes.items()
    )
    return {"overlayfs": tuple(rows)}


def taken(
    name: str,
    blobs: tuple[str, ...] | None,
    freed: Freed | None = None,
    snapshots: Mapping[str, int] | None = None,
) -> Taken:
    stored = Stored(
        name,
        images=(),
        blobs=None if blobs is None else tuple(map(blob, blobs)),
        ingests=(),
        snapshots=usage(**(snapshots or {})),
    )
    return Taken(Place(name, f"realm-{name}"), stored, freed)


def test_a_shared_blob_is_no_ones_own_and_counts_once_in_the_total() -> None:
    places = [taken("a", ("base", "own")), taken("b", ("base", "app")), taken("c", ("base",))]
    a, b, c = rows_of(places, {})
    assert [(one.unique_bytes, one.shared_bytes) for one in (a, b, c)] == [
        (40, 100),
        (7, 100),
        (0, 100),
    ]
    assert [one.content_bytes for one in (a, b, c)] == [140, 107, 100]
    total = total_of(places)
    assert (total.unique_bytes, total.shared_bytes, total.content_bytes) == (47, 100, 147)


def test_the_shares_add_up_to_what_is_on_disk() -> None:
    places = [taken("a", ("base", "own")), taken("b", ("base", "app")), taken("c", ("base",))]
    shares = [one.share_bytes or 0 for one in rows_of(places, {})]
    assert sum(shares) == sum(SIZES.values())
    assert max(shares) - 40 == 34  # 100 in three parts: the first one has what is over
    assert Blobs({"a": [blob("base")]}).share("base", "a") == 100


def test_what_only_other_namespaces_have_is_shared_too_and_in_no_row() -> None:
    (row,) = rows_of([taken("a", ("base", "own"))], {"moby": [blob("base"), blob("app")]})
    assert (row.unique_bytes, row.shared_bytes, row.share_bytes) == (40, 100, 90)


def test_snapshots_are_nobody_elses() -> None:
    places = [taken("a", (), snapshots={"x": 5, "y": 6}), taken("b", (), snapshots={"x": 5})]
    assert [one.unpacked_bytes for one in rows_of(places, {})] == [11, 5]
    assert total_of(places).unpacked_bytes == 16
    assert total_of(places).snapshots == 3


def test_pruning_frees_what_no_other_namespace_has() -> None:
    keys: set[tuple[str | None, str]] = {("overlayfs", "layer")}
    freed = Freed(images={"base", "own"}, by_images=keys, by_snapshots={("overlayfs", "old")})
    place = taken("a", ("base", "own"), freed, {"layer": 30, "old": 4, "used": 1})
    (row, _) = rows_of([place, taken("b", ("base",), Freed())], {})
    assert (row.images_prune_bytes, row.snapshots_prune_bytes) == (70, 4)
    assert row.reclaimable_bytes == 74
    assert total_of([place, taken("b", ("base",), Freed())]).reclaimable_bytes == 74


def test_pruning_all_of_them_frees_what_they_share() -> None:
    places = [taken(name, ("base",), Freed(images={"base"}, layers={"base"})) for name in "ab"]
    assert [one.reclaimable_bytes for one in rows_of(places, {})] == [0, 0]
    total = total_of(places)
    assert (total.reclaimable_bytes, total.content_prune_bytes) == (100, 100)
    keeps = taken("c", ("base",))  # nobody knows what it uses
    assert total_of([*places, keeps]).reclaimable_bytes == 0


def test_what_could_not_be_read_is_null_and_not_zero() -> None:
    row, other = rows_of([taken("a", None), taken("b", ("base",))], {})
    assert row.content_bytes is row.unique_bytes is row.share_bytes is row.reclaimable_bytes is None
    assert other.unique_bytes == 100
    assert total_of([taken("a", None), taken("b", ("base",))]).content_bytes == 100


@pytest.mark.parametrize(("numbers", "expected"), [((1, 2), 3), ((), 0), ((1, None), None)])
def test_a_sum_with_something_unknown_is_unknown(
    numbers: tuple[int | None, ...], expected: int | None
) -> None:
    assert added(numbers) == expected


def test_one_snapshotter_that_could_not_be_read_makes_the_number_unknown() -> None:
    stored = Stored("a", snapshots={**usage(x=1), "native": None})
    assert stored.snapshots_count is stored.snapshots_bytes is None
