"""Which image a copy takes: the only one of that name, wherever it is."""

from collections.abc import Sequence
from typing import NamedTuple

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.kukeon.places import Place
from kuke_ctr.names import alike
from kuke_ctr.parse.image_names import whole_name
from kuke_ctr.parse.image_patterns import familiar, is_pattern, repository
from kuke_ctr.recipes.find_images import Found, find_images
from kuke_ctr.recipes.image_names import SeveralNames, digest_filter
from kuke_ctr.records import FoundImage

_SHORT_DIGEST = len("sha256:") + 12
_SHOWN = 5


class Source(NamedTuple):
    """The image to copy. `others` are those of the target that the word means, too."""

    image: FoundImage | None
    others: tuple[FoundImage, ...]


def find_source(
    ctr: Ctr,
    places: Sequence[Place],
    word: str,
    target: str,
    *,
    chosen: bool,
    again: str,
    one_name: bool = False,
) -> Source:
    """The image that a word means in these places, apart from the target's namespace.

    Of several with the same digest the most complete one, of a realm first. `chosen`: the user has
    said from where, so that there is one place; `again` is the line that is to be typed once more.
    No image: only the target has it. Raises UsageError for a pattern, for several images and, with
    `one_name`, for a digest that has several names; NotFound, and what could not be read where
    nothing was found.
    """
    if is_pattern(word):
        raise UsageError(
            f"{word} is a pattern; a copy takes one image",
            hint=f"{ctr.line('images', 'find', word)} shows what matches",
        )
    found = find_images(ctr, places, [word])
    rows = _meant(word, found.rows)
    there = tuple(row for row in rows if row.namespace == target)
    elsewhere = [row for row in rows if row.namespace != target]
    if not rows:
        for error in found.errors:
            raise error
        raise _nowhere(ctr, places, word, found, chosen=chosen)
    if not elsewhere:
        return Source(None, there)
    if len({row.digest for row in elsewhere}) > 1:
        raise _several(word, elsewhere, again)
    names = sorted({row.ref for row in elsewhere})
    if one_name and len(names) > 1:
        raise SeveralNames(word, names)
    best = min(elsewhere, key=lambda row: (not row.complete, row.realm is None, "@" in row.ref))
    return Source(best, there)


def _meant(word: str, rows: Sequence[FoundImage]) -> list[FoundImage]:
    """Those with exactly this name, else with the one that docker reads, else with the digest."""
    for name in (word, whole_name(word)):
        exactly = [row for row in rows if row.ref == name]
        if exactly:
            return exactly
    if digest_filter(word) is None:
        return []
    digest = word.rpartition("@")[2].rpartition(":")[2]
    return [row for row in rows if row.digest.partition(":")[2].startswith(digest)]


def _nowhere(
    ctr: Ctr, places: Sequence[Place], word: str, found: Found, *, chosen: bool
) -> NotFound:
    where = str(places[0]) if chosen else "any namespace"
    message = f"there is no image {word} in {where}"
    if found.rows:
        other = ", ".join(dict.fromkeys(row.ref for row in found.rows[:_SHOWN]))
        return NotFound(message, hint=f"there are other tags: {other}")
    near = ", ".join(alike(whole_name(word), found.names)[:_SHOWN])
    said = f"the nearest names there: {near}; " if near else ""
    finds = ctr.line("images", "find", repository(familiar(word)).rpartition("/")[2])
    return NotFound(message, hint=f"{said}{finds} searches all namespaces")


def _several(word: str, rows: Sequence[FoundImage], again: str) -> UsageError:
    """The error for different images: which they are, and how one is chosen."""
    listed = [f"{row.digest[:_SHORT_DIGEST]} ({row.ref}, {place_of(row)})" for row in rows[:_SHOWN]]
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    if len({row.namespace for row in rows}) == 1:
        hint = "type more of the digest, or a name"
    else:
        hint = f"say which one: {again.rstrip('`')} --from-namespace {rows[0].namespace}`"
    return UsageError(
        f"{word} is {len(rows)} different images: {', '.join(listed)}{more}", hint=hint
    )


def place_of(row: FoundImage) -> Place:
    """Where an image was found."""
    return Place(row.namespace, row.realm)
