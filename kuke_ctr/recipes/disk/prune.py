"""What pruning a namespace would free: the rules are those of the commands that prune."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.kukeon.named_images import named_images
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.parse.references import snapshot_references
from kuke_ctr.recipes.cell_members import Members
from kuke_ctr.recipes.content_graph import Graph
from kuke_ctr.recipes.image_users import users_among
from kuke_ctr.recipes.unused_snapshots import Unused, not_below, unused_among
from kuke_ctr.recipes.used_by import is_expired, snapshots_referred_to
from kuke_ctr.records import Blob, Image, Lease, Snapshot


@dataclass(slots=True)
class Held:
    """What a namespace has, and what holds it; `snapshots` are by snapshotter and key."""

    images: tuple[Image, ...]
    blobs: tuple[Blob, ...]
    leases: tuple[Lease, ...]
    containers: list[ContainerInfo] = field(default_factory=list)
    snapshots: dict[str | None, Mapping[str, Snapshot]] = field(default_factory=dict)


@dataclass(slots=True)
class Freed:
    """What would go: `images` and `layers` are digests of blobs, which other namespaces may keep.

    `refs` are the unused images. `by_images` and `by_snapshots` are snapshotter and key of
    snapshots: those that go with unused images, and those that `snapshots prune` removes. `found`
    has the latter by snapshotter, and what is left alone.
    """

    refs: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)
    by_images: set[tuple[str | None, str]] = field(default_factory=set)
    by_snapshots: set[tuple[str | None, str]] = field(default_factory=set)
    layers: set[str] = field(default_factory=set)
    found: dict[str | None, Unused] = field(default_factory=dict)


def freed_by(
    scope: Scope,
    run_path: Path,
    realm: Resolution,
    held: Held,
    spare: Callable[[str], bool] | None = None,
) -> Freed:
    """What `images prune --all`, `snapshots prune` and `content prune` would remove.

    `spare` keeps snapshots by their key (None: those of Kukeon's containers).
    `ctr snapshots info` and `mounts` of snapshots that nothing refers to; probes. Raises
    KukeCtrError where records or snapshots can't be read: then nothing is known to be unused.
    """
    graph = Graph({scope.namespace: held.images}, {scope.namespace: held.blobs})
    known = {name: rows for name, rows in held.snapshots.items() if name is not None}
    records = named_images(run_path, realm) if held.images else []
    used = users_among(scope.namespace, graph, records, held.containers, known)
    unused = {image.ref for image in held.images if image.ref not in used}
    going = {blob.digest for blob in graph.only_of(scope.namespace, unused)}
    layers = {blob.digest for blob in graph.only_layers(scope.namespace)}
    freed = Freed(unused, going, layers=layers)
    now = list(_references(held))
    after = list(_references(held, unused, going))
    spare = spare or _of_cells(scope, run_path, realm)
    for snapshotter, rows in held.snapshots.items():
        found = unused_among(scope, rows, held.leases, now, snapshotter, spare)
        freed.found[snapshotter] = found
        unused_keys = {one.key for one in found.unused}
        free = set(not_below(rows, _of(snapshotter, held, now)))
        # what is left although nothing refers to it holds the layers below it
        rest = {*_of(snapshotter, held, after), *(free - unused_keys)}
        by_images = set(not_below(rows, rest)) - unused_keys
        freed.by_snapshots |= {(snapshotter, key) for key in unused_keys}
        freed.by_images |= {(snapshotter, key) for key in by_images}
    return freed


def _of_cells(scope: Scope, run_path: Path, realm: Resolution) -> Callable[[str], bool]:
    members = Members(scope, run_path, realm)
    return lambda key: members.by_id(key) is not None


def _references(
    held: Held, unused: Collection[str] = (), going: Collection[str] = ()
) -> Iterator[tuple[str, str]]:
    """Snapshotter and key of what containers, images and blobs refer to, but for what goes."""
    images = (image for image in held.images if image.ref not in unused)
    blobs = (blob for blob in held.blobs if blob.digest not in going)
    return snapshots_referred_to(held.containers, images, blobs)


def _of(
    snapshotter: str | None, held: Held, references: Iterable[tuple[str, str]]
) -> Sequence[str]:
    """The keys of a snapshotter that are referred to, by leases too."""
    leased = (
        pair
        for lease in held.leases
        if not is_expired(lease)
        for pair in snapshot_references(lease.labels_text)
    )
    return [key for of, key in (*references, *leased) if snapshotter in (None, of)]
