"""Where an image is: all namespaces are asked side by side, and only what matches is looked at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kuke_ctr.backends.ctr import images
from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.filters import equal
from kuke_ctr.backends.ctr.image_checks import check_table
from kuke_ctr.backends.ctr.tables import ListCall, R, fetch
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.places import Place
from kuke_ctr.parse.image_patterns import matching
from kuke_ctr.recipes.image_names import digest_filter
from kuke_ctr.records import FoundImage, Image, ImageCheck, RowsRefused

_AT_ONCE = 200
"""How many names stand in one call of ctr."""


@dataclass
class Found:
    """What was found: the rows by place and name, what could not be read, and all names seen."""

    rows: list[FoundImage] = field(default_factory=list)
    errors: list[KukeCtrError] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def find_images(ctr: Ctr, places: Sequence[Place], words: Sequence[str]) -> Found:
    """The images that the words mean, in these places.

    Runs `ctr images ls -q` for each place, then `ctr images ls` and `ctr images check` of what
    matches; probes, they run in a dry run too. Raises TimeLimit, and what keeps ctr from starting.
    """
    found = Found()
    matched = _matched(ctr, places, words, found)
    where = [place for place in places if matched.get(place)]
    refs = sorted({ref for names in matched.values() for ref in names})
    ctr = replace(ctr, notice=lambda text: None)  # about missing content: the status says it
    listed = _rows(ctr, images.LS, where, refs, found.errors)
    checks = _rows(ctr, check_table(None), where, refs, [])  # what is listed is told anyway
    checked = {(place, check.ref): check for place, check in checks}
    for place, image in listed:
        if image.ref in matched[place]:
            found.rows.append(_found(place, image, checked.get((place, image.ref))))
    return found


def _matched(
    ctr: Ctr, places: Sequence[Place], words: Sequence[str], found: Found
) -> Mapping[Place, set[str]]:
    """Which names each place has that the words mean."""
    digests = [one for one in map(digest_filter, words) if one is not None]
    asked = [(), *([tuple(digests)] if digests else ())]
    calls = [
        ctr.call("images", "ls", "-q", *filters, namespace=place.namespace, probe=True)
        for place in places
        for filters in asked
    ]
    results = ctr.processes.run_all(calls)
    matched: dict[Place, set[str]] = {}
    for i, place in enumerate(places):
        mine = results[i * len(asked) : (i + 1) * len(asked)]
        try:
            said = [lines_of(ctr.checked(result).stdout) for result in mine]
        except KukeCtrError as error:
            found.errors.append(error)
            continue
        names = [name for name in said[0] if name]
        found.names.update(names)
        matched[place] = {ref for word in words for ref in matching(word, names)}
        matched[place].update(name for some in said[1:] for name in some if name)
    return matched


def _rows(
    ctr: Ctr,
    table: ListCall[R],
    places: Sequence[Place],
    refs: Sequence[str],
    errors: list[KukeCtrError],
) -> Iterable[tuple[Place, R]]:
    """The rows of ctr's table about these names, each with its place."""
    found: list[tuple[Place, R]] = []
    for i in range(0, len(refs), _AT_ONCE):
        filters = [equal("name", ref) for ref in refs[i : i + _AT_ONCE]]
        namespaces = [place.namespace for place in places]
        answers = fetch(ctr, table, namespaces, filters, probe=True)
        for place, answer in zip(places, answers, strict=True):
            if isinstance(answer, KukeCtrError):
                errors.append(answer)
                continue
            if answer.refused:
                errors.append(RowsRefused(answer))
            found += [(place, row) for row in answer.records]
    order = {place: number for number, place in enumerate(places)}
    return sorted(found, key=lambda pair: order[pair[0]])


def _found(place: Place, image: Image, check: ImageCheck | None) -> FoundImage:
    whole = image.model_dump(include={*FoundImage.model_fields} & {*Image.model_fields})
    complete = None
    if check is not None:
        complete = check.status == "complete" and check.problem is None
    return FoundImage(
        **{
            **whole,
            "realm": place.realm,
            "namespace": place.namespace,
            "status": check.status if check is not None else None,
            "blobs": check.blobs if check is not None else None,
            "complete": complete,
        }
    )
