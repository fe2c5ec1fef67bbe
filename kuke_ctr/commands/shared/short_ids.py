"""A container by the name of its Kukeon cell, or by the front of its id.

Both are looked up only where no container has exactly that id. `kukeon.lookup` has the rule.
"""

import re
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from kuke_ctr.backends.ctr import containers
from kuke_ctr.commands.shared.confirm import confirm
from kuke_ctr.commands.shared.missing import missing_container
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import KukeCtrError, NotFound, UsageError
from kuke_ctr.names import check_name, is_name
from kuke_ctr.session import OpenRealm, Session

if TYPE_CHECKING:
    from kuke_ctr.kukeon.lookup import How, Names

T = TypeVar("T")

_DIGITS = re.compile(r"(?:^|(?<=-))[0-9a-f]{8,64}$")
"""The part of an id that somebody's program made up: all of Docker's, the end of `run`'s own."""

_MADE_UP = re.compile(r"[0-9a-f]{32,64}")
"""The ids that Docker, Kubernetes and nerdctl give: nobody types the whole of one, or means another
container by its front. Any other id is a name, and `web` is not `web-2`."""

_NERDCTLS = re.compile(r"[0-9a-f]{64}")


def by_id(
    realm: OpenRealm,
    name: str,
    act: Callable[[str], T],
    *,
    changing: bool = False,
    attachable: bool = False,
    offline: bool = False,
) -> T:
    """What `act` gives for a container: for this id, or for the one that the word means else.

    What is `changing` does not take `web-2` or `web2` for `web`, which has gone: that is another
    name, and not the rest of this one. `attachable`: of a cell's containers those count, if there
    are any. `offline`: `act` may know the answer where containerd gives none.

    To look up costs a call, so it is done only after `act` has raised NotFound, or UsageError for
    what can be no whole id; and at once for a word with a `/`, which is no id. `act` must change
    nothing before it raises that. Raises UsageError where a cell's name means several.
    """
    whole = None
    if "/" in name:
        whole = _path(realm, name, attachable=attachable, offline=offline)
    elif realm.ctr.processes.dry_run:  # nothing will fail that tells
        whole = whole_id(realm, name, changing=changing, attachable=attachable)
    if whole is None:
        try:
            return act(name)
        except (NotFound, UsageError):
            whole = whole_id(realm, name, changing=changing, attachable=attachable)
            if whole is None:
                raise
        except KukeCtrError:
            whole = _by_records(realm, name, attachable=attachable) if offline else None
            if whole is None:
                raise
    tell(name, whole)
    return act(whole)


def whole_id(
    realm: OpenRealm, name: str, *, changing: bool = False, attachable: bool = False
) -> str | None:
    """The id that a word means; None for an id itself, for what means nothing or begins several.

    `changing` and `attachable` as in `by_id`; UsageError where a cell's name means several.

    `ctr containers ls -q`; a probe, it runs in a dry run too. Reads Kukeon's records.
    """
    existing: list[str] = []
    with suppress(KukeCtrError):  # the error of before says more
        existing = containers.names(realm.scope)
    whole, how = only_one(realm, name, known_names(realm, existing), attachable=attachable)
    if changing and not _is_sure(name, whole, how):
        return None
    return whole if whole != name else None


def whole_ids(
    realm: OpenRealm, names: Sequence[str], known: Container[str], *, cells: bool = False
) -> list[str]:
    """The same for several that will change; those among `known` are whole, and cost no call.

    What means nothing stays as it is. With `cells` the name of a cell means all its containers.
    """
    return [whole for _, whole, _ in _found(realm, names, known, changing=True, cells=cells)]


def sure_ids(
    session: Session,
    realm: OpenRealm,
    names: Sequence[str],
    known: Container[str],
    *,
    what: str,
    yes: bool,
    cells: bool = False,
) -> list[str]:
    """The same, for what can't be undone: asks about each front of an id that is somebody's word.

    It asks as well where only the form of an id makes it one of the cell that was named. `what`
    says what will be done: `will be removed`. With `cells` the name of a cell means all its
    containers, the root too.
    """
    found = _found(realm, names, known, cells=cells)
    doubts = [doubt for doubt in (_doubt(*one) for one in found) if doubt]
    if doubts:
        confirm(session, "; ".join(f"{doubt} and {what}" for doubt in doubts), yes=yes)
    return [whole for _, whole, _ in found]


def ids_of(realm: OpenRealm, words: Sequence[str]) -> list[str]:
    """The ids of the containers that words name, each once; to look at them. NotFound.

    `ctr containers ls -q`; a probe, it runs in a dry run too.
    """
    existing = containers.names(realm.scope)
    found: dict[str, None] = {}
    for word in dict.fromkeys(words):
        whole = at_once(realm, word)
        if whole not in existing:
            meant = whole_id(realm, whole)
            if meant is None:
                realm.require_namespace()
                raise missing_container(realm, word, existing, NotFound(word))
            tell(word, meant)
            whole = meant
        found[whole] = None
    return list(found)


def at_once(realm: OpenRealm, word: str) -> str:
    """The id of the container that `web/app` names; any other word as it is. NotFound."""
    if "/" not in word:
        return word
    whole = _path(realm, word)
    tell(word, whole)
    return whole


