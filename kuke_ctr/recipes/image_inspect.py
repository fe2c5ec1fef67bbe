"""An image with all that it is made of, from `content get`: the same with every ctr from 1.4 on.

The blobs of one level are fetched side by side: the index, then its manifests, then their
configurations. Nobody vouches for an image, so there are limits to everything.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kuke_ctr.backends.ctr import content
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.parse.manifest import (
    CONFIGS,
    Config,
    Descriptor,
    Document,
    compression_of,
    kind_of,
    read_config,
    read_document,
)
from kuke_ctr.parse.references import is_document
from kuke_ctr.recipes.platforms import host_platform, may_run_on
from kuke_ctr.records import Image
from kuke_ctr.records.image_details import (
    ImageConfig,
    ImageDetails,
    ImageLayer,
    ImageNode,
    NodeKind,
)

LARGEST_DOCUMENT = 8 * 1024 * 1024
"""Bytes of an index, manifest or configuration; a larger one is not read."""

_MOST_BYTES = 64 * 1024 * 1024
_DEEPEST = 8
_MOST_NODES = 1000


@dataclass(frozen=True, slots=True)
class Fetched:
    """A JSON blob: its bytes' number where it is here, and what could be read in it."""

    size: int | None
    document: Document | None = None
    config: Config | None = None
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Store:
    """What is known of a namespace's content so far, by digest."""

    scope: Scope
    documents: dict[str, Fetched] = field(default_factory=dict)
    here: set[str] = field(default_factory=set)
    bytes_read: int = 0


def inspect(scope: Scope, images: Sequence[Image]) -> list[ImageDetails]:
    """The details of images of a namespace; the calls are probes, they run in a dry run too.

    What is missing or does not fit is in `missing` and `problems`. Raises what `content ls` raises.
    """
    store = _Store(scope)
    level = [Descriptor(image.media_type, image.digest) for image in images]
    leaves: list[Descriptor] = []
    room = _MOST_NODES * len(images)
    for _ in range(_DEEPEST + 2):  # the configurations of the deepest manifests too
        new = [one for one in _unique(level) if one.digest not in store.documents]
        _fetch(store, new[:room])
        for one in new[room:]:
            store.documents[one.digest] = Fetched(None, problems=("it was not read",))
        below = [one for descriptor in new[:room] for one in _children(store, descriptor)]
        leaves += [*new[room:], *(one for one in below if not _is_read(one))]
        level = [one for one in below if _is_read(one)]
        room -= len(new[:room])
        if not level:
            break
    store.here |= content.present(scope, [one.digest for one in _unique(leaves)])
    host = host_platform(scope.ctr)
    return [_details(store, image, host) for image in images]


def _is_read(descriptor: Descriptor) -> bool:
    return descriptor.media_type in CONFIGS or is_document(descriptor.media_type)


def _children(store: _Store, descriptor: Descriptor) -> Iterable[Descriptor]:
    document = store.documents[descriptor.digest].document
    if document is None:
        return ()
    config = (document.config,) if document.config is not None else ()
    return (*document.manifests, *config, *document.layers)


def _fetch(store: _Store, descriptors: Sequence[Descriptor]) -> None:
    """Read the blobs of a level side by side, but for those that are missing or too large."""
    sizes = content.sizes(store.scope, [one.digest for one in descriptors])
    store.here |= set(sizes)
    wanted: list[Descriptor] = []
    for one in descriptors:
        size = sizes.get(one.digest)
        problem = None
        if one.digest in sizes and not _is_read(one):
            problem = f"its media type {one.media_type} does not belong in an image"
        elif one.digest in sizes and (size is None or size > LARGEST_DOCUMENT):
            problem = f"it was not read: it is larger than {LARGEST_DOCUMENT} bytes"
        elif size is not None and store.bytes_read + size > _MOST_BYTES:
            problem = (
                f"it was not read: the manifests of this image have more than {_MOST_BYTES} bytes"
            )
        elif size is not None:
            store.bytes_read += size
            wanted.append(one)
            continue
        store.documents[one.digest] = Fetched(None, problems=(problem,) if problem else ())
    blobs = content.read(store.scope, [one.digest for one in wanted])
    for one, data in zip(wanted, blobs, strict=True):
        store.documents[one.digest] = Fetched(None) if data is None else _read(one, data)
        if data is None:  # it has gone since
            store.here.discard(one.digest)


