"""What `images copy --move` asks before, and how it removes the source after."""

from collections.abc import Sequence

from kuke_ctr.backends.ctr import images
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.images.rm import users_told
from kuke_ctr.commands.shared.confirm import confirm
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.named_images import named_images
from kuke_ctr.recipes.copy_move import require_moved
from kuke_ctr.recipes.copy_source import place_of
from kuke_ctr.recipes.image_users import users_of_images
from kuke_ctr.records import FoundImage
from kuke_ctr.session import Session


def check_move(
    session: Session, ref: str, platform: Sequence[str] | None, *, move: bool, named: bool
) -> None:
    """UsageError for a move from a place that nobody named, and for one that would lose parts."""
    if move and platform:
        raise UsageError(
            "--move and --platform cannot be combined: the other platforms would be lost",
            hint="leave one of them out",
        )
    if move and not named:
        shows = session.ctr.line("images", "find", ref)
        raise UsageError(
            "--move removes the image where it was, so say from where",
            hint=f"add --from REALM or --from-namespace NS; {shows} shows where it is",
        )


def may_move(session: Session, image: FoundImage, *, yes: bool) -> None:
    """Ask where the image is in use."""
    owner = (None, image.namespace) if image.realm is None else (image.realm, None)
    realm = session.about(*owner).realm(changing=True)
    records = named_images(realm.host.settings.run_path, realm.resolution)
    users = users_of_images(realm.scope, records, images.names(realm.scope), [image.ref])
    if users.get(image.ref):
        told = users_told(image.ref, users[image.ref])
        what = f"{image.ref} will be removed from {realm.described}, and is used by {told}"
        confirm(session, what, yes=yes)


def remove_source(session: Session, image: FoundImage, target: Scope, name: str) -> None:
    """Remove it where it was, once the target has all that is there."""
    source = Scope(session.ctr, image.namespace)
    if not session.options.dry_run:
        require_moved(source, image, target, name)
    images.remove(source, image.ref)
    if not session.options.dry_run:
        note(f"{image.ref} was removed from {place_of(image)}")
