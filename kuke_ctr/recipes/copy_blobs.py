"""An image in another namespace without moving its bytes: containerd has each blob only once.

A small blob, the pin, refers to all that is taken and is never collected; it is removed in the end.
So no label of anybody else's blob changes, and two copies at once are in nobody's way.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from kuke_ctr.backends.ctr import content, images, shared_blobs, versions
from kuke_ctr.backends.ctr.image_checks import check_table
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.shared_blobs import SharedBlob
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.errors import CtrFailed, Interrupted, KukeCtrError, NotFound
from kuke_ctr.parse.manifest import Descriptor
from kuke_ctr.parse.references import GC_ROOT
from kuke_ctr.processes.identity import identity
from kuke_ctr.processes.patience import patient
from kuke_ctr.processes.shell_words import shell_line
from kuke_ctr.recipes.image_parts import Part, Parts

PIN = "kuke-ctr.io/copy"
"""The label of a pin: which process has made it."""

_REFERENCE = "containerd.io/gc.ref.content"
_NAME = "io.containerd.image.name"
_LAYOUT = {"imageLayoutVersion": "1.0.0"}
_NO_PLATFORM = "none/none"
"""For an import that is to look at no manifest of an index: those that are not here would fail."""

_TRIES = 5
"""How often a pin is made: a collection may be quicker than the label that keeps it."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is to be shared: an image, taken apart, those of its parts that are chosen, and where.

    `name` is the name that it gets. `there` is whether the target has that name already, `runs`
    whether one of the parts is for this host's platform.
    """

    target: Scope
    name: str
    parts: Parts
    chosen: tuple[Part, ...]
    there: bool = False
    runs: bool = True
    key: str = field(default_factory=lambda: f"kuke-ctr-copy-{identity()}-")

    @property
    def whole(self) -> bool:
        """Whether nothing of the image is left out."""
        return len(self.chosen) == len(self.parts.parts)

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

    A signal waits until everything is in order: then, as after every failure, nothing of it stays.
    Raises what went wrong: CtrFailed also where containerd does not share content
    (`content_sharing_policy = "isolated"`).
    """
    with patient() as came, _in_order(what) as made:
        blobs = what.blobs
        made.pin = _pin(what.target, what.name, [blob.digest for blob in blobs])
        _go_on(came)
        here = content.present(what.target, [blob.digest for blob in blobs])
        wanted = sorted((one for one in blobs if one.digest not in here), key=lambda one: one.size)
        shared_blobs.take(what.target, wanted[:1])  # it tells whether content is shared at all
        shared_blobs.take(what.target, wanted[1:])
        _go_on(came)
        if not what.whole:
            _label(what)
        _go_on(came)
        made.image = True
        _import(what)
        if not what.target.ctr.processes.dry_run:
            verify(what)
    _go_on(came, "interrupted; the image had been copied")


def verify(what: Sharing) -> None:
    """Raise CtrFailed where the target does not have the image with all that was chosen."""
    (found,) = images.find(what.target, [what.name])
    if found is None or found.digest != what.parts.top.digest:
        raise CtrFailed(f"the image {what.name} is not in namespace {what.target.namespace}")
    wanted = {blob.digest for blob in what.blobs}
    missing = wanted - content.present(what.target, sorted(wanted))
    if missing:
        raise CtrFailed(f"{len(missing)} blobs of {what.name} did not arrive")
    if not what.runs:
        return
    quiet = replace(what.target.ctr, notice=lambda text: None)
    filters = [f'name=="{what.name}"']
    (answer,) = fetch(quiet, check_table(None), [what.target.namespace], filters)
    if isinstance(answer, KukeCtrError):
        raise answer
    if [row.status for row in answer.records] != ["complete"]:
        raise CtrFailed(f"ctr says that {what.name} is not complete after the copy")


@dataclass(slots=True)
class _Made:
    """What has been made on the way: the digest of the pin, and perhaps the image's name."""

    pin: str | None = None
    image: bool = False


@contextmanager
def _in_order(what: Sharing) -> Iterator[_Made]:
    """Whatever happens inside, nothing half-made stays; what could not be put in order is told."""
    made, failed = _Made(), True
    try:
        yield made
        failed = False
    finally:
        try:
            _put_in_order(what, made, failed=failed)
        except KukeCtrError as error:
            what.target.ctr.notice(_stays(what, made, error))


