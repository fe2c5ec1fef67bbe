"""The records of `df` and `prune`: what a namespace takes on the disk, and what can go."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from kuke_ctr.records import Record


class Disk(Record):
    """What one of containerd's namespaces takes; `realm` is left out where that is no realm's.

    Content is stored once for all namespaces. Of what a namespace has (`content_bytes`),
    `unique_bytes` are in no other namespace, and `shared_bytes` are in others too; `share_bytes`
    are the unique ones and an equal part of each shared blob: over all namespaces they add up to
    what the store holds. `ingests_bytes` are unfinished downloads. Snapshots are never shared:
    `unpacked_bytes` are unpacked layers and what containers have written.

    `reclaimable_bytes` is what `images prune --all` (`images_prune_bytes`) and `snapshots prune`
    would free, this namespace alone; `content_prune_bytes` is what `content prune` would. Sizes of
    content come from rounded text. What could not be read is null.
    """

    identifier = "namespace"
    table = (
        *("namespace", "images", "unique_bytes", "shared_bytes", "unpacked_bytes"),
        "reclaimable_bytes",
    )
    wide = (
        *("namespace", "images", "content_bytes", "unique_bytes", "shared_bytes", "share_bytes"),
        *("ingests_bytes", "snapshots", "unpacked_bytes", "reclaimable_bytes"),
        *("images_prune_bytes", "snapshots_prune_bytes", "content_prune_bytes"),
    )
    headings: ClassVar[Mapping[str, str]] = {
        "unique_bytes": "UNIQUE",
        "shared_bytes": "SHARED",
        "unpacked_bytes": "UNPACKED",
        "reclaimable_bytes": "RECLAIMABLE",
        "content_bytes": "CONTENT",
        "share_bytes": "SHARE",
        "ingests_bytes": "INGESTS",
        "images_prune_bytes": "IMAGES PRUNE",
        "snapshots_prune_bytes": "SNAPSHOTS PRUNE",
        "content_prune_bytes": "CONTENT PRUNE",
    }

    namespace: str
    images: int | None
    content_bytes: int | None
    unique_bytes: int | None
    shared_bytes: int | None
    share_bytes: int | None
    ingests_bytes: int | None
    snapshots: int | None
    unpacked_bytes: int | None
    reclaimable_bytes: int | None
    images_prune_bytes: int | None
    snapshots_prune_bytes: int | None
    content_prune_bytes: int | None
    size_approximate: bool


class Prunable(Record):
    """One thing that `prune` removes, and why nothing needs it.

    `freed_bytes` is what its removal frees, after that of all rows before it: content that another
    namespace has too stays, and counts as 0. It is null where it is not known, as for leases. Sizes
    of content come from rounded text. `snapshotter` is that of a snapshot.
    """

    identifier = "name"
    table = ("kind", "name", "freed_bytes", "reason")
    wide = ("kind", "name", "snapshotter", "freed_bytes", "reason")
    headings: ClassVar[Mapping[str, str]] = {"freed_bytes": "FREES"}

    kind: Literal["image", "snapshot", "lease", "content"]
    name: str
    freed_bytes: int | None
    reason: str
    snapshotter: str | None = None
