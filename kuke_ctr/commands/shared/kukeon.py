"""What belongs to a cell of Kukeon's: who it is, and the question before it is harmed."""

import re
from collections.abc import Container, Iterable, Sequence
from typing import Annotated

import typer

from kuke_ctr.commands.shared.confirm import ask, can_ask
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import Declined, KukeCtrError, UsageError
from kuke_ctr.kukeon.members import Evidence, Member
from kuke_ctr.recipes.cell_members import Members
from kuke_ctr.session import OpenRealm, Session

Kukeon = Annotated[
    bool,
    typer.Option("--kukeon", help="Do it to what belongs to Kukeon's cells, too (with --yes)."),
]


def members_of(realm: OpenRealm) -> Members:
    """Which containers of a realm are Kukeon's."""
    return Members(realm.scope, realm.host.settings.run_path, realm.resolution)


def confirm_kukeon(
    session: Session,
    what: str,
    answer: Iterable[str],
    *,
    yes: bool,
    kukeon: bool,
    instead: str = "",
) -> None:
    """Ask before harm to what is Kukeon's; the `answer` is the cells of `cell_answers`.

    Without a question it needs both --yes and --kukeon. `what` is a sentence that says what will
    be lost, `instead` a hint at the better way. A dry run only tells. UsageError, Declined.
    """
    if session.options.dry_run:
        note(f"note: {what}")
        return
    if yes and kukeon:
        return
    if yes or not can_ask():
        needed = [word for word, given in (("--yes", yes), ("--kukeon", kukeon)) if not given]
        better = f"; {instead}" if instead else ""
        raise UsageError(
            f"{what}; nothing was changed", hint=f"to do it: add {' '.join(needed)}{better}"
        )
    names = list(dict.fromkeys(answer))
    wanted = "the name" if len(names) == 1 else f"the {len(names)} names"
    said = ask(what, f"To do it, type {wanted} ({', '.join(names)}):")
    if set(re.split(r"[\s,]+", said)) != set(names):
        raise Declined("the answer does not match; nothing was changed")


def cell_answers(members: Iterable[Member]) -> list[str]:
    """What to type for the cells of these containers: their names, with the way where two share it.

    Each cell has an answer of its own, for one name typed must not stand for two.
    """
    cells = list(by_cell(members))
    names = [cell for _, _, cell in cells]
    return [
        cell if names.count(cell) == 1 else f"{space}/{stack}/{cell}"
        for space, stack, cell in cells
    ]


def refuse_id(realm: OpenRealm, name: str | None) -> None:
    """Raise KukeCtrError for a new container or snapshot with an id of Kukeon's; None: no name yet.

    `kuke start` would take it for its own where containerd lacks the container of a cell.
    """
    one = members_of(realm).by_id(name) if name is not None else None
    if one is None:
        return
    if one.evidence is Evidence.RECORD:
        said = f"{name} is the id of a container of Kukeon's cell {one.cell}, by its record"
        raise KukeCtrError(
            f"{said}; nothing was created",
            hint=f"choose another name; to start the cell: {one.kuke('start')}",
        )
    raise KukeCtrError(
        f"{name} has the form of Kukeon's ids (SPACE_STACK_CELL_CONTAINER); nothing was created",
        hint="choose another name: Kukeon would take it for its own",
    )


def note_labels(labels: Iterable[str]) -> None:
    """Say what labels of Kukeon's (`kukeon.io/cell=web`) make of a new container."""
    found = [label.partition("=")[0] for label in labels if label.startswith("kukeon.io/")]
    if found:
        note(
            f"note: the label {found[0]} says that the container is Kukeon's: kuke-ctr will ask "
            "before it harms it"
        )


def refuse_labels(session: Session, realm: OpenRealm, container: str, *, kukeon: bool) -> None:
    """Raise UsageError before labels of a container of Kukeon's change, unless that was meant."""
    one = None if kukeon else members_of(realm).of(container)
    if one is None:
        return
    what = (
        f"{one.id} belongs to Kukeon's cell {one.cell}, and Kukeon does not start a cell whose "
        "kukeon.io/ labels were changed"
    )
    if session.options.dry_run:
        note(f"note: {what}; without --kukeon nothing is changed")
        return
    raise UsageError(f"{what}; nothing was changed", hint="to do it: add --kukeon")


def by_cell(members: Iterable[Member]) -> dict[tuple[str, str, str], list[Member]]:
    """Containers by the cell that they belong to: space, stack and name."""
    found: dict[tuple[str, str, str], list[Member]] = {}
    for one in members:
        found.setdefault((one.space, one.stack, one.cell), []).append(one)
    return found


def of_cells(known: Members, found: Iterable[Member], living: Container[str]) -> str:
    """`a, b of Kukeon's cell web (stopped; ...)`; `living` are ids with a task that runs."""
    return "; ".join(
        f"{', '.join(one.id for one in parts)} of Kukeon's cell {parts[0].cell} "
        f"({_state(parts[0], known.of_cell(parts[0]), living)})"
        for parts in by_cell(found).values()
    )


def _state(one: Member, cell: Sequence[Member], living: Container[str]) -> str:
    if one.evidence is not Evidence.RECORD:
        known = "labels" if one.evidence is Evidence.LABELS else "id"
        return f"known by its {known}; no record of it could be read"
    if any(other.id in living for other in cell):
        return "running"
    if all(other.started is False for other in cell):
        return f"never started; {one.kuke('start')} starts it"
    return f"stopped; {one.kuke('start')} starts it again"
