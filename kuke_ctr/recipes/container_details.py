"""What the lists of containers and tasks say beside ctr's own tables.

The place of a container in Kukeon comes from the records of the cells, else from its labels, and
where these are not known either from the form of its id. Each of the other facts costs a call: the
two tables are one each, labels and creation times one for each container.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import ListCall, R, fetch
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.members import Member
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.container_info import ContainerInfo, parse_container_info
from kuke_ctr.recipes.cell_members import Members
from kuke_ctr.records import Container, Task

if TYPE_CHECKING:
    from kuke_ctr.backends.nerdctl.client import Nerdctl

D = TypeVar("D", Container, Task)

OF_CELL = ("space", "stack", "cell", "name", "root", "attachable")
_OF_INFO = ("created_at", "labels")


def with_details(
    host: Host, realm: Resolution, rows: Sequence[D], wanted: Collection[str] | None
) -> list[D]:
    """The rows of a realm's namespace, with these of their fields (None: with all).

    What can't be found out stays None, with a warning; what nerdctl fails with is raised.
    """
    scope = Scope(host.ctr, realm.namespace)
    asked = {*OF_CELL, *_OF_INFO, "status", "image"} if wanted is None else set(wanted)
    members = Members(scope, host.settings.run_path, realm)
    places = bool(asked.intersection(OF_CELL))
    nerdctl = host.nerdctl_for("containers ls") if isinstance(rows[0], Container) else None
    if nerdctl is not None:
        return _through_nerdctl(nerdctl, members, rows)
    ids = [row.id for row in rows]
    if not asked.intersection(_OF_INFO):  # who is in a record is known, and costs no call
        ids = [name for name in ids if name not in members.recorded] if places else []
    infos = infos_of(scope, ids)
    other = _of_other_table(scope, rows[0], asked)
    return [
        row.model_copy(
            update=other.get(row.id, {})
            | of_info(infos.get(row.id))
            | (of_cell(row.id, members, infos.get(row.id)) if places else {})
        )
        for row in rows
    ]


def _through_nerdctl(nerdctl: "Nerdctl", members: Members, rows: Sequence[D]) -> list[D]:
    """The rows with all fields: one document of nerdctl's has what three calls of ctr have."""
    from kuke_ctr.backends.nerdctl.containers import natives  # late: mostly ctr serves

    found = natives(nerdctl, members.scope.namespace, [row.id for row in rows])
    completed = []
    for row in rows:
        one = found.get(row.id)
        info = one.info if one is not None else None
        update = of_info(info) | of_cell(row.id, members, info)
        if one is not None:
            update["status"] = one.task.status if one.task is not None else None
        completed.append(row.model_copy(update=update))
    return completed


def infos_of(scope: Scope, ids: Iterable[str]) -> dict[str, ContainerInfo]:
    """`ctr containers info` of each, side by side; without those that went while we looked.

    As `documents_of`.
    """
    return {one.id: one for one, _ in documents_of(scope, ids)}


def documents_of(scope: Scope, ids: Iterable[str]) -> Iterator[tuple[ContainerInfo, str]]:
    """The same, each with the JSON text that was printed.

    One that can't be read is a warning; a recording need not have them all. Probes: they run in a
    dry run too.
    """
    calls = [scope.call("containers", "info", name, probe=True) for name in ids]
    for said in filter(None, scope.ctr.answers(calls)):
        try:
            scope.ctr.checked(said)
            text = said.stdout.decode(errors="surrogateescape")
            yield parse_container_info(text), text
        except NotFound:
            continue
        except KukeCtrError as error:
            scope.ctr.notice(f"warning: {said.argv[-1]}: {error.message}")


def _of_other_table(
    scope: Scope, row: Container | Task, asked: Collection[str]
) -> dict[str, dict[str, object]]:
    """The states of the tasks for containers, the images of the containers for tasks."""
    if isinstance(row, Container):
        found = _rows(scope, tasks.LS) if "status" in asked else ()
        return {one.id: {"status": one.status} for one in found}
    images = _rows(scope, containers.LS) if "image" in asked else ()
    return {one.id: {"image": one.image} for one in images}


def _rows(scope: Scope, table: ListCall[R]) -> tuple[R, ...]:
    """The rows that can be read: it is another list that was asked for."""
    try:
        (answer,) = fetch(scope.ctr, table, [scope.namespace])
    except KukeCtrError as error:  # a time limit
        answer = error
    if isinstance(answer, KukeCtrError):
        scope.ctr.notice(f"warning: {answer.message}")
        return ()
    return answer.records


def of_info(info: ContainerInfo | None) -> dict[str, object]:
    """The fields of a record that `containers info` tells."""
    if info is None:
        return {}
    return {"created_at": info.created_at or None, "labels": dict(info.labels)}


def member_of(name: str, members: Members, info: ContainerInfo | None) -> Member | None:
    """What a container is in a cell, by its record, else by what is known of it; no call."""
    return members.by_id(name) if info is None else members.of(name, info.labels)


def of_cell(name: str, members: Members, info: ContainerInfo | None) -> dict[str, object]:
    """The fields of a record about the place in a cell, as `member_of` knows it; no call."""
    member = member_of(name, members, info)
    if member is None:
        return {}
    attachable = member.attachable
    if attachable is None and info is not None:
        attachable = info.kuketty is not None
    return {
        "space": member.space,
        "stack": member.stack,
        "cell": member.cell,
        "name": member.name or None,
        "root": member.root,
        "attachable": attachable,
    }