def _found(
    realm: OpenRealm,
    words: Sequence[str],
    known: Container[str],
    *,
    changing: bool = False,
    cells: bool = False,
) -> "list[tuple[str, str, How | None]]":
    """What was typed, with the id that it means and how, each id once; `changing` as in `by_id`."""
    names: Names | None = None
    if any(word not in known for word in words):
        names = known_names(realm, containers.names(realm.scope))
    found: dict[str, tuple[str, str, How | None]] = {}
    for word in dict.fromkeys(words):
        if names is not None and cells and word not in known:
            whole_cell = _of_cell(realm, word, names)
            found.update((one[1], one) for one in whole_cell if one[1] not in found)
            if whole_cell:
                continue
        whole, how = word, None
        if names is not None and word not in known:
            whole, how = only_one(realm, word, names)
        if changing and not _is_sure(word, whole, how):
            whole = word
        if whole != word:
            tell(word, whole)
        found.setdefault(whole, (word, whole, how))
    return list(found.values())


def _of_cell(realm: OpenRealm, word: str, names: "Names") -> "list[tuple[str, str, How | None]]":
    """All containers of the cell that a word names, and how; none where it names no cell.

    UsageError where it names several cells.
    """
    from kuke_ctr.kukeon.lookup import How
    from kuke_ctr.kukeon.members import Evidence

    cells = names.cells(word)
    if len(cells) > 1:
        paths = ", ".join("/".join(where) for where in cells)
        said = f"{word} names {len(cells)} cells of {realm.described}"
        raise UsageError(said, hint=f"name one of them: {paths}")
    found: list[tuple[str, str, How | None]] = [
        (word, one.id, How.SEEMING if one.evidence is Evidence.ID else How.NAME)
        for parts in cells.values()
        for one in parts
    ]
    if found:
        note(f"{word}: the containers {', '.join(one[1] for one in found)}")
    return found


def _path(realm: OpenRealm, path: str, *, attachable: bool = False, offline: bool = False) -> str:
    """The id of `web/app`: from the records alone, if these will do.

    NotFound, and UsageError for what can't be a path.
    """
    if not all(map(is_name, path.split("/"))):
        check_name(path, "container")
    if offline:
        whole = _by_records(realm, path, attachable=attachable)
        if whole is not None:
            return whole
    existing = containers.names(realm.scope)
    whole, how = only_one(realm, path, known_names(realm, existing), attachable=attachable)
    if how is None:
        realm.require_namespace()
        raise missing_container(realm, path, existing, NotFound(path))
    return whole


def _by_records(realm: OpenRealm, word: str, *, attachable: bool) -> str | None:
    """The id that a word means by Kukeon's records alone: no containerd is needed."""
    whole, how = only_one(realm, word, known_names(realm, ()), attachable=attachable)
    return whole if how is not None and whole != word else None


def known_names(realm: OpenRealm, existing: Sequence[str]) -> "Names":
    """The containers of a realm by what people call them; `existing` are the ids that it has."""
    from kuke_ctr.commands.shared.kukeon import members_of  # late: most ids are whole
    from kuke_ctr.kukeon.lookup import Names

    return Names(existing, members_of(realm).recorded)


def only_one(
    realm: OpenRealm, word: str, names: "Names", *, attachable: bool = False
) -> "tuple[str, How | None]":
    """The id that a word means, and how; the word itself and None where it means nothing.

    `names` are those of the realm (`known_names`). UsageError where the name of a cell means
    several, for nobody has said which.
    """
    from kuke_ctr.kukeon.lookup import How

    meant = names.find(word, attachable=attachable)
    if meant is None or meant.how is How.FRONT:
        named = _named_by_nerdctl(realm, word, names.existing)
        if named is not None:
            return named, How.NAME
    if meant is None:
        return word, None
    if len(meant.ids) == 1:
        return meant.ids[0], meant.how
    if meant.how is How.FRONT:
        return word, None
    spelled = ", ".join(names.spelled[one] for one in meant.ids)
    raise UsageError(
        f"{word} names {len(meant.ids)} containers of {realm.described}",
        hint=f"name one of them: {spelled}",
    )


def _named_by_nerdctl(realm: OpenRealm, word: str, existing: Sequence[str]) -> str | None:
    """The container that nerdctl made under this name; None for none.

    `ctr containers ls -q FILTER`, where there are ids of nerdctl's form at all. Only such an id
    counts, for an image can give its containers any label.
    """
    if not is_name(word) or not any(map(_NERDCTLS.fullmatch, existing)):
        return None
    from kuke_ctr.backends.ctr.filters import equal

    try:
        chosen = equal('labels."nerdctl/name"', word)
        said = realm.scope.run("containers", "ls", "-q", chosen, probe=True)
    except KukeCtrError:
        return None
    found = [one for one in said.stdout.decode().split() if _NERDCTLS.fullmatch(one)]
    return found[0] if len(found) == 1 else None


def _is_sure(word: str, whole: str, how: "How | None") -> bool:
    """Whether a word may be changed as this id: a front has to be the front of made-up digits."""
    from kuke_ctr.kukeon.lookup import How

    return how is not How.FRONT or _goes_on(word, whole)


def _doubt(word: str, whole: str, how: "How | None") -> str:
    """What makes it doubtful that this container was meant; empty where nothing does."""
    from kuke_ctr.kukeon.lookup import How

    if how is How.FRONT and not _MADE_UP.fullmatch(whole):
        return f"no container has the id {word}: {whole} begins so"
    if how is How.SEEMING:
        return f"no record of Kukeon names a cell for {word}: {whole} has only an id of that form"
    return ""


def _goes_on(word: str, whole: str) -> bool:
    """Whether an id goes on with a letter where the word ends, or that is within made-up digits."""
    digits = _DIGITS.search(whole)
    made_up = digits is not None and len(word) > digits.start()
    return made_up or whole[len(word)].isalpha()


def tell(word: str, whole: str) -> None:
    """Say on stderr which container a word means."""
    note(f"{word}: the container {whole}")
