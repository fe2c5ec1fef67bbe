"""What `ps` shows: containers and their tasks, and what else is known of them.

Two tables of ctr and this host's /proc have all that the table shows: where an id has the form of
Kukeon's, no record and no label can say anything else of its space, stack and cell.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.members import cell_words, of_id
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.processes.proc import PROC
from kuke_ctr.recipes.cell_members import Members
from kuke_ctr.recipes.container_details import infos_of, member_of, of_cell, of_info
from kuke_ctr.recipes.process_facts import seen_by_us, started_at
from kuke_ctr.records import Container, PsContainer, Task, TaskStatus

_BY_ID = frozenset(("space", "stack", "cell"))
_BY_RECORD = frozenset(("name", "root", "attachable"))
_BY_INFO = frozenset(("created_at", "labels", "snapshot", "log"))
_BY_PROCESS = frozenset(("started_at", "age"))
_NOT_RUNNING = (TaskStatus.CREATED, TaskStatus.STOPPED)

Infos = Callable[[Scope, Sequence[str]], dict[str, ContainerInfo]]
"""Finds out what is known of containers, by their ids."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which containers are meant: `every`, or those that run; those of a space, stack and cell.

    A cell by any word for it: `web`, `default/web`, `default/default/web`.
    """

    every: bool = False
    space: str | None = None
    stack: str | None = None
    cell: str | None = None

    @property
    def by_cell(self) -> bool:
        """Whether it matters where in Kukeon a container is."""
        return any(one is not None for one in (self.space, self.stack, self.cell))


def is_running(task: Task | None) -> bool:
    """Whether docker would say so; of a task whose shim is silent (UNKNOWN) nobody knows better."""
    return task is not None and task.status not in _NOT_RUNNING


class Joiner:
    """Joins the containers of a host with their tasks, for the fields that are `wanted`."""

    def __init__(
        self, host: Host, chosen: Chosen, wanted: Collection[str], infos: Infos = infos_of
    ) -> None:
        self._infos = infos
        self._host = host
        self._chosen = chosen
        self._wanted = frozenset(wanted)

    @cached_property
    def _proc(self) -> Path | None:
        """Where the processes of this containerd are; None where they are not this host's."""
        host = self._host
        here = not host.ctr.processes.replays and seen_by_us(host.settings.socket)
        return PROC if here else None

    def joined(
        self, realm: Resolution, rows: Sequence[Container], tasks: Mapping[str, Task]
    ) -> list[PsContainer]:
        """The chosen ones of a realm's containers; `tasks` are its tasks by id.

        `containers info` of each, side by side, where something is wanted that only this tells.
        """
        scope = Scope(self._host.ctr, realm.namespace)
        members = Members(scope, self._host.settings.run_path, realm)
        if not self._chosen.every:
            rows = [row for row in rows if is_running(tasks.get(row.id))]
        asks = bool(self._wanted & _BY_INFO)
        rows = [row for row in rows if self._may_fit(row.id, members, asks)]
        infos = self._infos(scope, [row.id for row in rows]) if asks else {}
        return [
            self._row(realm, row, tasks.get(row.id), members, infos.get(row.id))
            for row in rows
            if self._fits(row.id, members, infos.get(row.id))
        ]

    def _may_fit(self, name: str, members: Members, asks: bool) -> bool:
        """Whether a container can be one of those that are chosen, before its labels are known."""
        return self._fits(name, members, None) or (asks and members.by_id(name) is None)

    def _fits(self, name: str, members: Members, info: ContainerInfo | None) -> bool:
        chosen = self._chosen
        if not chosen.by_cell:
            return True
        one = member_of(name, members, info)
        return (
            one is not None
            and chosen.space in (None, one.space)
            and chosen.stack in (None, one.stack)
            and (chosen.cell is None or chosen.cell in cell_words(one))
        )

    def _row(
        self,
        realm: Resolution,
        row: Container,
        task: Task | None,
        members: Members,
        info: ContainerInfo | None,
    ) -> PsContainer:
        lives = task is not None and task.status != TaskStatus.STOPPED
        pid = (task.pid or None) if task is not None and lives else None
        found = {**vars(row), "pid": pid, "status": task.status if task is not None else None}
        found |= dict(self._place(row.id, members, info)) | of_info(info)
        if self._wanted & _BY_PROCESS and is_running(task):
            found["started_at"] = started_at(pid, self._proc) if pid and self._proc else None
        if info is not None:
            found["snapshot"] = info.snapshot or None
            if "log" in self._wanted:
                from kuke_ctr.recipes.logs import known  # late: the table does without

                log = known(self._host, realm, info, pid, proc=self._proc)
                found["log"] = str(log.file.path) if log is not None else None
        return PsContainer(**found)

    def _place(
        self, name: str, members: Members, info: ContainerInfo | None
    ) -> Iterator[tuple[str, object]]:
        """Where in Kukeon a container is, as far as it is wanted; the records only where needed."""
        if self._wanted & _BY_RECORD or info is not None:
            yield from of_cell(name, members, info).items()
        elif self._wanted & _BY_ID:
            one = of_id(name) or members.by_id(name)
            if one is not None:
                yield from (("space", one.space), ("stack", one.stack), ("cell", one.cell))
