"""Cells, as Kukeon recorded them, beside what containerd has of them now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.backends.ctr.tables import fetch_both, whole
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.cell_list import RecordedCell, RecordedContainer, recorded_cells
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.members import Member
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.cell_members import Members
from kuke_ctr.recipes.container_details import infos_of, member_of
from kuke_ctr.records import (
    Cell,
    CellContainer,
    CellNow,
    Container,
    Listing,
    Task,
    TaskStatus,
)

_READY = "Ready"

NO_RECORD = "Kukeon has no record of it; labels or ids of containers name it"
UNREAD = "its record cannot be read; labels or ids of containers name it"


@dataclass(frozen=True, slots=True)
class Present:
    """What containerd has in a namespace: its containers and tasks by id.

    `error` is set where it could not be asked; the two are empty then.
    """

    containers: Mapping[str, Container] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    error: KukeCtrError | None = None


def present_in(host: Host, namespaces: Sequence[str]) -> list[Present]:
    """`ctr containers ls`, `ctr tasks ls` of each, side by side; probes.

    A containerd that can't be asked is no failure here.
    """
    try:
        if len(namespaces) > 1:  # who was asked already and did not answer is not asked again
            _ = host.namespaces
        of_containers, of_tasks = fetch_both(
            host.ctr, containers.LS, tasks.LS, namespaces, probe=True
        )
    except KukeCtrError as error:
        return [Present(error=error) for _ in namespaces]
    return [_present(*both) for both in zip(of_containers, of_tasks, strict=True)]


def _present(
    of_containers: Listing[Container] | KukeCtrError, of_tasks: Listing[Task] | KukeCtrError
) -> Present:
    try:
        return Present(
            {one.id: one for one in whole(of_containers)}, {one.id: one for one in whole(of_tasks)}
        )
    except KukeCtrError as error:
        return Present(error=error)


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is in a realm: its cells, and the ids of containers that are in no cell.

    `infos` is what is known of the containers that were asked about. `unread` is why the records
    could not be read: the cells are then those that containers name.
    """

    cells: tuple[Cell, ...]
    foreign: tuple[str, ...]
    infos: Mapping[str, ContainerInfo]
    unread: KukeCtrError | None = None


def survey(members: Members, now: Present, *, every: bool = False) -> Survey:
    """The cells of a realm by space, stack and name, with the containers that belong to them.

    `ctr containers info` of those in no record, or of `every` container. Raises Forbidden where
    neither the records nor containerd can be read.
    """
    unread = None
    recorded: list[RecordedCell] = []
    try:
        recorded = list(recorded_cells(members.run_path, members.realm))
    except KukeCtrError as error:
        if now.error is not None:
            raise
        unread = error
    known = {part.id for cell in recorded for part in cell.containers}
    strays = [name for name in now.containers if name not in known]
    infos = infos_of(members.scope, now.containers if every else strays)
    found = {name: member_of(name, members, infos.get(name)) for name in strays}
    more: dict[tuple[str, str, str], list[Member]] = {}
    for one in found.values():
        if one is not None:
            more.setdefault((one.space, one.stack, one.cell), []).append(one)
    places = [(cell.space, cell.stack, cell.name) for cell in recorded]
    named = [
        RecordedCell(Path(members.realm.name, *place), unread=UNREAD if unread else NO_RECORD)
        for place in more
        if place not in places
    ]
    cells = [
        _cell(one, now, [_stray(each, now, infos) for each in more.get(_place(one), ())])
        for one in sorted((*recorded, *named), key=_place)
    ]
    foreign = tuple(name for name, one in found.items() if one is None)
    return Survey(tuple(cells), foreign, infos, unread)


def cells_of(run_path: Path, realm: Resolution, now: Present) -> list[Cell]:
    """The recorded cells of a realm alone; Forbidden where the records may not be read."""
    return [_cell(recorded, now, ()) for recorded in recorded_cells(run_path, realm)]


def _place(cell: RecordedCell) -> tuple[str, str, str]:
    return cell.space, cell.stack, cell.name