def _read(descriptor: Descriptor, data: bytes) -> Fetched:
    problems = []
    algorithm, _, wanted = descriptor.digest.partition(":")
    if hashlib.new(algorithm, data).hexdigest() != wanted:
        problems.append("its bytes do not match its digest")
    if descriptor.size is not None and descriptor.size != len(data):
        problems.append(f"it has {len(data)} bytes, but its descriptor says {descriptor.size}")
    if descriptor.media_type in CONFIGS:
        config = read_config(data)
        return Fetched(len(data), config=config, problems=(*problems, *config.problems))
    document = read_document(data, descriptor)
    return Fetched(len(data), document=document, problems=(*problems, *document.problems))


class _Tree:
    """Makes the nodes of one image; counts them, and collects the sizes and what is wrong."""

    def __init__(self, store: _Store) -> None:
        self._store = store
        self._nodes = 0
        self._unrolled: set[str] = set()
        self.sizes: dict[str, int] = {}
        self.problems: dict[str, None] = {}

    def node(self, descriptor: Descriptor, depth: int = 0) -> ImageNode:
        """The node of an index or a manifest, with all below it."""
        self._nodes += 1
        here, fetched = self._look(descriptor)
        document = fetched.document or Document(kind_of(descriptor))
        problems = list(fetched.problems)
        # an index that is in the tree already is not unrolled again: copies of copies have no end
        again = bool(document.manifests) and descriptor.digest in self._unrolled
        self._unrolled.add(descriptor.digest)
        manifests = () if again else self._manifests(document, depth, problems)
        config = self._config(document.config) if document.config is not None else None
        node = ImageNode(
            kind=document.kind,
            media_type=descriptor.media_type,
            digest=descriptor.digest,
            size_bytes=fetched.size if fetched.size is not None else descriptor.size,
            present=here,
            pulled=here and _is_pulled(document.kind, config, manifests),
            platform=descriptor.platform or (config.platform if config is not None else None),
            artifact_type=descriptor.artifact_type or document.artifact_type,
            subject=document.subject,
            annotations={**descriptor.annotations, **document.annotations},
            config=config,
            layers=self._layers(document.layers, config),
            manifests=manifests,
            problems=("it is already shown above",) if again else tuple(problems),
        )
        if not again:
            self._note(descriptor.digest, problems)
        return node

    def _look(self, descriptor: Descriptor) -> tuple[bool, Fetched]:
        """Whether a blob is here, and what could be read of it."""
        nothing = Fetched(None)
        if descriptor.digest not in self._store.here:
            return False, nothing
        fetched = self._store.documents.get(descriptor.digest, nothing)
        size = fetched.size if fetched.size is not None else descriptor.size
        self.sizes[descriptor.digest] = size or 0
        return True, fetched

    def _note(self, digest: str, problems: Iterable[str]) -> None:
        self.problems.update({f"{digest}: {problem}": None for problem in problems})

    def _manifests(
        self, document: Document, depth: int, problems: list[str]
    ) -> tuple[ImageNode, ...]:
        if document.manifests and depth >= _DEEPEST:
            problems.append(
                f"its manifests are not shown: they are nested more than {_DEEPEST} levels deep"
            )
            return ()
        nodes: list[ImageNode] = []
        for one in document.manifests:
            if self._nodes >= _MOST_NODES:
                problems.append(
                    f"it is not shown completely: it has more than {_MOST_NODES} manifests"
                )
                break
            nodes.append(self.node(one, depth + 1))
        return tuple(nodes)

    def _config(self, descriptor: Descriptor) -> ImageConfig:
        here, fetched = self._look(descriptor)
        self._note(descriptor.digest, fetched.problems)
        size = fetched.size if fetched.size is not None else descriptor.size
        says = fetched.config or Config()
        return ImageConfig(
            media_type=descriptor.media_type,
            digest=descriptor.digest,
            size_bytes=size or 0,
            present=here,
            platform=says.platform,
            created=says.created,
            author=says.author,
            entrypoint=says.entrypoint,
            command=says.command,
            environment=says.environment,
            working_dir=says.working_dir,
            user=says.user,
            stop_signal=says.stop_signal,
            exposed_ports=says.exposed_ports,
            volumes=says.volumes,
            labels=says.labels,
            diff_ids=says.diff_ids,
            history=says.history,
        )

    def _layers(
        self, layers: Sequence[Descriptor], config: ImageConfig | None
    ) -> tuple[ImageLayer, ...]:
        diff_ids = config.diff_ids if config is not None else ()
        history = config.history if config is not None else ()
        steps = [step for step in history if not step.empty_layer]
        return tuple(
            ImageLayer(
                media_type=one.media_type,
                digest=one.digest,
                size_bytes=one.size or 0,
                compression=compression_of(one.media_type),
                present=self._look(one)[0],
                # only where they pair up: an attestation's do not
                diff_id=diff_ids[i] if len(diff_ids) == len(layers) else None,
                created_by=steps[i].created_by if len(steps) == len(layers) else None,
                annotations=one.annotations,
            )
            for i, one in enumerate(layers)
        )


