"""What the content store of some namespaces holds, and which blob refers to which.

containerd keeps each blob once for all namespaces, and each namespace has entries of its own for
the blobs that it may see: removing one namespace's entry takes nothing from another.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kuke_ctr.backends.ctr import content, images
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import ListCall, R, fetch
from kuke_ctr.errors import KukeCtrError, NotFound, Unreadable
from kuke_ctr.parse.references import (
    BACK_REFERENCE,
    GC_ROOT,
    Reference,
    children_of,
    content_references,
    is_document,
)
from kuke_ctr.records import Blob, Image, Listing

_LARGEST_DOCUMENT = 8 << 20
"""Bytes; no index or manifest is larger, and what is gets no process to read it."""


class Graph:
    """The images and blobs of some namespaces, and which blob refers to which by its labels.

    `images` and `blobs` are by namespace, `children` are digest -> the digests that it refers to ->
    their roles.
    """

    def __init__(
        self, images: Mapping[str, Sequence[Image]], blobs: Mapping[str, Sequence[Blob]]
    ) -> None:
        self.images = images
        self.blobs: Mapping[str, Mapping[str, Blob]] = {
            namespace: {blob.digest: blob for blob in found} for namespace, found in blobs.items()
        }
        self.children: dict[str, dict[str, str]] = {}
        self._trees: dict[str, dict[str, str]] = {}
        for found in self.blobs.values():
            for blob in found.values():
                for child in content_references(blob.labels_text):
                    self.children.setdefault(blob.digest, {})[child.digest] = child.role

    def tree(self, digest: str) -> Mapping[str, str]:
        """Every digest below one, with its role; the one itself is a manifest."""
        if digest not in self._trees:
            roles: dict[str, str] = {}
            waiting = [(digest, "manifest")]
            while waiting:
                found, role = waiting.pop()
                if found not in roles:
                    roles[found] = role
                    waiting += self.children.get(found, {}).items()
            self._trees[digest] = roles
        return self._trees[digest]

    def loose(self, namespace: str) -> list[Blob]:
        """The blobs that containerd would collect, if it were not for a lease: by the labels."""
        held = _reached(self._roots(namespace), self._references(namespace))
        return [blob for digest, blob in self.blobs[namespace].items() if digest not in held]

    def _roots(self, namespace: str) -> list[str]:
        return [*(image.digest for image in self.images[namespace]), *self._kept(namespace)]

    def _kept(self, namespace: str) -> list[str]:
        """The digests of the blobs that a label of their own keeps."""
        blobs = self.blobs[namespace].values()
        return [blob.digest for blob in blobs if is_kept(blob.labels_text)]

    def _references(self, namespace: str) -> dict[str, list[Reference]]:
        return {
            digest: list(content_references(blob.labels_text))
            for digest, blob in self.blobs[namespace].items()
        }

    def images_with(self, namespace: str, blobs: Iterable[Blob]) -> list[str]:
        """The references of the images that need one of the blobs."""
        wanted = {blob.digest for blob in blobs}
        found = self.images[namespace]
        return [image.ref for image in found if wanted & self.tree(image.digest).keys()]

    def only_of(self, namespace: str, refs: Collection[str]) -> list[Blob]:
        """The blobs that are kept by nothing but these images, by the labels."""
        references = self._references(namespace)
        images = self.images[namespace]
        staying = [one.digest for one in images if one.ref not in refs] + self._kept(namespace)
        going = [one.digest for one in images if one.ref in refs]
        freed = _reached(going, references) - _reached(staying, references)
        return [blob for digest, blob in self.blobs[namespace].items() if digest in freed]

    def only_layers(self, namespace: str) -> list[Blob]:
        """The blobs that are kept by nothing but a label that names them as a layer."""
        roots, references = self._roots(namespace), self._references(namespace)
        others = {
            digest: [child for child in children if child.role != "layer"]
            for digest, children in references.items()
        }
        going = _reached(roots, references) - _reached(roots, others)
        return [blob for digest, blob in self.blobs[namespace].items() if digest in going]


class Store(Graph):
    """The same of a host, as ctr lists it; every call is a probe.

    `unread` says of a namespace what could not be read, so that nobody takes silence for an answer.
    `filters` are ctr's, of the images (default: all images).
    """

    def __init__(self, ctr: Ctr, namespaces: Sequence[str], filters: Sequence[str] = ()) -> None:
        self.ctr = ctr
        self.namespaces = namespaces
        self.unread: dict[str, str] = {}
        super().__init__(self._lists(images.LS, filters), self._lists(content.LS))

    def require_read(self, scope: Scope) -> None:
        """Raise Unreadable where something of a namespace could not be read."""
        if scope.namespace in self.unread:
            raise Unreadable(
                f"the images of namespace {scope.namespace} could not be read completely: "
                f"{self.unread[scope.namespace]}",
                hint=f"{scope.line('images', 'ls', '-o', 'raw')} shows what ctr printed",
            )

    def _lists(self, table: ListCall[R], filters: Sequence[str] = ()) -> dict[str, tuple[R, ...]]:
        answers = fetch(self.ctr, table, self.namespaces, filters, probe=True)
        return {
            namespace: self._rows(namespace, table, answer)
            for namespace, answer in zip(self.namespaces, answers, strict=True)
        }

    def _rows(
        self, namespace: str, table: ListCall[R], answer: Listing[R] | KukeCtrError
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

    def read_documents(self) -> None:
        """Learn from the images' indexes and manifests what their labels do not say.

        One process for each document; the labels are all that containerd itself looks at.
        """
        for parent, child in self._documents():
            self.children.setdefault(parent, {}).setdefault(child.digest, child.role)
        self._trees.clear()

    def _documents(self) -> Iterator[tuple[str, Reference]]:
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


def _reached(roots: Iterable[str], children: Mapping[str, Sequence[Reference]]) -> set[str]:
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
    return any(word in labels for word in (f"{GC_ROOT}=", BACK_REFERENCE))
