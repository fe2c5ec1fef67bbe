"""What containers use of the host, as nerdctl measures it: one look has all values."""

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from kuke_ctr.backends.nerdctl import containers, stats
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.errors import NotFound
from kuke_ctr.parse.nerdctl.stats import Usage
from kuke_ctr.recipes.stats import WITHOUT, Key, Look
from kuke_ctr.records import Stats, Task, TaskStatus


class NerdctlLooker:
    """Looks at the containers of some namespaces: those that run, or the chosen ones.

    `nerdctl ps -a` and `container inspect` say which there are and in which state, for `nerdctl
    stats` leaves out those that are paused.
    """

    looks_needed = 1

    def __init__(
        self, nerdctl: Nerdctl, namespaces: Sequence[str], chosen: Collection[str] | None
    ) -> None:
        self._nerdctl = nerdctl
        self._namespaces = namespaces
        self._chosen = chosen

    def look(self) -> dict[Key, Look]:
        """All of them, in the order of the namespaces and ids."""
        found: dict[Key, Look] = {}
        for namespace in self._namespaces:
            try:
                found |= self._look_in(namespace)
            except NotFound:  # one of them has gone meanwhile
                found |= self._look_in(namespace)
        return found

    def _look_in(self, namespace: str) -> dict[Key, Look]:
        tasks = self._tasks(namespace)
        asked = [name for name, task in tasks.items() if task is not None and _measurable(task)]
        used = stats.usages(self._nerdctl, namespace, asked)
        return {(namespace, name): _look(name, task, used) for name, task in tasks.items()}

    def _tasks(self, namespace: str) -> dict[str, Task | None]:
        """The tasks to look at, by the ids of their containers; None for a chosen one without."""
        names = self._chosen
        if names is None:
            names = containers.names(self._nerdctl, namespace)
        known = containers.natives(self._nerdctl, namespace, names)
        tasks = {name: known[name].task if name in known else None for name in names}
        if self._chosen is not None:
            return tasks
        return {name: task for name, task in tasks.items() if task is not None and _lives(task)}


def _lives(task: Task) -> bool:
    return task.living or task.status == TaskStatus.UNKNOWN


def _measurable(task: Task) -> bool:
    return task.status not in WITHOUT


def _look(name: str, task: Task | None, used: dict[str, Usage]) -> Look:
    at = time.monotonic()
    if task is None:
        return Look(at, problem="no task")
    problem = WITHOUT.get(task.status)
    usage = used.get(name)
    if problem is None and (usage is None or usage.cpu_percent is None):
        problem = "nerdctl has no values of it"
    measured = _stats(task, usage or Usage(name), problem)
    return Look(at, task.pid, task.status, problem=problem, measured=measured)


def _stats(task: Task, usage: Usage, problem: str | None) -> Stats:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Stats(
        **usage._asdict(), at=now, status=task.status, processes_limit=None, problem=problem
    )
