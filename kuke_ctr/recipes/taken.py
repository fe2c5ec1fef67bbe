"""An id that is taken: by what, and the one line that frees it."""

from collections.abc import Mapping
from dataclasses import replace

from kuke_ctr.backends.ctr import containers
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import CtrFailed, KukeCtrError
from kuke_ctr.kukeon.members import of_labels
from kuke_ctr.recipes.log_owners import owner_of
from kuke_ctr.recipes.start import ABSENT, task_status
from kuke_ctr.records import TaskStatus


def taken(
    scope: Scope,
    name: str,
    snapshotter: str | None = None,
    *,
    command: tuple[str, ...] | None = None,
) -> CtrFailed:
    """The error for a new container whose id a container has, or a snapshot alone."""
    if name in containers.names(scope):
        said, hint = f"the container {name} already exists", _of_container(scope, name)
    else:
        said = f"a snapshot {name} already exists, without a container of that id"
        hint = _of_snapshot(scope, name, snapshotter)
    where = f" in namespace {scope.namespace}"
    return CtrFailed(f"{said}{where}; nothing was changed", hint=hint, command=command)


def _of_container(scope: Scope, name: str) -> str:
    """Use another name; or what to do with the one there is, by the state of its task."""
    other = "choose another name"
    try:
        whose = _of_others(scope, name, containers.facts(scope, name).labels)
    except KukeCtrError:
        return f"{other}; {scope.line('containers', 'info', name)} shows what this one is"
    if whose is not None:
        return f"{other}: this one {whose}"
    status = task_status(scope, name)
    removes = scope.line("rm", name)
    if status is None:
        return f"{other}; {scope.line('tasks', 'ls')} shows what containerd knows of it"
    if status == ABSENT:
        starts = scope.line("start", name)
        return f"{other}, or {starts} starts this one, or {removes} removes it"
    if status == TaskStatus.STOPPED:
        return f"its process has ended; {other}, or {removes} removes it"
    kills = scope.line("rm", "--force", name)
    return f"its task is {status}; {other}, or kill and remove this one: {kills}"


def _of_others(scope: Scope, name: str, labels: Mapping[str, str]) -> str | None:
    """Whose a container is that is not for us to remove; None for any other one."""
    owner = owner_of(scope.namespace, name, labels)
    if owner is not None:
        return f"is a container of {owner.name}"
    of_cell = of_labels(name, labels)
    if of_cell is None:
        return None
    own = scope.namespace in (f"kukeon-{of_cell.realm}", f"{of_cell.realm}.kukeon.io")
    if not own:  # labels can come from the image, which can name any realm
        of_cell = replace(of_cell, realm=None)
    return f"belongs to Kukeon's cell {of_cell.cell}; to start the cell: {of_cell.kuke('start')}"


def _of_snapshot(scope: Scope, name: str, snapshotter: str | None) -> str:
    removes = scope.line(
        "snapshots", "rm", name, *(("--snapshotter", snapshotter) if snapshotter else ())
    )
    return f"{removes} removes it if nothing uses it, or choose another name"
