"""What to do about an image that a namespace lacks: its full name, and where else it is."""

from collections.abc import Sequence

from kuke_ctr.backends.ctr.filters import equal
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.image_names import is_short, whole_name
from kuke_ctr.parse.image_patterns import matching
from kuke_ctr.recipes.image_names import digest_filter
from kuke_ctr.recipes.whereabouts import elsewhere, has
from kuke_ctr.records import RealmSource

_SHOWN = 5


def instead(
    host: Host,
    realm: Resolution,
    image: str,
    here: Sequence[str],
    near: str,
    *,
    needed: bool,
    removing: bool = False,
) -> str:
    """The hint for an image that is not among those of the realm, `here`.

    `near` says which images are near. `needed`: the image is to be used, so the hint says how it
    comes here; `removing`: it is to go, so the hint only says where it is. Probes.
    """
    whole = whole_name(image)
    if whole in here and whole != image:
        return f"use the full name {whole}; ctr does not know short names"
    tags = [] if image.endswith(":latest") else matching(image, here)
    if tags:  # only a name without a tag means other names of the realm
        near = f"{image} without a tag means {whole}; the realm has: {', '.join(tags[:_SHOWN])}"
    there = copied_from(host, realm, image, copies=not removing)
    if there is not None:
        return f"{near}; {there}" if tags else there
    if digest_filter(image) is not None and "@" not in image:
        return near
    if needed:
        pull = Scope(host.ctr, realm.namespace).line("images", "pull", whole)
        return f"{near}; to fetch it: {pull}"
    return f"{image} is short for {whole}; {near}" if is_short(image) and not tags else near


def copied_from(host: Host, realm: Resolution, image: str, *, copies: bool = True) -> str | None:
    """Where else the image is, and the line that copies it; None where no namespace has it."""
    whole = whole_name(image)
    digest = digest_filter(image)
    filters = [
        *(equal("name", name) for name in dict.fromkeys((image, whole))),
        *filter(None, [digest]),
    ]
    return matched(host, realm, filters, prefer=(image, whole), copies=copies)


def matched(
    host: Host,
    realm: Resolution,
    filters: Sequence[str],
    prefer: Sequence[str] = (),
    *,
    copies: bool = True,
) -> str | None:
    """The same of images that the filters of ctr match; the line only where it `copies`."""
    found = elsewhere(host, realm.namespace, "images", "ls", "-q", *filters)
    names = list(dict.fromkeys(name for some in found.values() for name in some))
    if not names:
        return None
    chosen = next((name for name in prefer if name in names), names[0])
    where = [place for place, some in found.items() if chosen in some]
    others = [name for name in names if name != chosen]
    what = "it" if prefer[:1] == (chosen,) else chosen
    more = f" (and {', '.join(others[:_SHOWN])})" if others and not prefer else ""
    there = f"{has(where)} {what}{more}"
    if not copies:
        return there
    copy = host.ctr.line("images", "copy", chosen, *to_words(realm))
    return f"{there}; to copy it: {copy}"


def to_words(realm: Resolution) -> tuple[str, str]:
    """How `images copy` is told where an image goes: a name that means the same tomorrow."""
    if realm.source in (RealmSource.FLAG, RealmSource.MANIFEST):
        return ("--to-namespace", realm.namespace)
    return ("--to", realm.name)
