"""What must be true before a moved image is removed where it was."""

from kuke_ctr.backends.ctr import content, images
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import CtrFailed, KukeCtrError, NotFound, Unreadable
from kuke_ctr.parse.references import is_document, named_in
from kuke_ctr.records import FoundImage

_LARGEST_DOCUMENT = 8 << 20


def require_moved(source: Scope, image: FoundImage, target: Scope, name: str) -> None:
    """Raise where something would be lost if the image's name were removed from the source.

    Its name must still mean what was copied, and the target must have, under the new name, every
    blob of it that the source has. NotFound, CtrFailed, KukeCtrError, Unreadable.
    """
    here, there = images.find_each([(source, image.ref), (target, name)])
    if here is None:
        raise NotFound(
            f"{image.ref} is not in namespace {source.namespace} any more; it was copied, and "
            "nothing was removed"
        )
    if here.digest != image.digest:
        raise KukeCtrError(
            f"{image.ref} in namespace {source.namespace} became another image while it was "
            f"copied ({here.digest[:19]}); it was not removed",
            hint=f"namespace {target.namespace} has the one from before, {image.digest[:19]}",
        )
    if there is None or there.digest != image.digest:
        raise CtrFailed(
            f"the image {name} is not in namespace {target.namespace}; nothing was removed"
        )
    named = sorted(_named(source, image))
    lost = content.present(source, named) - content.present(target, named)
    if lost:
        blobs = "1 blob" if len(lost) == 1 else f"{len(lost)} blobs"
        raise CtrFailed(
            f"{blobs} of {image.ref} that namespace {source.namespace} has did not come along; "
            "the image was copied, and nothing was removed",
            hint=f"{source.line('images', 'inspect', image.ref)} shows what there is; if you can "
            f"do without the rest: {source.line('images', 'rm', image.ref)}",
        )


def _named(scope: Scope, image: FoundImage) -> set[str]:
    """The digests that the documents of an image name, as far as the namespace has these."""
    found = {image.digest}
    waiting = [image.digest]
    while waiting:
        sizes = content.sizes(scope, waiting)
        for digest, size in sizes.items():
            if size is None or size > _LARGEST_DOCUMENT:
                raise Unreadable(
                    f"the document {digest} of {image.ref} cannot be read, so it is not known "
                    "whether all of the image was copied; nothing was removed"
                )
        below: dict[str, None] = {}
        for data in content.read(scope, list(sizes)):
            for child in named_in((data or b"").decode(errors="replace")):
                if child.digest not in found:
                    found.add(child.digest)
                    if child.role == "manifest" or is_document(child.media_type):
                        below[child.digest] = None
        waiting = list(below)
    return found
