"""Who uses a blob, a snapshot or a lease: found out before it is removed.

Every call is a probe, so a dry run finds out the same. What can't be found out is a user too, of
the kind `unread`: silence is no permission.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kuke_ctr.backends.ctr import containers, content, daemon, leases, snapshots
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import ListCall, R, fetch, whole
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.parse.container_info import ContainerInfo, parse_container_info
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.parse.mounts import Mounted, mounted_from, parse_mountinfo
from kuke_ctr.parse.references import GC_EXPIRE, GC_ROOT, snapshot_references
from kuke_ctr.parse.times import moment
from kuke_ctr.processes.calls import Call
from kuke_ctr.recipes.content_graph import Store, is_kept
from kuke_ctr.recipes.host_mounts import mounts_in
from kuke_ctr.records import Blob, Image, Lease, Snapshot

_MOUNT_TABLES = (Path("/proc/self/mountinfo"), Path("/proc/1/mountinfo"))
_OF_GC = "containerd.io/gc."


@dataclass(frozen=True, slots=True)
class User:
    """Who uses something: `kind` is image, content, container, snapshot, mount, lease or unread.

    `how` is what the thing is to the user: a layer, its parent, ...
    """

    kind: str
    name: str
    namespace: str
    how: str


def users_of_content(
    scope: Scope, namespaces: Iterable[str], digests: Sequence[str]
) -> dict[str, list[User]]:
    """Each digest that the namespace has -> its users in any namespace; others are left out.

    Where rows of the namespace can't be read, one of them may be the digest's.
    """
    store = Store(scope.ctr, [scope.namespace, *sorted(set(namespaces) - {scope.namespace})])
    there = [
        digest
        for digest in digests
        if digest in store.blobs[scope.namespace] or scope.namespace in store.unread
    ]
    found = _users_in(store, scope.namespace, there)
    loose = found.keys() & {blob.digest for blob in store.loose(scope.namespace)}
    holders = _lease_users(scope) if loose else []
    for digest in loose:
        found[digest] += holders
    for digest, users in found.items():
        users.extend(
            User("unread", what, where, "")
            for where, what in store.unread.items()
            if where == scope.namespace or digest in store.blobs[where]
        )
    return found


def _users_in(store: Store, namespace: str, digests: Sequence[str]) -> dict[str, list[User]]:
    """The users of each: by labels where they name an image of the namespace for each, which is
    quick, and else by the images' documents too."""
    found = {digest: list(_content_users(store, digest)) for digest in digests}
    if all(any(_is_image(user, namespace) for user in users) for users in found.values()):
        return found
    store.read_documents()
    return {digest: list(_content_users(store, digest)) for digest in digests}


def _is_image(user: User, namespace: str) -> bool:
    return user.kind == "image" and user.namespace == namespace


def _content_users(store: Store, digest: str) -> Iterator[User]:
    for namespace in store.namespaces:
        if digest not in store.blobs[namespace]:
            continue  # what it needs of it, it lacks already
        in_images: set[str] = set()
        for image in store.images[namespace]:
            tree = store.tree(image.digest)
            in_images |= tree.keys()
            if digest in tree:
                yield User("image", image.ref, namespace, tree[digest])
        for parent in store.blobs[namespace]:
            if parent not in in_images and digest in store.children.get(parent, {}):
                yield User("content", parent, namespace, store.children[parent][digest])


def _lease_users(
    scope: Scope,
) -> list[User]:
    """The leases that hold, one of which may keep what nothing else does: ctr does not tell."""
    try:
        found = listed(scope.ctr, leases.LS, scope.namespace)
    except KukeCtrError as error:
        return [User("unread", error.message, scope.namespace, "")]
    return [
        User("lease", lease.id, scope.namespace, "") for lease in found if not is_expired(lease)
    ]


