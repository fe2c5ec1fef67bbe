"""What an image is made of, and how much of it a namespace has: what a copy has to take.

Sizes must be exact, and nothing may be left out, so both readers of documents are used: what
`parse.manifest` reads has to name whatever `parse.references` sees in the same document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kuke_ctr.backends.ctr import content
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import CtrFailed, NotFound, Reason
from kuke_ctr.parse.manifest import Descriptor, Document, kind_of, read_document
from kuke_ctr.parse.references import children_of
from kuke_ctr.recipes.platforms import normal
from kuke_ctr.records import FoundImage, Image
from kuke_ctr.records.image_details import NodeKind

_LARGEST_DOCUMENT = 8 << 20
_DEEPEST = 8
_SUBJECT = "vnd.docker.reference.digest"


class NotUnderstood(CtrFailed):
    """The documents of an image are not such that all its blobs and their sizes are known."""


@dataclass(frozen=True, slots=True)
class Part:
    """The image of one platform, or an attestation: its manifest, and the blobs below it.

    `missing` are the digests of which the namespace has nothing.
    """

    manifest: Descriptor
    below: tuple[Descriptor, ...]
    missing: tuple[str, ...]

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """All of its blobs."""
        return (self.manifest, *self.below)

    @property
    def attests(self) -> str | None:
        """The digest of the manifest that it is an attestation of."""
        if kind_of(self.manifest) is NodeKind.ATTESTATION:
            return self.manifest.annotations.get(_SUBJECT)
        return None

    @property
    def called(self) -> str:
        """For messages: the platform."""
        return self.manifest.platform or self.manifest.digest[:19]


@dataclass(frozen=True, slots=True)
class Index:
    """An index, and what it lists."""

    itself: Descriptor
    lists: tuple[Descriptor, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """An image, taken apart: its index and those below (none of a plain manifest), and the rest."""

    top: Descriptor
    indexes: tuple[Index, ...]
    parts: tuple[Part, ...]

    @property
    def whole(self) -> bool:
        """Whether the namespace has all of it."""
        return not any(part.missing for part in self.parts)

    def chosen(self, platforms: Sequence[str], runs_on: Sequence[str]) -> tuple[Part, ...]:
        """The parts for these platforms, with what attests them; without any all that are whole.

        `runs_on` are the platforms of a plain manifest, which does not say. Raises NotFound for a
        platform that the image does not have, or has not completely.
        """
        if not platforms:
            return tuple(part for part in self.parts if not part.missing)
        chosen: list[Part] = []
        for wanted in platforms:
            found = [part for part in self.parts if self._is_for(part, wanted, runs_on)]
            if not found:
                has = ", ".join(self.called(runs_on)) or "none"
                raise NotFound(f"the image has nothing for {wanted}", hint=f"its platforms: {has}")
            for part in found:
                if part.missing:
                    raise _incomplete(part)
            chosen += found
        digests = {part.manifest.digest for part in chosen}
        chosen += [part for part in self.parts if part.attests in digests and not part.missing]
        return tuple({part.manifest.digest: part for part in chosen}.values())

    def called(self, runs_on: Sequence[str] = ()) -> list[str]:
        """The platforms, attestations left out."""
        if not self.indexes:
            return list(runs_on)
        return [part.called for part in self.parts if part.attests is None]

    def _is_for(self, part: Part, wanted: str, runs_on: Sequence[str]) -> bool:
        has = [part.manifest.platform or ""] if self.indexes else runs_on
        return any(_is(wanted, one) for one in has)


def _incomplete(part: Part) -> NotFound:
    return NotFound(
        f"the content for {part.called} is incomplete: {len(part.missing)} of {len(part.blobs)} "
        "blobs are missing",
        hint="pull or import the image again",
        reason=Reason.MISSING_CONTENT,
    )


def _is(wanted: str, has: str) -> bool:
    """Whether a platform is that one, of any variant where none is named."""
    found, asked = normal(has), normal(wanted)
    return found == asked or found.startswith(f"{asked}/")


def read_parts(scope: Scope, image: Image | FoundImage, other: Scope) -> Parts:
    """Take an image apart: `ctr content get` of its documents, `ctr content ls` of all its blobs.

    What the namespace lacks and the `other` one has is there, too: a copy needs it in that one.
    Probes. Raises NotUnderstood, and NotFound where the document of the image itself is missing.
    """
    size = content.sizes(scope, [image.digest]).get(image.digest)
    if size is not None and size > _LARGEST_DOCUMENT:
        raise NotUnderstood(f"the document of {image.ref} has {size} bytes")
    (data,) = content.read(scope, [image.digest])
    if data is None:
        raise NotFound(
            f"the content {image.digest} of {image.ref} is missing in namespace {scope.namespace}",
            hint="pull or import the image again",
            reason=Reason.MISSING_CONTENT,
        )
    top = Descriptor(image.media_type, image.digest, len(data))
    if kind_of(top) is NodeKind.OTHER:
        raise NotUnderstood(f"{image.ref} is neither an index nor a manifest: {image.media_type}")
    documents: dict[str, Document | None] = {top.digest: _document(data, top)}
    _read_below(scope, top, documents)
    return _put_together(top, documents, _present(scope, other, documents))


def _read_below(scope: Scope, top: Descriptor, documents: dict[str, Document | None]) -> None:
    """Read the documents below, level by level; None for one that is missing."""
    waiting = [top]
    for _ in range(_DEEPEST):
        found = {
            child.digest: child
            for one in waiting
            if (document := documents.get(one.digest)) is not None
            for child in document.manifests
            if kind_of(child) is not NodeKind.OTHER and child.digest not in documents
        }
        waiting = list(found.values())
        if not waiting:
            return
        for child, data in zip(waiting, content.read(scope, list(found)), strict=True):
            documents[child.digest] = None if data is None else _document(data, child)
    raise NotUnderstood(f"the index {top.digest} is too deep")


def _document(data: bytes, descriptor: Descriptor) -> Document:
    """A document in which every blob is named with its size."""
    if descriptor.size != len(data):
        raise NotUnderstood(f"{descriptor.digest} has another size than its index says")
    document = read_document(data, descriptor)
    config = () if document.config is None else (document.config,)
    named = (*document.manifests, *config, *document.layers)
    seen = {child.digest for child in children_of(data.decode(errors="replace"))}
    if document.problems or seen != {one.digest for one in named}:
        raise NotUnderstood(f"the document {descriptor.digest} has unknown parts")
    for one in named:
        if one.size is None:
            raise NotUnderstood(f"the document {descriptor.digest} does not say the size of a part")
        if kind_of(one) is not NodeKind.OTHER and one.size > _LARGEST_DOCUMENT:
            raise NotUnderstood(f"the document {one.digest} has {one.size} bytes")
    return document


def _present(scope: Scope, other: Scope, documents: Mapping[str, Document | None]) -> set[str]:
    wanted = {digest for digest, document in documents.items() if document is not None}
    for document in documents.values():
        if document is not None:
            wanted |= {one.digest for one in (*document.manifests, *document.layers)}
            wanted |= {document.config.digest} if document.config is not None else set()
    listed = sorted(wanted)
    return content.present(scope, listed) | content.present(other, listed)


def _put_together(
    top: Descriptor, documents: Mapping[str, Document | None], present: set[str]
) -> Parts:
    indexes: dict[str, Index] = {}
    parts: dict[str, Part] = {}
    waiting = [top]
    while waiting:
        one = waiting.pop(0)
        document = documents.get(one.digest)
        if document is not None and document.kind is NodeKind.INDEX:
            if one.digest not in indexes:
                indexes[one.digest] = Index(one, document.manifests)
                waiting += document.manifests
        elif one.digest not in parts:
            parts[one.digest] = _part(one, document, present)
    return Parts(top, tuple(indexes.values()), tuple(parts.values()))


def _part(one: Descriptor, document: Document | None, present: set[str]) -> Part:
    if document is None:  # a document that could not be read, or a blob that is none
        gone = kind_of(one) is not NodeKind.OTHER or one.digest not in present
        return Part(one, (), (one.digest,) if gone else ())
    config = () if document.config is None else (document.config,)
    below = (*config, *document.layers)
    digests = dict.fromkeys([one.digest, *(child.digest for child in below)])
    return Part(one, below, tuple(digest for digest in digests if digest not in present))
