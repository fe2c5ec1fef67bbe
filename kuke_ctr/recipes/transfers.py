"""What surrounds a transfer: which images landed, what an interrupted one leaves."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from kuke_ctr.backends.ctr import content, images, leases, versions
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.errors import (
    CtrFailed,
    Interrupted,
    KukeCtrError,
    NotFound,
    Reason,
    TimeLimit,
    Unreadable,
)
from kuke_ctr.parse.artifacts import artifact_of
from kuke_ctr.parse.references import GC_EXPIRE, INDEXES
from kuke_ctr.parse.transfers import parse_import
from kuke_ctr.recipes.content_graph import Store
from kuke_ctr.recipes.platforms import serves
from kuke_ctr.records import Image, Listing

_ASKING = 5.0
"""Seconds for the question what is left: somebody has just pressed Ctrl-C."""

_OF_CTR = re.compile(r"[0-9]+-[A-Za-z0-9_-]{4}")
"""The id of a lease that ctr makes for a transfer: the time and four random letters."""

_FETCHED = (Reason.NOT_UNPACKED, Reason.SNAPSHOTTER_NOT_LOADED, Reason.NO_SPACE)
"""Why an image could not be unpacked after all of it was fetched."""


@dataclass(frozen=True, slots=True)
class Landed:
    """The images of an import. `new` is false where all of them were there before, just so.

    `named` has the digests of all images of the namespace by name, `blobs` is how many blobs the
    namespace has got by the import.
    """

    images: tuple[Image, ...]
    new: bool
    named: Mapping[str, str]
    blobs: int = 0


@dataclass(frozen=True, slots=True)
class Before:
    """What a namespace had before an import: its images by name, and its digests."""

    images: Mapping[str, Image] = field(default_factory=dict)
    digests: frozenset[str] = frozenset()


def before(scope: Scope) -> Before:
    """What a namespace has (`ctr images ls`, `ctr content ls -q`), as far as it can be read."""
    listing = _list(scope)
    return Before({image.ref: image for image in listing.records}, _digests(scope))


def _digests(scope: Scope) -> frozenset[str]:
    try:
        return frozenset(content.digests(scope))
    except KukeCtrError:
        return frozenset()


def named(scope: Scope, reference: str) -> Image:
    """The record of one image; NotFound where there is none, Unreadable."""
    listing = _list(scope, f'name=="{reference}"')
    for image in listing.records:
        if image.ref == reference:
            return image
    raise NotFound(
        f"ctr reported success, but the image {reference} is not in namespace {scope.namespace}",
        hint=f"{scope.line('images', 'ls')} lists the images",
    )


def require_image(scope: Scope, image: Image) -> None:
    """Raise CtrFailed where what was pulled is no container image (`ctr content get DIGEST`).

    ctr 1.7 and 2.x say done, and nothing can be run from it.
    """
    if image.media_type in INDEXES:
        return
    (document,) = content.read(scope, [image.digest])
    artifact = artifact_of(document, image.media_type) if document is not None else None
    if artifact is not None:
        raise CtrFailed(
            f"{image.ref} is not a container image but {artifact.kind} "
            f"(media type {artifact.media_type})",
            hint=f"it stays in namespace {scope.namespace}; {_removes(scope, image.ref)}",
        )


def _removes(scope: Scope, reference: str) -> str:
    return f"{scope.line('images', 'rm', reference)} removes it"


@contextmanager
def told_what_stays(scope: Scope, reference: str, snapshotter: str | None) -> Iterator[None]:
    """A pull inside that fetched an image and failed to unpack it says that its name stays."""
    try:
        yield
    except KukeCtrError as error:
        if error.reason not in _FETCHED:
            raise
        with suppress(NotFound, Unreadable):  # containerd 2.x gives it no name
            image = named(scope, reference)
            require_image(scope, image)
            if _is_unpacked(scope, reference, snapshotter):
                raise
            hint = f"{error.hint}; " if error.hint is not None else ""
            removes = _removes(scope, reference)
            stays = f"the image stays, not unpacked; if it was not there before: {removes}"
            raise error.but(hint=f"{hint}{stays}") from None
        raise


def _is_unpacked(scope: Scope, reference: str, snapshotter: str | None) -> bool:
    from kuke_ctr.backends.ctr.image_checks import check_table  # late: for failures only

    table = check_table(snapshotter)
    (answer,) = fetch(scope.ctr, table, [scope.namespace], (f'name=="{reference}"',))
    if isinstance(answer, KukeCtrError):
        return False
    return any(row.ref == reference and row.unpacked for row in answer.records)


def landed(scope: Scope, before: Before, said: bytes, archived: Collection[str] = ()) -> Landed:
    """The images that an import has made or changed, or those that it found as they are.

    `said` is what ctr printed, `archived` are names that are known to be in the archive: ctr 2 says
    nothing of what is done before it first draws. Without any of them: no images.
    """
    listing = _list(scope)
    new = tuple(image for image in listing.records if _changed(before.images.get(image.ref), image))
    named = {image.ref: image.digest for image in listing.records}
    if new:
        return Landed(new, True, named)
    written = parse_import(said.decode(errors="surrogateescape"))
    there = tuple(each for each in listing.records if written.has(each.ref) or each.ref in archived)
    return Landed(there, False, named, _came_back(scope, there, before))


def _came_back(scope: Scope, found: Sequence[Image], before: Before) -> int:
    """How many blobs of these images were missing before; the archive's own index is none."""
    came = _digests(scope) - before.digests
    if not came:
        return 0
    store = Store(scope.ctr, [scope.namespace])
    store.read_documents()
    return len(came & {digest for image in found for digest in store.tree(image.digest)})


