"""Cells, as Kukeon recorded them, beside what containerd has of them now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.cell_list import RecordedCell, RecordedContainer, recorded_cells
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.recipes.used_by import listed
from kuke_ctr.records import Cell, CellContainer, CellNow, Container, Task, TaskStatus

_READY = "Ready"


@dataclass(frozen=True, slots=True)
class Present:
    """What containerd has in a namespace: its containers and tasks by id.

    `error` is set where it could not be asked; the two are empty then.
    """

    containers: Mapping[str, Container] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    error: KukeCtrError | None = None


def present(scope: Scope) -> Present:
    """`ctr containers ls`, `ctr tasks ls`; a containerd that can't be asked is no failure here."""
    try:
        return Present(
            {one.id: one for one in listed(scope.ctr, containers.LS, scope.namespace)},
            {one.id: one for one in listed(scope.ctr, tasks.LS, scope.namespace)},
        )
    except KukeCtrError as error:
        return Present(error=error)


def cells_of(run_path: Path, realm: Resolution, now: Present) -> list[Cell]:
    """The cells of a realm by space, stack and name; Forbidden where they may not be read."""
    return [_cell(recorded, now) for recorded in recorded_cells(run_path, realm)]


def _cell(recorded: RecordedCell, now: Present) -> Cell:
    parts = [_container(one, now) for one in recorded.containers]
    state = None if now.error is not None else _state_of(parts)
    running = [one for one in parts if one.status == TaskStatus.RUNNING]
    own = [one for one in parts if not one.root]
    return Cell(
        name=recorded.name,
        space=recorded.space,
        stack=recorded.stack,
        recorded=recorded.state,
        recorded_at=_utc(recorded.recorded_at),
        now=state,
        running=f"{len(running)}/{len(parts)}" if state is not None else None,
        restarts=sum(one.restarts for one in parts),
        exit_codes=tuple(f"{one.name}:{one.exit_code}" for one in own if one.exit_code is not None),
        reason=recorded.reason,
        message=recorded.message,
        differs=_difference(recorded.state, state, parts),
        made_from=recorded.made_from,
        address=recorded.address,
        volumes=tuple(dict.fromkeys(volume for one in own for volume in one.volumes)),
        problem=recorded.unread,
        containers=tuple(parts),
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
    recorded: str | None, now: CellNow | None, parts: Sequence[CellContainer]
) -> str | None:
    """Where record and containerd do not agree, in words; None where they do.

    Kukeon records `Ready` while everything runs, and other words for anything else.
    """
    if recorded is None or now is None or (recorded == _READY) == (now is CellNow.RUNNING):
        return None
    if now is CellNow.RUNNING:
        return f"recorded as {recorded}, but all its containers run"
    missing = [one.name for one in parts if not one.exists]
    still = [one.name for one in parts if one.exists and one.status != TaskStatus.RUNNING]
    does = "does" if len(still) == 1 else "do"
    what = [f"{', '.join(still)} {does} not run"] if still else []
    what += [f"containerd has no container for {', '.join(missing)}"] if missing else []
    return f"recorded as {recorded}, but {' and '.join(what)}"


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
