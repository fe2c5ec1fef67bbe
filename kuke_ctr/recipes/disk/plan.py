"""What `prune` would remove from a namespace, how much that frees, and why it is not needed.

What is unused is decided by the recipes of `images prune`, `snapshots prune` and `content prune`,
as `df` counts it; here it is only listed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from kuke_ctr.backends.ctr import content, daemon, images, leases, snapshots
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.references import GC_EXPIRE, GC_FLAT, snapshot_references
from kuke_ctr.recipes.asking import Asking
from kuke_ctr.recipes.content_graph import Graph
from kuke_ctr.recipes.disk.count import Blobs
from kuke_ctr.recipes.disk.prune import Freed, Held, freed_by
from kuke_ctr.recipes.disk.stored import lists
from kuke_ctr.recipes.unused_snapshots import Unused
from kuke_ctr.recipes.used_by import container_facts, is_expired, listed
from kuke_ctr.records import Blob, Lease, Prunable

Key = tuple[str | None, str]
"""Snapshotter and key of a snapshot."""


class Kinds(NamedTuple):
    """Which kinds of things are to go."""

    images: bool = False
    snapshots: bool = False
    leases: bool = False
    content: bool = False

    def have(self, row: Prunable) -> bool:
        """Whether the row is of one of these kinds."""
        chosen = {"image": self.images, "snapshot": self.snapshots, "lease": self.leases}
        return chosen.get(row.kind, self.content)


class Plan(NamedTuple):
    """`rows` are to go, in this order; `others` could go, and are of kinds that were not chosen.

    `found` are the unused snapshots of each snapshotter and those left alone, `swept` the ones that
    go with the images. `sizes` are the bytes of all snapshots, as far as they are known.
    """

    kinds: Kinds
    rows: tuple[Prunable, ...]
    others: tuple[Prunable, ...] = ()
    found: Mapping[str | None, Unused] = {}
    swept: frozenset[Key] = frozenset()
    sizes: Mapping[Key, int] = {}


def plan_of(
    scope: Scope,
    run_path: Path,
    realm: Resolution,
    namespaces: Iterable[str],
    kinds: Kinds,
    spare: Callable[[str], bool],
) -> Plan:
    """What is not needed in a namespace. `spare` keeps snapshots by their key.

    `namespaces` are all of the host: what another one has too is not freed. Every call is a probe.
    Raises KukeCtrError where a list or a record can't be read: then nothing is known to be unused.
    """
    held = held_by(scope)
    freed = freed_by(scope, run_path, realm, held, spare)
    sizes = _snapshot_sizes(scope, held)
    others = sorted(set(namespaces) - {scope.namespace})
    said = lists(Asking(scope.ctr), [(content.LS, name) for name in others])
    elsewhere = {
        name: blobs
        for name, blobs in zip(others, said, strict=True)
        if not isinstance(blobs, KukeCtrError)
    }
    rows = list(rows_of(scope.namespace, held, freed, elsewhere, sizes, images_go=kinds.images))
    return Plan(
        kinds,
        tuple(row for row in rows if kinds.have(row)),
        tuple(row for row in rows if not kinds.have(row)),
        freed.found,
        frozenset(freed.by_images),
        sizes,
    )


def held_by(scope: Scope) -> Held:
    """What a namespace has: lists that are compared with their names, for things are to be removed
    by them. Raises KukeCtrError where one can't be read completely."""
    ctr, namespace = scope.ctr, scope.namespace
    return Held(
        listed(ctr, images.LS, namespace),
        listed(ctr, content.LS, namespace),
        listed(ctr, leases.LS, namespace),
        container_facts(scope),
        {
            name: {one.key: one for one in listed(ctr, snapshots.of(snapshots.LS, name), namespace)}
            for name in daemon.snapshotters(ctr)
        },
    )


def _snapshot_sizes(scope: Scope, held: Held) -> dict[Key, int]:
    """The bytes of the snapshots; one that is being removed just now keeps nobody from a plan."""
    sizes: dict[Key, int] = {}
    for name in (name for name, rows in held.snapshots.items() if rows):
        with suppress(KukeCtrError):
            usage = listed(scope.ctr, snapshots.of(snapshots.USAGE, name), scope.namespace)
            sizes |= {
                (name, row.key): row.size_bytes for row in usage if row.size_bytes is not None
            }
    return sizes