def _changed(before: Image | None, now: Image) -> bool:
    return before is None or (before.digest, before.labels) != (now.digest, now.labels)


def _list(scope: Scope, *filters: str) -> Listing[Image]:
    (answer,) = fetch(scope.ctr, images.LS, [scope.namespace], filters)
    if isinstance(answer, KukeCtrError):
        raise answer
    return answer


def lacking(image: Image, wanted: Sequence[str]) -> list[str]:
    """Those of the platforms that an index has nothing for; an image for one is taken as it is.

    2.x fetches nothing for such a platform, and calls it a success.
    """
    if not image.platforms or not ("index" in image.media_type or "list" in image.media_type):
        return []
    return [name for name in wanted if not any(serves(name, has) for has in image.platforms)]


@contextmanager
def told_which_names_stay(scope: Scope, before: Before) -> Iterator[None]:
    """A failed import inside says which names it has left: ctr to 1.7 names before it unpacks."""
    try:
        yield
    except CtrFailed as error:
        stay: list[str] = []
        with suppress(KukeCtrError):
            stay = [image.ref for image in _list(scope).records if image.ref not in before.images]
        if not stay:
            raise
        hint = f"{error.hint}; " if error.hint is not None else ""
        removes = scope.line("images", "rm", *stay[:5])
        stays = f"the name of the image stays, but it may be of no use: {removes} removes it"
        raise error.but(hint=f"{hint}{stays}") from None


@contextmanager
def told_of_silence(reference: str) -> Iterator[None]:
    """A TimeLimit inside says that the registry may be silent: ctr waits for it without a limit."""
    try:
        yield
    except TimeLimit as error:
        raise error.but(hint=_silent(reference)) from None


def _silent(reference: str) -> str:
    return (
        f"does {reference.partition('/')[0]} answer, or does a firewall or a proxy stand between? "
        "a larger --timeout gives a slow transfer more time"
    )


@contextmanager
def told_what_is_left(
    scope: Scope, reference: str | None = None, *, local: bool = False
) -> Iterator[None]:
    """An Interrupted or TimeLimit inside says what the transfer has left in the namespace.

    `reference`: the transfer is a pull of it, so a TimeLimit says that the registry may be silent.
    `local`: ctr makes it itself, whatever its version is. Nothing is removed: whose a lease is,
    containerd does not say.
    """
    began = datetime.now(UTC).replace(microsecond=0)
    try:
        yield
    except (Interrupted, TimeLimit) as error:
        why = ""
        if reference is not None and isinstance(error, TimeLimit):
            why = f"{_silent(reference)}; "
        scope = scope._replace(ctr=replace(scope.ctr, timeout=_ASKING))
        gives_up = _leases_since(scope, began, local=local)
        raise error.but(
            message=f"{error.message}; {_left(scope)}",
            hint=f"{why}run the same command again to complete it; otherwise containerd removes "
            f"what is left within a day, when the lease of ctr ends{gives_up}",
        ) from None


def _leases_since(scope: Scope, began: datetime, *, local: bool) -> str:
    """How what has arrived is given up: the lease that ctr has made for 24 hours, and left.

    Another transfer at the same time makes such a lease, too, and ctr does not tell them apart. The
    transfer service of containerd 2 removes its own: then it is nothing.
    """
    if versions.client(scope.ctr) >= (2,) and not local:
        return ""
    try:
        (found,) = fetch(scope.ctr, leases.LS, [scope.namespace])
    except (KukeCtrError, KeyboardInterrupt):
        return ""
    if isinstance(found, KukeCtrError):
        return ""
    since = [
        one.id
        for one in found.records
        if GC_EXPIRE in one.labels
        and _OF_CTR.fullmatch(one.id)
        and datetime.fromisoformat(one.created_at) >= began
    ]
    if not since:
        return ""
    if len(since) > 1:
        lists = scope.line("leases", "ls")
        return (
            f"; it is one of {', '.join(since[:5])}: other transfers have made the others ({lists})"
        )
    return (
        f"; to give up what has arrived, if nothing else was importing or pulling here: "
        f"{scope.line('leases', 'rm', since[0], '--yes')}"
    )


def _left(
    scope: Scope,
) -> str:
    try:
        (active,) = fetch(scope.ctr, content.ACTIVE, [scope.namespace])
    except (KukeCtrError, KeyboardInterrupt):
        return "it is not known what is left, because containerd did not answer"
    if isinstance(active, KukeCtrError):
        return "it is not known what is left, because containerd did not answer"
    if not active.records:
        return "no blob is partly transferred; complete ones stay until containerd removes them"
    sizes = ", ".join(each.size for each in active.records[:5])
    blobs = "1 blob is" if len(active.records) == 1 else f"{len(active.records)} blobs are"
    return f"{blobs} partly transferred ({sizes}): {scope.line('content', 'active')}"
