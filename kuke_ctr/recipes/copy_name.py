"""The name that a copy gives an image, and what it means again after a failure.

ctr cannot give a name only if it is free, so others may use the same name at the same time.
"""

import io
import json
import tarfile
from contextlib import suppress
from dataclasses import dataclass, field

from kuke_ctr.backends.ctr import content, images, versions
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import CtrFailed, KukeCtrError, NotFound
from kuke_ctr.parse.manifest import Descriptor
from kuke_ctr.parse.references import INDEXES
from kuke_ctr.processes.shell_words import shell_line
from kuke_ctr.records import Image

NO_PLATFORM = ("--platform", "none/none")
"""For an import that is to look at no manifest of an index: those that are not here would fail."""

_ANNOTATION = "io.containerd.image.name"
_LAYOUT = {"imageLayoutVersion": "1.0.0"}


@dataclass(slots=True)
class Naming:
    """A name that an image with this digest gets.

    `known` is the image that had the name when it was decided to copy. `take_back` lets the name
    mean what it meant when `begin` was called; what others have made of it stays.
    """

    target: Scope
    name: str
    digest: str
    known: Image | None
    _before: Image | None = field(default=None, init=False)
    _begun: bool = field(default=False, init=False)

    @property
    def keeps(self) -> tuple[str, ...]:
        """The digest of another image that loses the name, which must not be collected."""
        old = self.known
        return (old.digest,) if old is not None and old.digest != self.digest else ()

    def begin(self) -> None:
        """Look once more, just before; KukeCtrError where the name has got another meaning."""
        (self._before,) = images.find(self.target, [self.name])
        if self._before is not None and self._before.digest not in (*self.keeps, self.digest):
            raise KukeCtrError(
                f"meanwhile namespace {self.target.namespace} got another image of the name "
                f"{self.name} ({self._before.digest[:19]}); it was not changed",
                hint="--as NEWREF takes another name",
            )
        self._begun = True

    def take_back(self) -> None:
        """Take the name back, where it means our image and did not before; planned in a dry run."""
        if not self._begun:
            return
        if self.target.ctr.processes.dry_run:
            if self._before is None:
                images.remove(self.target, self.name)
            return
        (now,) = images.find(self.target, [self.name])
        if now is None or now.digest != self.digest:
            return
        if self._before is None:
            with suppress(NotFound):
                images.remove(self.target, self.name)
        elif self._before.digest != self.digest:
            self._give_back(self._before)

    def _give_back(self, old: Image) -> None:
        (document,) = content.read(self.target, [old.digest])
        if document is None:
            raise NotFound(f"the content {old.digest}, which had the name {self.name}, is gone")
        flags = NO_PLATFORM if old.media_type in INDEXES else ()
        top = Descriptor(old.media_type, old.digest, len(document))
        give_name(self.target, self.name, top, flags)

    def check(self) -> None:
        """Raise CtrFailed where the name does not mean the image."""
        (found,) = images.find(self.target, [self.name])
        if found is None or found.digest != self.digest:
            raise CtrFailed(f"the image {self.name} is not in namespace {self.target.namespace}")


def give_name(target: Scope, name: str, top: Descriptor, flags: tuple[str, ...]) -> None:
    """Give content of the namespace a name: `ctr images import` of an archive without a blob.

    The labels of an image that had the name stay.
    """
    documents = archive_documents(name, top)
    for file, text in documents.items():
        target.ctr.processes.tell_of(f"{shell_line(('printf', '%s', text))} > {file}")
    target.ctr.processes.tell_of(shell_line(("tar", "-cf", "image.tar", *documents)))
    words, flags = ("images", "import"), ("--no-unpack", *flags)
    local = versions.transfers_locally(target.ctr, words, flags, wanted=True)
    versions.require_flags(target.ctr, words, flags)
    call = target.call(*words, *local, *flags, "-")
    call = call._replace(stdin=_tar(documents), reads="image.tar")
    target.ctr.checked(target.ctr.processes.run(call))


def archive_documents(name: str, top: Descriptor) -> dict[str, str]:
    """The two documents of an archive with one image, by their names in it; ASCII."""
    entry = {"mediaType": top.media_type, "digest": top.digest, "size": top.size}
    index = {"schemaVersion": 2, "manifests": [{**entry, "annotations": {_ANNOTATION: name}}]}
    return {"oci-layout": json.dumps(_LAYOUT), "index.json": json.dumps(index)}


def _tar(documents: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in documents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()