def listed(ctr: Ctr, table: ListCall[R], namespace: str | None) -> tuple[R, ...]:
    """The rows of a table; RowsRefused for one with rows that can't be read."""
    (answer,) = fetch(ctr, table, [namespace], probe=True)
    return whole(answer)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of a namespace by key, and the users of those that were asked for."""

    known: dict[str, Snapshot]
    users: dict[str, list[User]]


def users_of_snapshots(
    scope: Scope, keys: Sequence[str], snapshotter: str | None = None
) -> Snapshots:
    """The users of each key that there is; the others are left out.

    Snapshots belong to one namespace, so their users do too, but for mounts: those are the host's.
    """
    table = snapshots.of(snapshots.LS, snapshotter)
    known = {snapshot.key: snapshot for snapshot in listed(scope.ctr, table, scope.namespace)}
    found: dict[str, list[User]] = {key: [] for key in keys if key in known}
    for user, of, key in [
        *_container_users(scope),
        *_image_users(scope, found),
        *_lease_holders(scope),
    ]:
        if key in found and snapshotter in (None, of):
            found[key].append(user)
    mounts = host_mounts(scope.ctr) if found else ()
    for key, users in found.items():
        users.extend(
            User("snapshot", other.key, scope.namespace, "parent")
            for other in known.values()
            if other.parent == key
        )
        users.extend(mount_users(scope, known[key], mounts, snapshotter))
        if not users and not _is_rooted(scope, key, snapshotter):
            users.extend(_lease_users(scope))
    return Snapshots(known, found)


def container_facts(
    scope: Scope,
) -> list[ContainerInfo]:
    """What is known of each container of a namespace, side by side."""
    names = containers.names(scope)
    calls = [scope.call("containers", "info", name, probe=True) for name in names]
    found = []
    for said in scope.ctr.processes.run_all(calls):
        with suppress(NotFound):  # it went while we looked
            scope.ctr.checked(said)
            found.append(parse_container_info(said.stdout.decode(errors="surrogateescape")))
    return found


def _container_users(
    scope: Scope,
) -> Iterator[tuple[User, str, str]]:
    """Each user with snapshotter and key of what it uses."""
    for container in container_facts(scope):
        user = User("container", container.id, scope.namespace, "its files")
        for of, key in dict.fromkeys(snapshots_held_by(container)):
            yield user, of, key


def _lease_holders(scope: Scope) -> Iterator[tuple[User, str, str]]:
    """The leases with a label that names a snapshot: `images mount` makes one for each mount."""
    try:
        found = listed(scope.ctr, leases.LS, scope.namespace)
    except KukeCtrError:
        return  # told where no other user is found
    for lease in found:
        for of, key in () if is_expired(lease) else snapshot_references(lease.labels_text):
            yield User("lease", lease.id, scope.namespace, "label"), of, key


def _labelled(container: ContainerInfo) -> Iterator[tuple[str, str]]:
    for name, value in container.labels.items():
        yield from snapshot_references(f"{name}={value}")


def _image_users(scope: Scope, keys: Iterable[str]) -> Iterator[tuple[User, str, str]]:
    """The images that were unpacked into a snapshot: their config, or they, have a label for it."""
    wanted = set(keys)
    store = Store(scope.ctr, [scope.namespace])
    configs = [
        (blob.digest, of, key)
        for blob in store.blobs[scope.namespace].values()
        for of, key in snapshot_references(blob.labels_text)
        if key in wanted
    ]
    users = _users_in(store, scope.namespace, [digest for digest, _, _ in configs])
    for digest, of, key in configs:
        for user in users[digest]:
            yield User(user.kind, user.name, scope.namespace, "unpacked"), of, key
    for image in store.images[scope.namespace]:
        for of, key in snapshot_references(image.labels_text):
            yield User("image", image.ref, scope.namespace, "unpacked"), of, key


def host_mounts(ctr: Ctr) -> list[Mounted]:
    """The mounts that we see on ctr's host, and those that pid 1 sees.

    On another host `cat` reads them, a probe; KukeCtrError where it can't.
    """
    if ctr.far is not None:
        return list(dict.fromkeys(parse_mountinfo(_far_mounts(ctr))))
    found: dict[Mounted, None] = {}
    for table in _MOUNT_TABLES:
        with suppress(OSError):
            found.update(dict.fromkeys(mounts_in(table)))
    return list(found)


def _far_mounts(ctr: Ctr) -> str:
    argv = ("cat", *map(str, _MOUNT_TABLES))
    said = ctr.processes.run(Call(argv, timeout=ctr.timeout, probe=True, far=ctr.far))
    if not said.stdout:  # of pid 1 it may be refused
        why = said.stderr.decode(errors="replace").strip()
        raise KukeCtrError(f"what is mounted on {ctr.far} cannot be read: {why}")
    return said.stdout.decode(errors="surrogateescape")


def mount_users(
    scope: Scope,
    snapshot: Snapshot,
    mounts: Sequence[Mounted],
    snapshotter: str | None,
) -> list[User]:
    """Where a snapshot is mounted among these; what can't be found out is a user, too."""
    if snapshot.kind == "Committed":  # it is mounted by way of those that stand on it
        return []
    try:
        commands = snapshots.mount_commands(scope, snapshot.key, "/mnt", snapshotter)
    except KukeCtrError as error:
        return [User("unread", error.message, scope.namespace, "")]
    places = [place for command in commands for place in mounted_from(command, mounts)]
    return [User("mount", place, scope.namespace, snapshot.kind) for place in dict.fromkeys(places)]


