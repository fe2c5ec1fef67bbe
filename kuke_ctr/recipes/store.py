"""What the content store of some namespaces holds, and which blob refers to which.

containerd keeps each blob once for all namespaces, and each namespace has entries of its own for
the blobs that it may see: removing one namespace's entry takes nothing from another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from kuke_ctr.backends.ctr import content, images
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.tables import R, Table, fetch
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.parse.references import (
    GC_ROOT,
    Child,
    children_of,
    content_references,
    is_document,
)
from kuke_ctr.records import Blob, Image, Listing

_BACK_REFERENCE = "containerd.io/gc.bref."
_LARGEST_DOCUMENT = 8 << 20
"""Bytes; no index or manifest is larger, and what is gets no process to read it."""


class Store:
    """The images and blobs of some namespaces; every call is a probe.

    `images` and `blobs` are by namespace. `unread` says of a namespace what could not be read, so
    that nobody takes silence for an answer.
    """

    def __init__(self, ctr: Ctr, namespaces: Sequence[str]) -> None:
        self.ctr = ctr
        self.namespaces = namespaces
        self.unread: dict[str, str] = {}
        self.images: Mapping[str, tuple[Image, ...]] = self._lists(images.LS)
        self.blobs: Mapping[str, Mapping[str, Blob]] = {
            namespace: {blob.digest: blob for blob in blobs}
            for namespace, blobs in self._lists(content.LS).items()
        }
        self._trees: dict[str, dict[str, str]] = {}

    def _lists(self, table: Table[R]) -> dict[str, tuple[R, ...]]:
        answers = fetch(self.ctr, table, self.namespaces, probe=True)
        return {
            namespace: self._rows(namespace, table, answer)
            for namespace, answer in zip(self.namespaces, answers, strict=True)
        }

    def _rows(
        self, namespace: str, table: Table[R], answer: Listing[R] | KukeCtrError
    ) -> tuple[R, ...]:
        if isinstance(answer, NotFound):  # the namespace went while we looked
            return ()
        if isinstance(answer, KukeCtrError):
            self.unread[namespace] = answer.message
            return ()
        if answer.refused:
            rows = len(answer.refused)
            self.unread[namespace] = f"{rows} rows of `ctr {' '.join(table.words)}`"
        return answer.records

    @cached_property
    def children(self) -> Mapping[str, Mapping[str, str]]:
        """Digest -> the digests that it refers to -> their roles: by gc labels and by documents."""
        known: dict[str, dict[str, str]] = {}
        for digest, found in self._references():
            known.setdefault(digest, {}).setdefault(found.digest, found.role)
        return known

    def _references(self) -> Iterator[tuple[str, Child]]:
        for parent, child in self._documents():  # a document names the role, a label may not
            yield parent, child
        for blobs in self.blobs.values():
            for blob in blobs.values():
                for child in content_references(blob.labels_text):
                    yield blob.digest, child

    def _documents(self) -> Iterator[tuple[str, Child]]:
        """What the images' indexes and manifests list; each is read once, whosever it is."""
        place = {
            digest: namespace
            for namespace, blobs in self.blobs.items()
            for digest, blob in blobs.items()
            if (blob.size_bytes or 0) <= _LARGEST_DOCUMENT
        }
        waiting = {
            image.digest
            for found in self.images.values()
            for image in found
            if is_document(image.media_type)
        }
        read: set[str] = set()
        while waiting := (waiting & place.keys()) - read:
            batch = sorted(waiting)
            read |= waiting
            said = content.documents(self.ctr, [(place[digest], digest) for digest in batch])
            waiting = set()
            for digest, result in zip(batch, said, strict=True):
                if result.exit_code != 0:  # it went while we looked
                    continue
                for child in children_of(result.stdout.decode(errors="replace")):
                    yield digest, child
                    if child.role == "manifest" or is_document(child.media_type):
                        waiting.add(child.digest)

    def tree(self, digest: str) -> Mapping[str, str]:
        """Every digest below one, with its role; the one itself is a manifest."""
        if digest not in self._trees:
            self._trees[digest] = self._walk([(digest, "manifest")])
        return self._trees[digest]

    def _walk(self, starts: Iterable[tuple[str, str]]) -> dict[str, str]:
        roles: dict[str, str] = {}
        waiting = list(starts)
        while waiting:
            digest, role = waiting.pop()
            if digest not in roles:
                roles[digest] = role
                waiting += self.children.get(digest, {}).items()
        return roles

    def loose(self, namespace: str) -> list[Blob]:
        """The blobs that no image of the namespace needs and no label keeps."""
        held = self._walk((digest, "") for digest in self._roots(namespace))
        return [blob for digest, blob in self.blobs[namespace].items() if digest not in held]

    def _roots(self, namespace: str) -> list[str]:
        kept = (blob for blob in self.blobs[namespace].values() if is_kept(blob.labels_text))
        return [*(image.digest for image in self.images[namespace]), *(one.digest for one in kept)]

    def images_with(self, namespace: str, blobs: Iterable[Blob]) -> list[str]:
        """The references of the images that need one of the blobs."""
        wanted = {blob.digest for blob in blobs}
        found = self.images[namespace]
        return [image.ref for image in found if wanted & self.tree(image.digest).keys()]

    def only_layers(self, namespace: str) -> list[Blob]:
        """The blobs that are kept by nothing but a label that names them as a layer."""
        blobs = self.blobs[namespace]
        named = {
            digest: list(content_references(blob.labels_text)) for digest, blob in blobs.items()
        }
        roots = self._roots(namespace)
        others = {
            digest: [child for child in found if child.role != "layer"]
            for digest, found in named.items()
        }
        going = _reached(roots, named) - _reached(roots, others)
        return [blob for digest, blob in blobs.items() if digest in going]


def _reached(roots: Iterable[str], children: Mapping[str, Sequence[Child]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(roots)
    while waiting:
        digest = waiting.pop()
        if digest not in reached:
            reached.add(digest)
            waiting += [child.digest for child in children.get(digest, ())]
    return reached


def is_kept(labels: str) -> bool:
    """Whether a printed list of labels keeps what bears it from being collected."""
    return any(word in labels for word in (f"{GC_ROOT}=", _BACK_REFERENCE))