def _is_pulled(kind: NodeKind, config: ImageConfig | None, manifests: Sequence[ImageNode]) -> bool:
    """Whether more of it has come than its document."""
    if kind is NodeKind.INDEX:
        return not manifests or any(one.pulled for one in manifests)
    return config is None or config.present


def _missing(node: ImageNode, host: str, *, needed: bool = True) -> Iterator[str]:
    """The digests that have to be here and are not.

    Of an index the host's platform is needed, and any at all; what of the others was pulled has to
    be whole.
    """
    if not node.present:
        if needed:
            yield node.digest
        return
    if not (node.pulled or needed):
        return
    parts: list[ImageConfig | ImageLayer] = [*node.layers]
    if node.config is not None:
        parts.insert(0, node.config)
    yield from (part.digest for part in parts if not part.present)
    images = [one for one in node.manifests if one.kind is not NodeKind.ATTESTATION]
    nothing = not any(one.pulled for one in images)
    for one in node.manifests:
        is_image = one.kind is not NodeKind.ATTESTATION
        wanted = nothing or may_run_on(host, one.platform)
        yield from _missing(one, host, needed=is_image and wanted)


def _platforms(node: ImageNode) -> Iterator[str]:
    if node.kind is NodeKind.MANIFEST and node.pulled and node.platform is not None:
        yield node.platform
    for one in node.manifests:
        yield from _platforms(one)


def _details(store: _Store, image: Image, host: str) -> ImageDetails:
    tree = _Tree(store)
    target = tree.node(Descriptor(image.media_type, image.digest))
    missing = tuple(dict.fromkeys(_missing(target, host)))
    return ImageDetails(
        ref=image.ref,
        media_type=image.media_type,
        digest=image.digest,
        labels=image.labels,
        platforms=tuple(dict.fromkeys(_platforms(target))),
        size_bytes=sum(tree.sizes.values()),
        complete=not missing and not tree.problems,
        missing=missing,
        problems=tuple(tree.problems),
        target=target,
    )


def _unique(descriptors: Iterable[Descriptor]) -> list[Descriptor]:
    """The first of each digest."""
    found: dict[str, Descriptor] = {}
    for one in descriptors:
        found.setdefault(one.digest, one)
    return list(found.values())
