"""What the realms of a host take on its disk, and what pruning would free."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kuke_ctr.backends.ctr import content
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError, Unreadable
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.places import Place
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.references import snapshot_references
from kuke_ctr.recipes.asking import Asking
from kuke_ctr.recipes.disk.count import Taken, rows_of, total_of
from kuke_ctr.recipes.disk.held import held_in
from kuke_ctr.recipes.disk.prune import Freed, Held, freed_by
from kuke_ctr.recipes.disk.stored import Stored, lists, stored_in
from kuke_ctr.records import Blob, Disk, RealmSource, RowsRefused

_DOCKER = "moby"
"""Docker's namespace: containerd does not know its stopped containers, nor so what is unused."""


class Usage(NamedTuple):
    """The rows in the order of the places, and their total.

    `errors` say what could not be read, `notes` what is not counted.
    """

    rows: tuple[Disk, ...]
    total: Disk
    errors: tuple[KukeCtrError, ...]
    notes: tuple[str, ...]


def disk_of(host: Host, places: Sequence[Place], everywhere: Sequence[Place]) -> Usage:
    """What these places take, and share with all that there are.

    Runs `ctr content ls` everywhere, and in these places what `stored_in` and `held_in` run;
    probes. Raises TimeLimit.
    """
    asking = Asking(host.ctr)
    errors: list[KukeCtrError] = []
    elsewhere = _elsewhere(asking, [one for one in everywhere if one not in places], errors)
    stored = stored_in(asking, [place.namespace for place in places])
    held = held_in(asking, stored)
    taken: list[Taken] = []
    notes: list[str] = []
    for place, one, known in zip(places, stored, held, strict=True):
        freed = _freed(host, asking, place, one, known)
        taken.append(Taken(place, one, freed))
        errors += [_about(place, error) for error in one.unread]
        notes += _not_counted(place, one)
    return Usage(rows_of(taken, elsewhere), total_of(taken), tuple(errors), tuple(notes))


def _elsewhere(
    asking: Asking, places: Sequence[Place], errors: list[KukeCtrError]
) -> dict[str, tuple[Blob, ...]]:
    """The blobs of other places, by namespace: what they have too is shared."""
    said = lists(asking, [(content.LS, place.namespace) for place in places])
    found: dict[str, tuple[Blob, ...]] = {}
    for place, blobs in zip(places, said, strict=True):
        if isinstance(blobs, KukeCtrError):
            errors.append(_about(place, blobs))
        else:
            found[place.namespace] = blobs
    return found


def _freed(
    host: Host, asking: Asking, place: Place, one: Stored, held: Held | None
) -> Freed | None:
    if held is None or place.namespace == _DOCKER:
        return None
    source = RealmSource.CONTAINERD
    realm = Resolution(place.realm or place.namespace, place.namespace, source, exists=True)
    try:
        return freed_by(Scope(asking.ctr, place.namespace), host.settings.run_path, realm, held)
    except KukeCtrError as error:
        one.unread.append(error)
        return None


def _about(place: Place, error: KukeCtrError) -> KukeCtrError:
    """The error with the place that it is about; rows that were refused are those of a list."""
    message = f"{place}: {error.message}"
    if isinstance(error, RowsRefused):
        return Unreadable(message, hint="`-o raw` of that list shows them", command=error.command)
    return error.but(message=message)


def _not_counted(place: Place, one: Stored) -> Iterator[str]:
    """What ctr can't tell: the snapshots of snapshotters that containerd has not loaded."""
    if None in one.snapshots:
        yield f"{place}: only the snapshots of ctr's default snapshotter are counted"
        return
    blobs, images = one.blobs or (), one.images or ()
    labels = (*(row.labels_text for row in blobs), *(row.labels_text for row in images))
    named = {snapshotter for text in labels for snapshotter, _ in snapshot_references(text)}
    for name in sorted(named - one.snapshots.keys()):
        yield (
            f"{place}: its snapshots of {name} are not counted: containerd has not loaded this "
            "snapshotter"
        )
