"""A container by the front of its id, where no container has exactly that id."""

import re
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from typing import TypeVar

from kuke_ctr.backends.ctr import containers
from kuke_ctr.commands.shared.confirm import confirm
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import KukeCtrError, NotFound, UsageError
from kuke_ctr.session import OpenRealm, Session

T = TypeVar("T")

_DIGITS = re.compile(r"(?:^|(?<=-))[0-9a-f]{8,64}$")
"""The part of an id that somebody's program made up: all of Docker's, the end of `run`'s own."""

_MADE_UP = re.compile(r"[0-9a-f]{32,64}")
"""The ids that Docker, Kubernetes and nerdctl give: nobody types the whole of one, or means another
container by its front. Any other id is a name, and `web` is not `web-2`."""


def by_id(realm: OpenRealm, name: str, act: Callable[[str], T], *, changing: bool = False) -> T:
    """What `act` gives for a container: for this id, or for the only one that begins so.

    What is `changing` does not take `web-2` or `web2` for `web`, which has gone: that is another
    name, and not the rest of this one.

    The list of ids costs a call, so it is asked for only after `act` has raised NotFound, or
    UsageError for what can be no whole id. `act` must change nothing before it raises that.
    """
    whole = None
    if realm.ctr.processes.dry_run:  # nothing will fail that tells
        whole = whole_id(realm, name, changing=changing)
    if whole is None:
        try:
            return act(name)
        except (NotFound, UsageError):
            whole = whole_id(realm, name, changing=changing)
            if whole is None:
                raise
    _tell(name, whole)
    return act(whole)


def whole_id(realm: OpenRealm, name: str, *, changing: bool = False) -> str | None:
    """The only id that begins so, None where there is none, several, or exactly this one.

    `changing` as in `by_id`.

    `ctr containers ls -q`; a probe, it runs in a dry run too.
    """
    existing: list[str] = []
    with suppress(KukeCtrError):  # the error of before says more
        existing = containers.names(realm.scope)
    found = _only_one(name, existing)
    return found if found is None or not changing or _goes_on(name, found) else None


def whole_ids(realm: OpenRealm, names: Sequence[str], known: Container[str]) -> list[str]:
    """The same for several that will change; those among `known` are whole, and cost no call."""
    return [whole for _, whole in _pairs(realm, names, known, changing=True)]


def sure_ids(
    session: Session,
    realm: OpenRealm,
    names: Sequence[str],
    known: Container[str],
    *,
    what: str,
    yes: bool,
) -> list[str]:
    """The same, for what can't be undone: asks about each front of an id that is somebody's word.

    `what` says what will be done: `will be removed`.
    """
    pairs = _pairs(realm, names, known)
    meant = [
        (name, whole) for name, whole in pairs if name != whole and not _MADE_UP.fullmatch(whole)
    ]
    if meant:
        told = "; ".join(
            f"no container has the id {name}: {whole} begins so and {what}" for name, whole in meant
        )
        confirm(session, told, yes=yes)
    return [whole for _, whole in pairs]


def _pairs(
    realm: OpenRealm, names: Sequence[str], known: Container[str], *, changing: bool = False
) -> list[tuple[str, str]]:
    """What was typed, with the id that it means, each id once; `changing` as in `by_id`."""
    existing: list[str] = []
    if any(name not in known for name in names):
        existing = containers.names(realm.scope)
    pairs: dict[str, str] = {}
    for name in dict.fromkeys(names):
        whole = None if name in known else _only_one(name, existing)
        if whole is not None and changing and not _goes_on(name, whole):
            whole = None
        if whole is not None:
            _tell(name, whole)
        pairs.setdefault(whole or name, name)
    return [(name, whole) for whole, name in pairs.items()]


def _goes_on(name: str, whole: str) -> bool:
    """Whether an id goes on with a letter where the word ends, or that is within made-up digits."""
    digits = _DIGITS.search(whole)
    made_up = digits is not None and len(name) > digits.start()
    return made_up or whole[len(name)].isalpha()


def _only_one(name: str, existing: Sequence[str]) -> str | None:
    if name in existing:
        return None
    found = [one for one in existing if one.startswith(name)]
    return found[0] if name and len(found) == 1 else None


def _tell(name: str, whole: str) -> None:
    note(f"{name}: the container {whole}")
