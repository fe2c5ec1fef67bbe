"""What the verbs of images share: references, and those that there are not."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import images
from kuke_ctr.backends.ctr.filters import equal
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import FoundWrong, KukeCtrError, NotFound, Reason, TimeLimit, UsageError
from kuke_ctr.session import OpenRealm

Ref = Annotated[str, typer.Argument(metavar="REF", help="The image, as `images ls` shows it.")]


def is_full_name(name: str) -> bool:
    """Whether a registry can be asked for a name; no namespace is made for another one."""
    from kuke_ctr.parse.image_names import fault_of  # late: most verbs take any name

    return fault_of(name) is None


def require_full_name(name: str) -> None:
    """Raise KukeCtrError for a name that no registry can be asked for, short names among them."""
    from kuke_ctr.parse.image_names import fault_of  # late: most verbs take any name

    fault = fault_of(name)
    if fault is not None:
        raise KukeCtrError(fault.message, hint=fault.hint)


def note_odd_name(name: str) -> None:
    """Say what is odd about a new name, and the full one: ctr takes any, docker does not."""
    from kuke_ctr.parse.image_names import fault_of  # late: most verbs take any name

    fault = fault_of(name)
    if fault is not None:
        note(f"note: {fault.message}; {fault.hint}")


@contextmanager
def near_refs(realm: OpenRealm, refs: Sequence[str], *, needed: bool = False) -> Iterator[None]:
    """A NotFound inside becomes one that names the image, the realm and the nearest images.

    `needed`: the image is to be used, so the error says how it comes here.
    """
    try:
        yield
    except NotFound as error:
        existing = images.names(realm.scope)
        gone = [ref for ref in refs if ref not in existing]
        if not gone:
            raise
        raise no_image(realm, gone, existing, error, needed=needed) from None


@contextmanager
def told_where_it_is(realm: OpenRealm, ref: str) -> Iterator[None]:
    """A pull inside that fails says which other namespace of this host has the image."""
    try:
        yield
    except (UsageError, TimeLimit):
        raise
    except KukeCtrError as error:
        from kuke_ctr.recipes.missing_image import copied_from  # late: for failures only

        there = copied_from(realm.host, realm.resolution, ref)
        if there is None:
            raise
        hint = f"{error.hint}; " if error.hint is not None else ""
        raise error.but(hint=f"{hint}{there}") from None


@contextmanager
def near_images(realm: OpenRealm, refs: Sequence[str]) -> Iterator[None]:
    """As `near_refs`, of images that are to be read.

    A NotFound about content becomes FoundWrong: the image is there, and is not whole.
    """

    try:
        with near_refs(realm, refs):
            yield
    except NotFound as error:
        if error.reason not in (Reason.MISSING_CONTENT, Reason.NO_PLATFORM):
            raise
        raise FoundWrong(
            error.message,
            hint=f"{realm.scope.line('images', 'inspect', *refs)} shows what is missing",
            command=error.command,
        ) from None


def no_image(
    realm: OpenRealm,
    refs: Sequence[str],
    existing: Sequence[str],
    error: NotFound | None = None,
    *,
    needed: bool = False,
    removing: bool = False,
) -> NotFound:
    """The error for images that there are not; `needed` as in `near_refs`.

    `removing`: it was to go, so nobody wants a copy of it here.
    """
    from kuke_ctr.commands.shared.missing import missing  # late: for failures only
    from kuke_ctr.recipes import missing_image

    realm.require_namespace()
    found = missing(realm, "image", refs, existing, "images", error or NotFound(""))
    near = found.hint or ""
    host, resolution = realm.host, realm.resolution
    hint = missing_image.instead(
        host, resolution, refs[0], existing, near, needed=needed, removing=removing
    )
    return found.but(hint=hint)


def require_images(realm: OpenRealm, *refs: str) -> list[str]:
    """All the references that there are; NotFound where one of `refs` is not among them."""
    existing = images.names(realm.scope)
    gone = [ref for ref in refs if ref not in existing]
    if gone:
        raise no_image(realm, gone, existing)
    return existing


def matched_elsewhere(realm: OpenRealm, filters: Sequence[str]) -> str | None:
    """Where the filters of a list match something, and the line that copies it to this realm.

    A short name counts as its full one, too. None where nothing matches anywhere.
    """
    from kuke_ctr.parse.image_names import is_short, whole_name  # late: for failures only
    from kuke_ctr.recipes.missing_image import matched

    names = [each.partition("==")[2].strip('"') for each in filters if each.startswith("name==")]
    whole = [whole_name(name) for name in names if is_short(name)]
    also = [equal("name", name) for name in whole if name not in names]
    return matched(realm.host, realm.resolution, [*filters, *also])