def _put_in_order(what: Sharing, made: _Made, *, failed: bool) -> None:
    target = what.target
    if failed and made.image and not what.there:
        with suppress(NotFound):
            images.remove(target, what.name)
    if failed and made.pin is not None:
        shared_blobs.finish(target, what.key, what.blobs)
    if made.pin is not None:  # the collection that follows takes what nothing refers to
        with suppress(NotFound):
            content.remove(target, made.pin)


def _stays(what: Sharing, made: _Made, error: KukeCtrError) -> str:
    stays = f"warning: what the copy had begun could not be taken back: {error.message}"
    if made.pin is None:
        return stays
    return f"{stays}; later, {what.target.line('content', 'rm', made.pin)} does it"


def _go_on(came: Sequence[int], message: str = "interrupted; nothing was copied") -> None:
    if came:
        raise Interrupted(message)


def _pin(target: Scope, name: str, digests: Sequence[str]) -> str:
    """Make the blob that keeps the others; its digest."""
    for last in (*[False] * (_TRIES - 1), True):
        made = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        text = json.dumps({"kuke-ctr copies": name, "process": identity(), "time": made})
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        target.ctr.processes.tell_of(f"{shell_line(('printf', '%s', text))} > pin.json")
        call = target.call(
            "content", "ingest", "--expected-digest", digest, f"kuke-ctr-pin-{digest}"
        )
        call = replace(call, stdin=text.encode(), reads="pin.json")
        target.ctr.checked(target.ctr.processes.run(call))
        references = [f"{_REFERENCE}.{i}={one}" for i, one in enumerate(digests)]
        labels = (f"{GC_ROOT}={made}", f"{PIN}={identity()}", *references)
        try:
            target.change("content", "label", digest, *labels)
        except NotFound:  # collected before it had a label
            if last:
                raise
        else:
            return digest
    raise AssertionError("unreachable")


def _label(what: Sharing) -> None:
    """Let the documents refer to what is here: an import would label only whole indexes.

    The keys are others than containerd's own (`.m.0`), which an import for one platform sets anew.
    """
    chosen = {part.manifest.digest for part in what.chosen}
    inner = {index.itself.digest for index in what.parts.indexes}
    calls: list[tuple[str, list[str]]] = []
    for index in what.parts.indexes:
        here = [one.digest for one in index.lists if one.digest in chosen | inner]
        named = [f"{_REFERENCE}.m.{one[7:19]}={one}" for one in dict.fromkeys(here)]
        calls.append((index.itself.digest, named))
    for part in what.chosen:
        below = dict.fromkeys(one.digest for one in part.below)
        named = [f"{_REFERENCE}.l.{one[7:19]}={one}" for one in below]
        calls.append((part.manifest.digest, named))
    ctr = what.target.ctr
    results = ctr.processes.run_all(
        [what.target.call("content", "label", digest, *named) for digest, named in calls if named]
    )
    for result in results:
        ctr.checked(result)


def _import(what: Sharing) -> None:
    """Give it its name: `ctr images import` of an archive that has no blob."""
    target, top = what.target, what.parts.top
    entry = {"mediaType": top.media_type, "digest": top.digest, "size": top.size}
    index = {"schemaVersion": 2, "manifests": [{**entry, "annotations": {_NAME: what.name}}]}
    documents = {"oci-layout": json.dumps(_LAYOUT), "index.json": json.dumps(index)}
    for name, text in documents.items():
        target.ctr.processes.tell_of(f"{shell_line(('printf', '%s', text))} > {name}")
    target.ctr.processes.tell_of(shell_line(("tar", "-cf", "image.tar", *documents)))
    flags = ["--no-unpack"]
    if not what.whole:
        flags += ["--platform", _NO_PLATFORM]
    elif what.parts.indexes:
        flags += ["--all-platforms"]
    words = ("images", "import")
    local = versions.transfers_locally(target.ctr, words, flags, wanted=True)
    versions.require_flags(target.ctr, words, flags)
    call = target.call(*words, *local, *flags, "-")
    call = replace(call, stdin=_tar(documents), reads="image.tar")
    target.ctr.checked(target.ctr.processes.run(call))


def _tar(documents: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in documents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()
