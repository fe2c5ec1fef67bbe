"""An image in another namespace without moving its bytes: containerd has each blob only once.

A pin keeps what is taken until the image has its name, and the name comes last: whatever can be
checked was checked before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kuke_ctr.backends.ctr import content, shared_blobs
from kuke_ctr.backends.ctr.filters import equal
from kuke_ctr.backends.ctr.image_checks import check_table
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.shared_blobs import SharedBlob
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.errors import CtrFailed, Interrupted, KukeCtrError
from kuke_ctr.parse.manifest import Descriptor
from kuke_ctr.processes.identity import identity
from kuke_ctr.processes.patience import patient
from kuke_ctr.recipes.copy_name import NO_PLATFORM, Naming, give_name
from kuke_ctr.recipes.copy_pin import REFERENCE, pinned
from kuke_ctr.recipes.image_parts import Part, Parts
from kuke_ctr.records import Image


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is to be shared: an image, taken apart, those of its parts that are chosen, and where.

    `name` is the name that it gets, `known` the image that has this name in the target already,
    `runs` whether one of the parts is for this host's platform.
    """

    target: Scope
    name: str
    parts: Parts
    chosen: tuple[Part, ...]
    known: Image | None = None
    runs: bool = True
    key: str = field(default_factory=lambda: f"kuke-ctr-copy-{identity()}-")

    @property
    def naming(self) -> Naming:
        """The name that it gets."""
        return Naming(self.target, self.name, self.parts.top.digest, self.known)

    @property
    def whole(self) -> bool:
        """Whether nothing of the image is left out."""
        return len(self.chosen) == len(self.parts.parts)

    @property
    def flags(self) -> tuple[str, ...]:
        """Those of the import that gives it its name."""
        if not self.whole:
            return NO_PLATFORM
        return ("--all-platforms",) if self.parts.indexes else ()

    @property
    def blobs(self) -> list[SharedBlob]:
        """Each blob once, the image's own document first."""
        found: dict[str, Descriptor] = {self.parts.top.digest: self.parts.top}
        for index in self.parts.indexes:
            found.setdefault(index.itself.digest, index.itself)
        for part in self.chosen:
            for blob in part.blobs:
                found.setdefault(blob.digest, blob)
        return [
            SharedBlob(digest, one.size or 0, f"{self.key}{digest}")
            for digest, one in found.items()
        ]


def share(what: Sharing) -> None:
    """Make the image visible in the target, and check it there.

    A signal waits until everything is in order: then, as after every failure, nothing of it stays,
    and the name means what it meant before. Raises what went wrong: CtrFailed also where containerd
    does not share content (`content_sharing_policy = "isolated"`), KukeCtrError where the name has
    got another image meanwhile.
    """
    blobs = what.blobs
    naming = what.naming

    def undo() -> None:
        naming.take_back()
        shared_blobs.finish(what.target, what.key, blobs)

    kept = [*(blob.digest for blob in blobs), *naming.keeps]
    with patient() as came, pinned(what.target, what.name, kept, undo):
        _go_on(came)
        here = content.present(what.target, sorted(blob.digest for blob in blobs))
        wanted = sorted((one for one in blobs if one.digest not in here), key=lambda one: one.size)
        _try_one(what.target, wanted[:1])
        shared_blobs.take(what.target, wanted[1:])
        _go_on(came)
        if not what.whole:
            label(what)
        _go_on(came)
        if not what.target.ctr.processes.dry_run:
            _require_content(what)
        naming.begin()
        give_name(what.target, what.name, what.parts.top, what.flags)
        if not what.target.ctr.processes.dry_run:
            _check_named(what)
    _go_on(came, "interrupted; the image had been copied")


def _try_one(target: Scope, smallest: Sequence[SharedBlob]) -> None:
    """Take one blob: it shows whether content is shared, before a GiB of zeros is written."""
    try:
        shared_blobs.take(target, smallest)
    except CtrFailed as error:
        raise error.but(
            message="containerd does not find the blobs of other namespaces "
            f"(is its content_sharing_policy `isolated`?): {error.message}",
            hint="an archive copies the bytes: leave --no-fallback out",
        ) from None


def verify(what: Sharing) -> None:
    """Raise CtrFailed where the target does not have the image with all that was chosen."""
    _require_content(what)
    _check_named(what)


def _require_content(what: Sharing) -> None:
    wanted = {blob.digest for blob in what.blobs}
    missing = wanted - content.present(what.target, sorted(wanted))
    if missing:
        raise CtrFailed(f"{len(missing)} blobs of {what.name} did not arrive")


def _check_named(what: Sharing) -> None:
    if not what.runs:
        what.naming.check()
        return
    quiet = replace(what.target.ctr, notice=lambda text: None)
    filters = [equal("name", what.name)]
    (answer,) = fetch(quiet, check_table(None), [what.target.namespace], filters)
    if isinstance(answer, KukeCtrError):
        raise answer
    if [row.digest for row in answer.records] != [what.parts.top.digest]:
        raise CtrFailed(f"the image {what.name} is not in namespace {what.target.namespace}")
    if [row.status for row in answer.records] != ["complete"]:
        raise CtrFailed(f"ctr says that {what.name} is not complete after the copy")


def _go_on(came: Sequence[int], message: str = "interrupted; nothing was copied") -> None:
    if came:
        raise Interrupted(message)


def label(what: Sharing) -> None:
    """Let the documents refer to what is here: an import would label only whole indexes.

    The keys are others than containerd's own (`.m.0`), which an import for one platform sets anew.
    """
    chosen = {part.manifest.digest for part in what.chosen}
    inner = {index.itself.digest for index in what.parts.indexes}
    calls: list[tuple[str, list[str]]] = []
    for index in what.parts.indexes:
        here = [one.digest for one in index.lists if one.digest in chosen | inner]
        named = [f"{REFERENCE}.m.{one[7:19]}={one}" for one in dict.fromkeys(here)]
        calls.append((index.itself.digest, named))
    for part in what.chosen:
        below = dict.fromkeys(one.digest for one in part.below)
        named = [f"{REFERENCE}.l.{one[7:19]}={one}" for one in below]
        calls.append((part.manifest.digest, named))
    ctr = what.target.ctr
    results = ctr.processes.run_all(
        [what.target.call("content", "label", digest, *named) for digest, named in calls if named]
    )
    for result in results:
        ctr.checked(result)