def _is_rooted(scope: Scope, key: str, snapshotter: str | None) -> bool:
    """Whether a label keeps a snapshot, so that no lease has to."""
    try:
        said = snapshots.info(scope, key, snapshotter, probe=True)
        found = read_json(said.stdout)
    except (KukeCtrError, ValueError):
        return False
    labels = found.get("Labels") if isinstance(found, dict) else None
    if not isinstance(labels, dict):
        return False
    return is_kept(",".join(f"{name}={value}" for name, value in labels.items()))


@dataclass(frozen=True, slots=True)
class Leases:
    """The leases of a namespace by id, and what nothing but one of them can keep.

    `blobs` are digests, `snapshots` are keys, `ingests` are blobs that are being written just now,
    `unread` is what could not be read of all that.
    """

    known: dict[str, Lease]
    blobs: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    ingests: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def what_leases_keep(
    scope: Scope,
) -> Leases:
    """What the leases of a namespace keep: ctr has no command for it, but what no image, container
    or label keeps would be gone by now without a lease.

    Which of several leases it is can't be told.
    """
    known = {lease.id: lease for lease in listed(scope.ctr, leases.LS, scope.namespace)}
    if not known:
        return Leases(known)
    store = Store(scope.ctr, [scope.namespace])
    loose = {blob.digest for blob in store.loose(scope.namespace)}
    blobs = store.blobs[scope.namespace].values()
    kept = (blob for blob in blobs if blob.digest not in loose)
    images = store.images[scope.namespace]
    held = list(snapshots_referred_to(container_facts(scope), images, kept))
    keys = [
        key
        for snapshotter in daemon.snapshotters(scope.ctr)
        for key in _loose_snapshots(
            scope, snapshotter, {key for of, key in held if of == snapshotter}
        )
    ]
    ingests = tuple(one.ref for one in listed(scope.ctr, content.ACTIVE, scope.namespace))
    unread = tuple(store.unread.values())
    return Leases(known, tuple(sorted(loose)), tuple(keys), ingests, unread)


def snapshots_referred_to(
    containers: Iterable[ContainerInfo], images: Iterable[Image], blobs: Iterable[Blob]
) -> Iterator[tuple[str, str]]:
    """Snapshotter and key of all that these refer to."""
    for container in containers:
        yield from snapshots_held_by(container)
    for image in images:
        yield from snapshot_references(image.labels_text)
    for blob in blobs:
        yield from snapshot_references(blob.labels_text)


def snapshots_held_by(container: ContainerInfo) -> Iterator[tuple[str, str]]:
    """Snapshotter and key of the snapshots that a container needs."""
    if container.snapshot:
        yield container.snapshotter, container.snapshot
    yield from _labelled(container)


def _loose_snapshots(scope: Scope, snapshotter: str, held: set[str]) -> list[str]:
    """The snapshots that neither those in `held`, nor what stands on them, nor a label keeps."""
    table = snapshots.of(snapshots.LS, snapshotter)
    known = {snapshot.key: snapshot for snapshot in listed(scope.ctr, table, scope.namespace)}
    kept: set[str] = set()

    def keep(key: str | None) -> None:
        while key in known and key not in kept:
            kept.add(key)
            key = known[key].parent

    for key in held:
        keep(key)
    for key in known:
        if key not in kept and _is_rooted(scope, key, snapshotter):
            keep(key)
    return [key for key in known if key not in kept]


def is_expired(lease: Lease) -> bool:
    """Whether a lease's time has passed: containerd heeds it no more, and removes it some day."""
    ends = moment(lease.labels.get(GC_EXPIRE))
    return ends is not None and ends <= datetime.now(UTC)


def owner_of(lease: Lease) -> str:
    """The labels by which somebody has marked a lease as theirs, as ctr takes them; or nothing."""
    own = (f"{name}={value}" for name, value in lease.labels.items() if not name.startswith(_OF_GC))
    return ",".join(own)


def rooted_label() -> str:
    """The label that keeps a blob or a snapshot from being collected, as ctr itself sets it."""
    return f"{GC_ROOT}={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
