"""Errors for what is missing: they name the realm, and the nearest names that exist."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from kuke_ctr.backends.ctr import containers
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.shared.confirm import some
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.names import nearest
from kuke_ctr.records import RealmSource
from kuke_ctr.session import OpenRealm

if TYPE_CHECKING:
    from kuke_ctr.kukeon.places import Place

_SHOWN = 5


@contextmanager
def near_names(
    realm: OpenRealm,
    what: str,
    wanted: Sequence[str],
    names: Callable[[], Iterable[str]],
    list_by: str,
) -> Iterator[None]:
    """A NotFound inside becomes one that names what is missing, the realm and the nearest names.

    `what` is the kind of thing, `list_by` the noun of kuke-ctr whose `ls` shows all of them.
    """
    try:
        yield
    except NotFound as error:
        realm.require_namespace()
        existing = list(names())
        gone = [name for name in wanted if name not in existing]
        if not gone:
            raise
        raise missing(realm, what, gone, existing, list_by, error) from None


def missing(
    realm: OpenRealm,
    what: str,
    gone: Sequence[str],
    existing: Sequence[str],
    list_by: str,
    error: NotFound,
) -> NotFound:
    """The error for things that there are not, with the nearest ones that exist."""
    hint = _nearest(nearest(gone[0], existing), realm.scope.line(list_by, "ls"))
    return _missing(realm, what, gone, hint, error)


def missing_container(
    realm: OpenRealm, name: str, existing: Sequence[str], error: NotFound
) -> NotFound:
    """The error for a container that there is not, with the nearest names that can be typed.

    Where Kukeon's record has it and containerd has not, the hint is how to start its cell.
    `existing` are the ids that containerd has.
    """
    from kuke_ctr.commands.shared.kukeon import members_of  # late: most containers are there
    from kuke_ctr.kukeon.lookup import Names

    recorded = members_of(realm).recorded
    if name in recorded:
        return NotFound(
            f"containerd has no container {name}; only Kukeon's record of {recorded[name].path} "
            "names it",
            hint=recorded[name].start_hint,
            command=error.command,
        )
    there = _in_other_realms(realm, name)
    if there is not None:
        return _missing(realm, "container", [name], there, error)
    listed = realm.scope.line("containers", "ls")
    fronts = [one for one in existing if one.startswith(name)]
    if len(fronts) > 1:
        hint = f"{len(fronts)} ids begin with {name}: {some(fronts, _SHOWN)} ({listed})"
    else:
        hint = _nearest(Names(existing, recorded).nearest(name), listed)
    return _missing(realm, "container", [name], hint, error)


def _in_other_realms(realm: OpenRealm, name: str) -> str | None:
    """Which other namespaces have it, by its id or a cell's name, and the command for the first."""
    from kuke_ctr.backends.ctr.filters import equal  # late: most containers are there
    from kuke_ctr.commands.shared.typed_line import again
    from kuke_ctr.recipes.whereabouts import elsewhere, has

    found = elsewhere(realm.host, realm.namespace, "containers", "ls", "-q", equal("id", name))
    where = list(found) or realms_with(realm, name)
    return (
        f"{has(where)} it: {again(Scope(realm.ctr, where[0].namespace), name)}" if where else None
    )


def realms_with(realm: OpenRealm, name: str) -> "list[Place]":
    """The other realms in whose records the name of a cell or of a container in it stands."""
    from kuke_ctr.kukeon.lookup import Names  # late: most containers are there
    from kuke_ctr.kukeon.members import readable_members
    from kuke_ctr.kukeon.places import places
    from kuke_ctr.kukeon.realms import Resolution

    run_path, found = realm.host.settings.run_path, []
    with suppress(KukeCtrError):  # the failure that led here says more
        for place in places(realm.host)[0]:
            if place.realm is not None and place.namespace != realm.namespace:
                other = Resolution(place.realm, place.namespace, RealmSource.RECORD)
                if Names((), readable_members(run_path, other)).find(name) is not None:
                    found.append(place)
    return found


def no_container(realm: OpenRealm, name: str, error: NotFound) -> NotFound:
    """The same, after asking which there are; `error` itself where the container is among them."""
    realm.require_namespace()
    existing = containers.names(realm.scope)
    return error if name in existing else missing_container(realm, name, existing, error)


@contextmanager
def near_containers(realm: OpenRealm, name: str) -> Iterator[None]:
    """A NotFound inside becomes one that names the container, the realm and the nearest ones."""
    try:
        yield
    except NotFound as error:
        raise no_container(realm, name, error) from None


def _missing(
    realm: OpenRealm, what: str, gone: Sequence[str], hint: str, error: NotFound
) -> NotFound:
    return NotFound(
        f"there is no {what} {', '.join(gone)} in {realm.described}",
        hint=hint,
        command=error.command,
    )


def _nearest(names: Sequence[str], listed: str) -> str:
    """The first of the names that there are, the nearest first, for a hint."""
    if not names:
        return f"this namespace has none ({listed})"
    return f"the realm has: {some(names, _SHOWN)} ({listed})"
