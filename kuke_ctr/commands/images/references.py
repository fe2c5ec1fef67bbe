"""What the verbs of images share: references, and those that there are not."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import images
from kuke_ctr.commands.shared.missing import missing, near_names
from kuke_ctr.errors import FoundWrong, NotFound
from kuke_ctr.session import OpenRealm

Ref = Annotated[str, typer.Argument(metavar="REF", help="The image, as `images ls` shows it.")]


def near_refs(realm: OpenRealm, refs: Sequence[str]) -> AbstractContextManager[None]:
    """A NotFound inside becomes one that names the image, the realm and the nearest images."""
    return near_names(realm, "image", refs, lambda: images.names(realm.scope), "images")


@contextmanager
def near_images(realm: OpenRealm, refs: Sequence[str]) -> Iterator[None]:
    """As `near_refs`, of images that are to be read.

    A NotFound about content becomes FoundWrong: the image is there, and is not whole.
    """

    try:
        with near_refs(realm, refs):
            yield
    except NotFound as error:
        if "content digest" not in error.message and "no match for platform" not in error.message:
            raise
        raise FoundWrong(
            error.message,
            hint=f"{realm.scope.line('images', 'inspect', *refs)} shows what is missing",
            command=error.command,
        ) from None


def no_image(realm: OpenRealm, refs: Sequence[str], existing: Sequence[str]) -> NotFound:
    """The error for images that there are not."""
    realm.require_namespace()
    return missing(realm, "image", refs, existing, "images", NotFound(""))


def require_images(realm: OpenRealm, *refs: str) -> list[str]:
    """All the references that there are; NotFound where one of `refs` is not among them."""
    existing = images.names(realm.scope)
    gone = [ref for ref in refs if ref not in existing]
    if gone:
        raise no_image(realm, gone, existing)
    return existing
