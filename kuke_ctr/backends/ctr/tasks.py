"""`ctr tasks`."""

from collections.abc import Sequence
from dataclasses import replace

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.tables import Table, read
from kuke_ctr.calls import Call
from kuke_ctr.parse.tasks import parse_tasks
from kuke_ctr.records import Listing, Task

LS = Table(("tasks", "ls"), parse_tasks, order=lambda task: task.id)


def listed(ctr: Ctr, namespaces: Sequence[str]) -> list[Listing[Task]]:
    """The tasks of each namespace, side by side; probes, they run in a dry run too."""
    calls = [ctr.call(*LS.words, namespace=namespace, probe=True) for namespace in namespaces]
    return [read(ctr, LS, ctr.checked(result)) for result in ctr.processes.run_all(calls)]


def ps(ctr: Ctr, name: str, namespace: str) -> Call:
    """`ctr tasks ps ID`."""
    return ctr.call("tasks", "ps", name, namespace=namespace)


def metrics(ctr: Ctr, name: str, namespace: str) -> Call:
    """`ctr tasks metrics --format json ID`."""
    return ctr.call("tasks", "metrics", "--format", "json", name, namespace=namespace)


def attach(ctr: Ctr, name: str, namespace: str) -> Call:
    """`ctr tasks attach ID`, without a time limit: somebody looks as long as they like."""
    return replace(ctr.call("tasks", "attach", name, namespace=namespace), timeout=None)
