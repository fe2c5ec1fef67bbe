"""What is listed to be removed, and how much each row frees: every byte counts once."""

import pytest

from kuke_ctr.recipes.disk.plan import Key, is_left_over, rows_of
from kuke_ctr.recipes.disk.prune import Freed, Held
from kuke_ctr.recipes.unused_snapshots import Unused
from kuke_ctr.records import Blob, Lease, Prunable, Snapshot
from tests.support import doctor_facts
from tests.support.doctor_facts import image

M1, M2, C1, C2, BASE, TOP = (f"sha256:{letter * 64}" for letter in "123456")
SIZES = {M1: 1, M2: 2, C1: 10, C2: 20, BASE: 100, TOP: 7}
_OF = "containerd.io/gc.ref.content"
LABELS = {
    M1: f"{_OF}.config={C1},{_OF}.l.0={BASE}",
    M2: f"{_OF}.config={C2},{_OF}.l.0={BASE},{_OF}.l.1={TOP}",
    C1: "containerd.io/gc.ref.snapshot.overlayfs=one",
    C2: "containerd.io/gc.ref.snapshot.overlayfs=two",
}
TREE = {
    "one": Snapshot(key="one", parent=None, kind="Committed"),
    "two": Snapshot(key="two", parent="one", kind="Committed"),
    "lost": Snapshot(key="lost", parent=None, kind="Active"),
}
BYTES: dict[Key, int] = {
    ("overlayfs", "one"): 1000,
    ("overlayfs", "two"): 2000,
    ("overlayfs", "lost"): 5,
}
TWO: Key = ("overlayfs", "two")
BOTH: set[Key] = {("overlayfs", "one"), TWO}


def blob(name: str) -> Blob:
    return doctor_facts.blob(name, LABELS.get(name, "-"), SIZES[name])


def lease(**labels: str) -> Lease:
    named = {f"containerd.io/gc.{name}": value for name, value in labels.items()}
    return Lease(id="l", created_at="", labels=named, labels_text="")


HELD = Held(
    (image("a:1", M1), image("b:1", M2)),
    tuple(map(blob, SIZES)),
    (lease(expire="2026-01-01T00:00:00Z"), lease()),
    snapshots={"overlayfs": TREE},
)
FOUND: dict[str | None, Unused] = {"overlayfs": Unused((TREE["lost"],))}


def rows(freed: Freed, *, images_go: bool = False, other: tuple[Blob, ...] = ()) -> list[Prunable]:
    freed.found = FOUND
    return list(rows_of("here", HELD, freed, {"other": other}, BYTES, images_go=images_go))


def frees(found: list[Prunable]) -> dict[str, int | None]:
    return {row.name: row.freed_bytes for row in found}


def test_what_two_images_share_is_freed_by_the_second_one() -> None:
    found = rows(Freed({"a:1", "b:1"}, set(SIZES), BOTH), images_go=True)
    assert [row.kind for row in found] == ["image", "image", "snapshot", "lease"]
    assert frees(found) == {
        "a:1": 1 + 10,
        "b:1": 2 + 20 + 100 + 7 + 3000,
        "lost": 5,
        "l": None,
    }


def test_what_another_namespace_has_is_not_freed() -> None:
    found = rows(Freed({"a:1", "b:1"}, set(SIZES), BOTH), other=(blob(BASE), blob(M1)))
    assert frees(found)["a:1"] == 10
    assert frees(found)["b:1"] == 2 + 20 + 7 + 3000


def test_layers_are_those_of_the_images_that_stay() -> None:
    freed = Freed({"b:1"}, {M2, C2, TOP}, {TWO})
    assert frees(rows(freed))["b:1"] == 2 + 20 + 7 + 2000
    layers = {row.name: row for row in rows(freed) if row.kind == "content"}
    assert layers.keys() == {BASE, TOP}
    assert layers[BASE].reason == "an unpacked layer of a:1 and 1 more"
    left = [row.name for row in rows(freed, images_go=True) if row.kind == "content"]
    assert left == [BASE]


@pytest.mark.parametrize(
    ("labels", "gone"),
    [
        ({}, False),
        ({"expire": "2026-01-01T00:00:00Z"}, True),
        ({"expire": "2999-01-01T00:00:00Z"}, False),
        ({"expire": "soon"}, False),
        ({"expire": "2026-01-01T00:00:00Z", "flat": "x"}, False),  # BuildKit's
        ({"flat": "x"}, False),
    ],
)
def test_only_an_expired_lease_is_left_over(labels: dict[str, str], gone: bool) -> None:
    assert is_left_over(lease(**labels)) is gone