def rows_of(
    namespace: str,
    held: Held,
    freed: Freed,
    elsewhere: Mapping[str, Sequence[Blob]],
    sizes: Mapping[Key, int],
    *,
    images_go: bool,
) -> Iterator[Prunable]:
    """Everything that could go: images, snapshots, content, leases. Pure.

    With `images_go` the content is what is left to go once the images have gone.
    """
    graph = Graph({namespace: held.images}, {namespace: held.blobs})
    blobs = Blobs({namespace: held.blobs, **elsewhere})
    yield from _images(graph, held, freed, blobs, sizes)
    for snapshotter, found in freed.found.items():
        for one in found.unused:
            yield row_of_snapshot(snapshotter, one.key, sizes)
    if images_go:
        staying = [image for image in held.images if image.ref not in freed.refs]
        left = [blob for blob in held.blobs if blob.digest not in freed.images]
        graph = Graph({namespace: staying}, {namespace: left})
    yield from _layers(graph, namespace, blobs)
    for lease in held.leases:
        if is_left_over(lease):
            yield Prunable(
                kind="lease",
                name=lease.id,
                freed_bytes=None,
                reason=f"it expired at {lease.labels[GC_EXPIRE]}",
            )


def _images(
    graph: Graph, held: Held, freed: Freed, blobs: Blobs, sizes: Mapping[Key, int]
) -> Iterator[Prunable]:
    """The unused images; what several of them share is freed by the last one of these."""
    going = [image for image in held.images if image.ref in freed.refs]
    labels = {blob.digest: blob.labels_text for blob in held.blobs}
    last: dict[str, str] = {}
    last_of: dict[Key, str] = {}
    for image in going:
        tree = graph.tree(image.digest)
        last.update((digest, image.ref) for digest in tree if digest in freed.images)
        for text in (image.labels_text, *(labels.get(digest, "") for digest in tree)):
            for pair in _below(held, snapshot_references(text)):
                if pair in freed.by_images:
                    last_of[pair] = image.ref
    frees = dict.fromkeys((image.ref for image in going), 0)
    for digest, ref in last.items():
        frees[ref] += blobs.of([digest], blobs.is_unique)
    for pair, ref in last_of.items():
        frees[ref] += sizes.get(pair, 0)
    for ref, size in frees.items():
        why = "no container and no record of Kukeon uses it"
        yield Prunable(kind="image", name=ref, freed_bytes=size, reason=why)


def _below(held: Held, pairs: Iterable[tuple[str, str]]) -> Iterator[Key]:
    """The snapshots, and what they stand on."""
    for snapshotter, key in pairs:
        rows = held.snapshots.get(snapshotter, {})
        one = rows.get(key)
        for _ in range(len(rows)):
            if one is None:
                break
            yield snapshotter, one.key
            one = rows.get(one.parent) if one.parent is not None else None


def row_of_snapshot(snapshotter: str | None, key: str, sizes: Mapping[Key, int]) -> Prunable:
    """An unused snapshot."""
    return Prunable(
        kind="snapshot",
        name=key,
        freed_bytes=sizes.get((snapshotter, key)),
        reason="no container, image, lease or mount uses it",
        snapshotter=snapshotter,
    )


def _layers(graph: Graph, namespace: str, blobs: Blobs) -> Iterator[Prunable]:
    layers = graph.only_layers(namespace)
    users: dict[str, list[str]] = {layer.digest: [] for layer in layers}
    for image in graph.images[namespace] if layers else ():
        for digest in graph.tree(image.digest).keys() & users.keys():
            users[digest].append(image.ref)
    for digest, refs in users.items():
        more = f" and {len(refs) - 1} more" if len(refs) > 1 else ""
        whose = f"{refs[0] if refs else 'an image'}{more}"
        shared = "; another namespace has it too" if blobs.is_shared(digest) else ""
        yield Prunable(
            kind="content",
            name=digest,
            freed_bytes=blobs.of([digest], blobs.is_unique),
            reason=f"an unpacked layer of {whose}{shared}",
        )


def is_left_over(lease: Lease) -> bool:
    """Whether a lease is surely nobody's: its time has passed, and it is not one of BuildKit's."""
    return is_expired(lease) and GC_FLAT not in lease.labels
