"""The containers and tasks of namespaces as nerdctl shows them."""

from collections.abc import Iterable, Sequence

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.nerdctl import containers
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.parse.nerdctl.containers import NativeContainer
from kuke_ctr.records import Container, Listing, Task


class NerdctlPs:
    """Two tables: `nerdctl ps -a`, and the tasks in `container inspect --mode native` of each.

    The STATUS of `nerdctl ps` is no state: `Created` is also a container without a task.
    """

    def __init__(self, nerdctl: Nerdctl) -> None:
        self._nerdctl = nerdctl
        self._known: dict[str, dict[str, NativeContainer]] = {}

    def both(
        self, namespaces: Sequence[str]
    ) -> tuple[list[Listing[Container] | KukeCtrError], list[Listing[Task] | KukeCtrError]]:
        """The containers and the tasks of each namespace; an error of one stands in its place."""
        rows = containers.fetch(self._nerdctl, namespaces)
        return rows, [self._tasks(*one) for one in zip(namespaces, rows, strict=True)]

    def _tasks(
        self, namespace: str, rows: Listing[Container] | KukeCtrError
    ) -> Listing[Task] | KukeCtrError:
        if isinstance(rows, KukeCtrError):
            return rows
        ids = [row.id for row in rows.records]
        try:
            known = containers.natives(self._nerdctl, namespace, ids)
        except KukeCtrError as error:
            return error
        self._known[namespace] = known
        tasks = (_task(row, known.get(row.id)) for row in rows.records)
        return Listing(tuple(task for task in tasks if task is not None))

    def infos_of(self, scope: Scope, ids: Iterable[str]) -> dict[str, ContainerInfo]:
        """What else is known of these containers; no call."""
        known = self._known.get(scope.namespace, {})
        return {name: known[name].info for name in ids if name in known}


def _task(row: Container, one: NativeContainer | None) -> Task | None:
    """The task of a container; without its document what the list says, which has no pid."""
    if one is not None:
        return one.task
    return Task(id=row.id, pid=0, status=row.status) if row.status is not None else None