def _cell(recorded: RecordedCell, now: Present, strays: Sequence[CellContainer]) -> Cell:
    own = [_container(one, now) for one in recorded.containers]
    parts = own if own else strays  # what Kukeon does not count in, is not counted
    state = None if now.error is not None else _state_of(parts)
    running = [one for one in parts if one.status == TaskStatus.RUNNING]
    inner = [one for one in own if not one.root]
    return Cell(
        name=recorded.name,
        space=recorded.space,
        stack=recorded.stack,
        recorded=recorded.state,
        recorded_at=_utc(recorded.recorded_at),
        now=state,
        running=f"{len(running)}/{len(parts)}" if state is not None else None,
        restarts=sum(one.restarts for one in own),
        exit_codes=tuple(
            f"{one.name}:{one.exit_code}" for one in inner if one.exit_code is not None
        ),
        reason=recorded.reason,
        message=recorded.message,
        differs=_difference(recorded.state, state, own, strays),
        made_from=recorded.made_from,
        address=recorded.address,
        volumes=tuple(dict.fromkeys(volume for one in inner for volume in one.volumes)),
        problem=recorded.unread,
        containers=(*own, *strays),
    )


def _container(recorded: RecordedContainer, now: Present) -> CellContainer:
    task = now.tasks.get(recorded.id)
    return CellContainer(
        name=recorded.name,
        id=recorded.id,
        image=recorded.image,
        root=recorded.root,
        attachable=recorded.attachable,
        restart_policy=recorded.restart_policy,
        volumes=recorded.volumes,
        state=recorded.state,
        restarts=recorded.restarts,
        exit_code=recorded.exit_code,
        exit_signal=recorded.exit_signal,
        exists=None if now.error is not None else recorded.id in now.containers,
        status=task.status if task is not None else None,
        recorded=True,
    )


def _stray(one: Member, now: Present, infos: Mapping[str, ContainerInfo]) -> CellContainer:
    """A container that is in no record."""
    task = now.tasks.get(one.id)
    info = infos.get(one.id)
    return CellContainer(
        name=one.name or one.id,
        id=one.id,
        image=now.containers[one.id].image,
        root=one.root,
        attachable=info.kuketty is not None if info is not None else None,
        restart_policy=None,
        volumes=(),
        state=None,
        restarts=0,
        exit_code=None,
        exit_signal=None,
        exists=True,
        status=task.status if task is not None else None,
        recorded=False,
    )


def _state_of(parts: Sequence[CellContainer]) -> CellNow | None:
    if not parts:
        return None
    if not any(one.exists for one in parts):
        return CellNow.ABSENT
    running = [one.status == TaskStatus.RUNNING for one in parts]
    if all(running):
        return CellNow.RUNNING
    if any(running):
        return CellNow.PARTLY
    paused = any(one.status == TaskStatus.PAUSED for one in parts)
    return CellNow.PAUSED if paused else CellNow.STOPPED


def _difference(
    recorded: str | None,
    now: CellNow | None,
    parts: Sequence[CellContainer],
    strays: Sequence[CellContainer],
) -> str | None:
    """Where record and containerd do not agree, in words; None where they do.

    Kukeon records `Ready` while everything runs, and other words for anything else.
    """
    said = []
    if (
        recorded is not None
        and now is not None
        and (recorded == _READY) != (now is CellNow.RUNNING)
    ):
        said.append(f"recorded as {recorded}, but {_what_is(now, parts)}")
    if recorded is not None and strays:
        names = ", ".join(one.name for one in strays)
        said.append(f"containerd also has {names}, which the record does not name")
    return "; ".join(said) or None


def _what_is(now: CellNow, parts: Sequence[CellContainer]) -> str:
    if now is CellNow.RUNNING:
        return "all its containers run"
    missing = [one.name for one in parts if not one.exists]
    paused = [one.name for one in parts if one.status == TaskStatus.PAUSED]
    fine = (TaskStatus.RUNNING, TaskStatus.PAUSED)
    still = [one.name for one in parts if one.exists and one.status not in fine]
    does = "does" if len(still) == 1 else "do"
    what = [f"{', '.join(still)} {does} not run"] if still else []
    what += [f"{', '.join(paused)} {'is' if len(paused) == 1 else 'are'} paused"] if paused else []
    what += [f"containerd has no container for {', '.join(missing)}"] if missing else []
    return " and ".join(what)


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
