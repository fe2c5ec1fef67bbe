"""Images whose names Kukeon does not look for: it reads `app:2` as `docker.io/library/app:2`."""

from collections.abc import Collection, Iterable, Mapping

from kuke_ctr.backends.ctr import images
from kuke_ctr.commands.images.references import note_odd_name
from kuke_ctr.commands.shared.output import note
from kuke_ctr.names import is_foreign
from kuke_ctr.parse.image_names import other_name
from kuke_ctr.records import Image, RealmSource
from kuke_ctr.session import OpenRealm

_SHOWN = 5


def note_unfound(realm: OpenRealm, landed: Iterable[Image], named: Mapping[str, str]) -> None:
    """Say of images that Kukeon will not find them, with the line that gives them the name.

    `named` has the digests of all images of the namespace by name.
    """
    found = [(image, other_name(image.ref)) for image in landed]
    unfound = [(image, name) for image, name in found if name and named.get(name) != image.digest]
    if not unfound or not _is_of_kukeon(realm):
        return
    for image, name in unfound[:_SHOWN]:
        note(_unfound(realm, image.ref, image.ref, name, taken=name in named))
    if len(unfound) > _SHOWN:
        note(f"note: Kukeon looks for {len(unfound) - _SHOWN} more of them under other names")


def note_new_name(
    realm: OpenRealm, source: str, new: str, existing: Collection[str], more: Collection[str] = ()
) -> None:
    """Say what is odd about a name that an image gets: Kukeon looks for another, or all refuse it.

    `source` is the image's name for the line that helps, `existing` are the names in the namespace,
    `more` those that the image gets as well.
    """
    name = other_name(new)
    if name is None or not _is_of_kukeon(realm):
        note_odd_name(new)
    elif name not in more and not (name in existing and _same(realm, source, name)):
        note(_unfound(realm, new, source, name, taken=name in existing))


def _same(realm: OpenRealm, *names: str) -> bool:
    """Whether names are those of one image (`ctr images ls name==NAME`)."""
    found = images.find(realm.scope, names)
    return len({image.digest if image is not None else None for image in found}) == 1


def _is_of_kukeon(realm: OpenRealm) -> bool:
    """Whether a realm's cells use the images of the namespace, also where --namespace named it."""
    if realm.resolution.source is not RealmSource.FLAG:
        return True
    if is_foreign(realm.namespace):
        return False
    from kuke_ctr.kukeon.realm_list import list_realms  # late: hints name the namespace, few others

    known = list_realms(realm.host.settings, None, show_all=False).realms
    return realm.namespace in [one.namespace for one in known]


def _unfound(realm: OpenRealm, ref: str, source: str, name: str, *, taken: bool) -> str:
    force = ("--force",) if taken else ()
    tags = realm.scope.line("images", "tag", *force, source, name)
    there = ", which is another image" if taken else ""
    return (
        f"note: Kukeon looks for {ref} under the name {name}{there}. To give the image that name: "
        f"{tags}"
    )
