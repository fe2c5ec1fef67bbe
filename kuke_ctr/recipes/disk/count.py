"""The sums: what each namespace takes alone, what several share, what pruning would free. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kuke_ctr.kukeon.places import Place
from kuke_ctr.recipes.disk.prune import Freed
from kuke_ctr.recipes.disk.stored import Stored, added
from kuke_ctr.records import Blob, Disk

TOTAL = "TOTAL"
"""What stands in the column of the realms."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is known of a place; `freed` is None where what is unused could not be found out."""

    place: Place
    stored: Stored
    freed: Freed | None = None


class Blobs:
    """Every blob of a content store once: its bytes, and the namespaces that have it."""

    def __init__(self, blobs: Mapping[str, Iterable[Blob]]) -> None:
        self.sizes: dict[str, int] = {}
        self.holders: dict[str, list[str]] = {}
        for namespace, found in blobs.items():
            for blob in found:
                self.sizes[blob.digest] = blob.size_bytes or 0
                self.holders.setdefault(blob.digest, []).append(namespace)

    def of(self, digests: Iterable[str], which: Callable[[str], bool]) -> int:
        """The bytes of those of the digests of which this is true."""
        return sum(self.sizes[digest] for digest in digests if which(digest))

    def is_unique(self, digest: str) -> bool:
        """Whether one namespace alone has it."""
        return len(self.holders[digest]) == 1

    def is_shared(self, digest: str) -> bool:
        """Whether several namespaces have it."""
        return not self.is_unique(digest)

    def share(self, digest: str, namespace: str) -> int:
        """An equal part for each namespace that has it; the first one takes what is over."""
        holders = self.holders[digest]
        part, over = divmod(self.sizes[digest], len(holders))
        return part + (over if holders[0] == namespace else 0)


def rows_of(taken: Sequence[Taken], elsewhere: Mapping[str, Iterable[Blob]]) -> tuple[Disk, ...]:
    """A row for each place; `elsewhere` is what other namespaces have, which may be shared too."""
    blobs = _blobs(taken, elsewhere)
    return tuple(_row(one, blobs) for one in taken)


def total_of(taken: Sequence[Taken]) -> Disk:
    """Everything once, as far as it is known: what several share, and what only pruning all of
    these places would free."""
    blobs = _blobs(taken, {})
    rows = [_row(one, blobs) for one in taken]
    freed = {one.place.namespace: one.freed for one in taken if one.freed is not None}
    images = _freed_everywhere(blobs, {name: one.images for name, one in freed.items()})
    images += sum(_snapshots(one, one.freed.by_images) for one in taken if one.freed is not None)
    layers = _freed_everywhere(blobs, {name: one.layers for name, one in freed.items()})
    unique = blobs.of(blobs.sizes, blobs.is_unique)
    shared = blobs.of(blobs.sizes, blobs.is_shared)
    snapshots = _known(row.snapshots_prune_bytes for row in rows)
    return Disk(
        realm=TOTAL,
        namespace="",
        images=_known(row.images for row in rows),
        content_bytes=unique + shared,
        unique_bytes=unique,
        shared_bytes=shared,
        share_bytes=unique + shared,
        ingests_bytes=_known(row.ingests_bytes for row in rows),
        snapshots=_known(row.snapshots for row in rows),
        unpacked_bytes=_known(row.unpacked_bytes for row in rows),
        reclaimable_bytes=images + snapshots,
        images_prune_bytes=images,
        snapshots_prune_bytes=snapshots,
        content_prune_bytes=layers,
        size_approximate=True,
    )


def _blobs(taken: Sequence[Taken], elsewhere: Mapping[str, Iterable[Blob]]) -> Blobs:
    return Blobs({**{one.place.namespace: one.stored.blobs or () for one in taken}, **elsewhere})


def _known(numbers: Iterable[int | None]) -> int:
    return sum(number for number in numbers if number is not None)


def _row(one: Taken, blobs: Blobs) -> Disk:
    namespace, stored = one.place.namespace, one.stored
    unique = shared = share = None
    if stored.blobs is not None:
        digests = {blob.digest for blob in stored.blobs}
        unique, shared = blobs.of(digests, blobs.is_unique), blobs.of(digests, blobs.is_shared)
        share = sum(blobs.share(digest, namespace) for digest in digests)
    images = snapshots = layers = None
    if one.freed is not None:
        images = blobs.of(one.freed.images, blobs.is_unique) + _snapshots(one, one.freed.by_images)
        snapshots = _snapshots(one, one.freed.by_snapshots)
        layers = blobs.of(one.freed.layers, blobs.is_unique)
    return Disk(
        realm=one.place.realm,
        namespace=namespace,
        images=None if stored.images is None else len(stored.images),
        content_bytes=added((unique, shared)),
        unique_bytes=unique,
        shared_bytes=shared,
        share_bytes=share,
        ingests_bytes=stored.ingests_bytes,
        snapshots=stored.snapshots_count,
        unpacked_bytes=stored.snapshots_bytes,
        reclaimable_bytes=added((images, snapshots)),
        images_prune_bytes=images,
        snapshots_prune_bytes=snapshots,
        content_prune_bytes=layers,
        size_approximate=True,
    )


def _snapshots(one: Taken, keys: Iterable[tuple[str | None, str]]) -> int:
    """The bytes of snapshots, by snapshotter and key."""
    sizes = {
        (snapshotter, row.key): row.size_bytes or 0
        for snapshotter, rows in one.stored.snapshots.items()
        for row in rows or ()
    }
    return sum(sizes.get(key, 0) for key in keys)


def _freed_everywhere(blobs: Blobs, going: Mapping[str, set[str]]) -> int:
    """The bytes of blobs that every namespace which has them gives up."""
    nothing: set[str] = set()
    return blobs.of(
        set().union(*going.values()),
        lambda digest: all(
            digest in going.get(holder, nothing) for holder in blobs.holders[digest]
        ),
    )
