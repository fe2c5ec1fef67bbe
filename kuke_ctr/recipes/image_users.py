"""Who uses an image: by any of its names, or by its digest.

One image often has several names: Kubernetes gives it a tag, `name@sha256:...` and a bare
`sha256:...`. A container knows the name that it was created from. That name may be gone since, or
be another image's: then the snapshot of the container tells which image was unpacked below it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kuke_ctr.backends.ctr import images, snapshots
from kuke_ctr.backends.ctr.filters import equal
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import CtrFailed, Reason
from kuke_ctr.kukeon.named_images import NamedImage
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.parse.references import snapshot_references
from kuke_ctr.recipes.content_graph import Graph, Store
from kuke_ctr.recipes.used_by import container_facts, listed
from kuke_ctr.records import Image, Snapshot

_DIGEST = re.compile(r"(?:^|@)(sha\d+:[0-9a-f]{64,128})$")
_PINNED = ("io.cri-containerd.pinned", "pinned")
"""The label of images that Kubernetes never removes, such as that of its pause containers."""

_MOST_FILTERS = 200


@dataclass(frozen=True, slots=True)
class ImageUser:
    """`kind` is container, record (of Kukeon) or label; `image` the name by which it is used."""

    kind: str
    name: str
    image: str


def users_of_images(
    scope: Scope, records: Iterable[NamedImage], existing: Sequence[str], only: Sequence[str] = ()
) -> Mapping[str, list[ImageUser]]:
    """Each image of a namespace that is used -> its users; with `only` just those are looked up.

    `existing` are the references of the namespace. Runs `ctr containers ls`, `images ls`, `content
    ls`, `containers info` of each container and `snapshots ls`; probes, they run in a dry run too.
    Raises RowsRefused and Unreadable where something can't be read: an image of which nothing is
    known is not unused.
    """
    by_name = _by_name(images.users(scope), records)
    store = Store(scope.ctr, [scope.namespace], _filters(only, set(existing) & by_name.keys()))
    store.require_read(scope)
    facts = container_facts(scope)
    return _Use(scope.namespace, store, by_name, facts, _snapshots_of(scope, facts)).of_all()


def users_among(
    namespace: str,
    graph: Graph,
    records: Iterable[NamedImage],
    facts: Sequence[ContainerInfo],
    known: Mapping[str, Mapping[str, Snapshot]],
) -> Mapping[str, list[ImageUser]]:
    """The same of a namespace of which all is known: its containers, and by snapshotter and key
    its snapshots. Runs nothing."""
    users: dict[str, list[str]] = {}
    for one in facts:
        if one.image:
            users.setdefault(one.image, []).append(one.id)
    return _Use(namespace, graph, _by_name(users, records), facts, known).of_all()


def _by_name(
    containers: Mapping[str, Sequence[str]], records: Iterable[NamedImage]
) -> dict[str, list[ImageUser]]:
    """The users by the name that they know: containers by image, and records of Kukeon."""
    by_name = {
        name: [ImageUser("container", user, name) for user in users]
        for name, users in containers.items()
    }
    for record in records:
        user = ImageUser("record", str(record.record), record.name)
        by_name.setdefault(record.name, []).append(user)
    return by_name


def _filters(only: Sequence[str], used: Iterable[str]) -> list[str]:
    """Those of the images that matter: a list of all takes a millisecond for each image."""
    names = dict.fromkeys([*only, *sorted(used)]) if only else {}
    return [equal("name", name) for name in names] if len(names) <= _MOST_FILTERS else []


@dataclass
class _Use:
    namespace: str
    store: Graph
    by_name: Mapping[str, list[ImageUser]]
    facts: Sequence[ContainerInfo]
    snapshots: Mapping[str, Mapping[str, Snapshot]]
    by_digest: dict[str, list[ImageUser]] = field(default_factory=dict)

    def of_all(self) -> dict[str, list[ImageUser]]:
        """The users of every image that has some."""
        found = {image.ref: image for image in self.store.images[self.namespace]}
        for name, users in self.by_name.items():
            digests = set(_DIGEST.findall(name))
            if name in found:
                digests |= self.digests_of(found[name])
            for digest in digests:
                self.by_digest.setdefault(digest, []).extend(users)
        for container in self.facts:
            user = ImageUser("container", container.id, container.image)
            below = self._unpacked_below(container)
            named = found.get(container.image)
            if named is not None and not self.digests_of(named).isdisjoint(below):
                continue  # it is that image's: another one has the same layers
            for digest in below:
                self.by_digest.setdefault(digest, []).append(user)
        used = {ref: list(self._users_of(image)) for ref, image in found.items()}
        return {ref: users for ref, users in used.items() if users}

    def digests_of(self, image: Image) -> set[str]:
        """The digests that mean an image: its index, its manifests and their configs."""
        tree = self.store.tree(image.digest)
        return {digest for digest, role in tree.items() if role in ("manifest", "config")}

    def _users_of(self, image: Image) -> Iterator[ImageUser]:
        found = [*self.by_name.get(image.ref, ())]
        for digest in sorted(self.digests_of(image)):
            found += self.by_digest.get(digest, ())
        if image.labels.get(_PINNED[0]) == _PINNED[1]:
            found.append(ImageUser("label", _PINNED[0], image.ref))
        told: set[tuple[str, str]] = set()
        for user in found:
            if (user.kind, user.name) not in told:
                told.add((user.kind, user.name))
                yield user

    def _unpacked_below(self, container: ContainerInfo) -> list[str]:
        """The configs of the images that were unpacked to what a container's snapshot stands on."""
        known = self.snapshots.get(container.snapshotter, {})
        key: str | None = container.snapshot
        for _ in range(len(known)):
            key = known[key].parent if key is not None and key in known else None
            if key is None:
                break
            found = self._configs.get((container.snapshotter, key))
            if found:
                return found
        return []

    @cached_property
    def _configs(self) -> dict[tuple[str, str], list[str]]:
        """Snapshotter and key -> what has the label of an image that was unpacked to it."""
        found: dict[tuple[str, str], list[str]] = {}
        blobs = self.store.blobs[self.namespace].values()
        labelled = [(blob.digest, blob.labels_text) for blob in blobs]
        labelled += [
            (image.digest, image.labels_text) for image in self.store.images[self.namespace]
        ]
        for digest, labels in labelled:
            for pair in snapshot_references(labels):
                found.setdefault(pair, []).append(digest)
        return found


def _snapshots_of(scope: Scope, facts: Iterable[ContainerInfo]) -> dict[str, dict[str, Snapshot]]:
    """Snapshotter -> key -> the snapshot, of the snapshotters that containers use."""
    found: dict[str, dict[str, Snapshot]] = {}
    for name in {one.snapshotter for one in facts if one.snapshot and one.snapshotter}:
        table = snapshots.of(snapshots.LS, name)
        try:
            rows = listed(scope.ctr, table, scope.namespace)
        except CtrFailed as error:
            if error.reason is not Reason.SNAPSHOTTER_NOT_LOADED:
                raise
            continue  # nothing runs from it either
        found[name] = {one.key: one for one in rows}
    return found
