"""The snapshots that nobody uses: leftovers that only a label keeps, or that nothing keeps.

A snapshot is used by a container, an image that was unpacked to it, a lease, a mount, or a snapshot
that stands on it and is used. What can't be found out is an error, or a reason to leave it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from kuke_ctr.backends.ctr import leases, snapshots
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError, NotFound, Unreadable
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.parse.references import BACK_REFERENCE, GC_ROOT, snapshot_references
from kuke_ctr.parse.times import moment
from kuke_ctr.recipes.containers import KEPT
from kuke_ctr.recipes.content_graph import Store
from kuke_ctr.recipes.used_by import (
    container_facts,
    host_mounts,
    is_expired,
    listed,
    mount_users,
    snapshots_referred_to,
)
from kuke_ctr.records import Lease, Snapshot

YOUNG = timedelta(hours=1)
"""A writable snapshot or a view of less than this age may be about to get its container or its
mount: between the two nothing tells that it is needed."""


class Unused(NamedTuple):
    """What nobody uses, and what may be used all the same.

    `young` are active ones and views that were made a moment ago, `leased` what nothing but one of
    the leases can keep, `spared` what else was to be kept. `created` is when the first three kinds
    were made, where that is known.
    """

    unused: tuple[Snapshot, ...]
    young: tuple[Snapshot, ...] = ()
    leased: tuple[Snapshot, ...] = ()
    spared: tuple[Snapshot, ...] = ()
    created: Mapping[str, datetime] = {}


class _Details(NamedTuple):
    labels: Mapping[str, str]
    created: datetime | None


def unused_snapshots(
    scope: Scope, snapshotter: str | None = None, spare: Callable[[str], bool] = lambda key: False
) -> Unused:
    """The unused snapshots of a snapshotter (None: ctr's default one), in the order of the list.

    Those that `spare` keeps by their key are not among them, nor what they stand on.

    `ctr snapshots ls`, `containers info` of each container, `images ls`, `content ls`, `leases ls`
    and for what is left `snapshots info` and `snapshots mounts`; probes. Raises KukeCtrError where
    a list can't be read completely.
    """
    table = snapshots.of(snapshots.LS, snapshotter)
    known = {one.key: one for one in listed(scope.ctr, table, scope.namespace)}
    if not known:
        return Unused(())
    kept_by = listed(scope.ctr, leases.LS, scope.namespace)
    return unused_among(scope, known, kept_by, _references(scope), snapshotter, spare)


def unused_among(
    scope: Scope,
    known: Mapping[str, Snapshot],
    kept_by: Iterable[Lease],
    references: Iterable[tuple[str, str]],
    snapshotter: str | None = None,
    spare: Callable[[str], bool] = lambda key: False,
) -> Unused:
    """The unused ones among the snapshots of a snapshotter, all of which are `known`.

    `kept_by` are the leases of the namespace, `references` snapshotter and key of all that
    containers, images and content refer to. `ctr snapshots info` and `mounts` of those that nothing
    refers to; probes. Raises KukeCtrError.
    """
    living = [one for one in kept_by if not is_expired(one)]
    held = {key for of, key in references if snapshotter in (None, of)}
    held |= {
        key
        for lease in living
        for of, key in snapshot_references(lease.labels_text)
        if snapshotter in (None, of)
    }
    spared = {key for key in known if key not in held and spare(key)}
    held |= spared
    left = not_below(known, held)
    details = _details(scope, left, snapshotter)
    mounted = set(_mounted(scope, [known[key] for key in details], snapshotter))
    kept = {key for key, one in details.items() if _has_back_reference(one)} | mounted
    leased = {
        key
        for key, one in details.items()
        if living and key not in kept and GC_ROOT not in one.labels
    }
    now = datetime.now(UTC)
    young = {key for key, one in details.items() if _is_young(known[key], one, now)}
    young -= kept | leased
    free = not_below(known, {*held, *kept, *leased, *young, *(known.keys() - details.keys())})
    created = {key: details[key].created for key in (*free, *young, *leased)}
    return Unused(
        unused=_in_order(known, free),
        young=_in_order(known, young),
        leased=_in_order(known, leased),
        spared=_in_order(known, spared),
        created={key: time for key, time in created.items() if time is not None},
    )


def _in_order(known: Mapping[str, Snapshot], keys: Collection[str]) -> tuple[Snapshot, ...]:
    return tuple(known[key] for key in known if key in keys)


def _references(scope: Scope) -> Iterator[tuple[str, str]]:
    """Snapshotter and key of what containers, images and content refer to."""
    containers = container_facts(scope)
    store = Store(scope.ctr, [scope.namespace])
    store.require_read(scope)
    blobs = store.blobs[scope.namespace].values()
    return snapshots_referred_to(containers, store.images[scope.namespace], blobs)


def not_below(known: Mapping[str, Snapshot], held: Iterable[str]) -> list[str]:
    """The keys that neither are held, nor have what is held standing on them."""
    kept: set[str] = set()
    for one in held:
        key: str | None = one
        while key is not None and key in known and key not in kept:
            kept.add(key)
            key = known[key].parent
    return [key for key in known if key not in kept]


def _details(scope: Scope, keys: Sequence[str], snapshotter: str | None) -> dict[str, _Details]:
    """What `ctr snapshots info` says of each; what has gone meanwhile is left out."""
    calls = [scope.call(*snapshots.words(snapshotter, "info", key), probe=True) for key in keys]
    found: dict[str, _Details] = {}
    for key, said in zip(keys, scope.ctr.processes.run_all(calls), strict=True):
        try:
            document = read_json(scope.ctr.checked(said).stdout)
        except NotFound:
            continue
        except ValueError as error:
            raise Unreadable(f"`ctr snapshots info` printed invalid JSON: {error}") from None
        if isinstance(document, dict):
            found[key] = _Details(_labels(document), moment(document.get("Created")))
    return found


def _labels(document: Mapping[str, object]) -> dict[str, str]:
    labels = document.get("Labels")
    return {str(k): str(v) for k, v in labels.items()} if isinstance(labels, dict) else {}


def _has_back_reference(details: _Details) -> bool:
    """Whether the snapshot itself says who needs it, or `containers rm --keep-snapshot` kept it."""
    name, _, value = KEPT.partition("=")
    kept = details.labels.get(name) == value
    return kept or any(name.startswith(BACK_REFERENCE) for name in details.labels)


def _is_young(snapshot: Snapshot, details: _Details, now: datetime) -> bool:
    """Whether it may still be in preparation; a time that can't be read says nothing against it."""
    if snapshot.kind == "Committed":
        return False
    return details.created is None or now - details.created < YOUNG


def _mounted(
    scope: Scope, candidates: Sequence[Snapshot], snapshotter: str | None
) -> Iterator[str]:
    """The keys of those that are mounted on the host, or of which that can't be found out."""
    mounts = host_mounts(scope.ctr) if candidates else ()
    for one in candidates:
        try:
            if mount_users(scope, one, mounts, snapshotter):
                yield one.key
        except KukeCtrError:
            yield one.key
