"""Errors for what is missing: they name the realm, and the nearest names that exist."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from kuke_ctr.backends.ctr import containers
from kuke_ctr.commands.shared.confirm import some
from kuke_ctr.errors import NotFound
from kuke_ctr.names import nearest
from kuke_ctr.session import OpenRealm

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
    shown = nearest(gone[0], existing)[:_SHOWN]
    several = [name for name in existing if name.startswith(gone[0])]
    listed = realm.scope.line(list_by, "ls")
    if not shown:
        hint = f"this namespace has none ({listed})"
    elif what == "container" and len(several) > 1:
        hint = f"{len(several)} ids begin with {gone[0]}: {some(several, _SHOWN)} ({listed})"
    else:
        more = f" and {len(existing) - len(shown)} more" if len(existing) > len(shown) else ""
        hint = f"the realm has: {', '.join(shown)}{more} ({listed})"
    return NotFound(
        f"there is no {what} {', '.join(gone)} in {realm.described}",
        hint=hint,
        command=error.command,
    )


def near_containers(realm: OpenRealm, name: str) -> AbstractContextManager[None]:
    """A NotFound inside becomes one that names the container, the realm and the nearest ones."""
    return near_names(
        realm,
        "container",
        [name],
        lambda: containers.names(realm.scope),
        "containers",
    )
