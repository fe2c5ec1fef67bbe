"""`ctr tasks`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.tables import Table, listing, read
from kuke_ctr.calls import Call, Result
from kuke_ctr.parse.tasks import parse_tasks
from kuke_ctr.records import Listing, Task

if TYPE_CHECKING:
    from kuke_ctr.records import Process

LS = Table(("tasks", "ls"), parse_tasks, order=lambda task: task.id)


def listed(ctr: Ctr, namespaces: Sequence[str]) -> list[Listing[Task]]:
    """The tasks of each namespace, side by side; probes, they run in a dry run too."""
    calls = [ctr.call(*LS.words, namespace=namespace, probe=True) for namespace in namespaces]
    return [read(ctr, LS, ctr.checked(result)) for result in ctr.processes.run_all(calls)]


def ps(ctr: Ctr, name: str, namespace: str, *, probe: bool = False) -> Call:
    """`ctr tasks ps ID`; a `probe` runs in a dry run too."""
    return ctr.call("tasks", "ps", name, namespace=namespace, probe=probe)


def metrics(ctr: Ctr, name: str, namespace: str) -> Call:
    """`ctr tasks metrics --format json ID`."""
    return ctr.call("tasks", "metrics", "--format", "json", name, namespace=namespace)


def attach(ctr: Ctr, name: str, namespace: str) -> Call:
    """`ctr tasks attach ID`, without a time limit: somebody looks as long as they like."""
    return replace(ctr.call("tasks", "attach", name, namespace=namespace), timeout=None)


def states(ctr: Ctr, namespace: str) -> dict[str, Task]:
    """The tasks of a namespace by their ids (`ctr tasks ls`); a probe."""
    (found,) = listed(ctr, [namespace])
    return {task.id: task for task in found.records}


def processes(ctr: Ctr, name: str, namespace: str) -> "tuple[Process, ...]":
    """The processes in a task (`ctr tasks ps ID`), those that can be read; a probe. NotFound."""
    from kuke_ctr.parse.processes import parse_processes

    said = ctr.checked(ctr.processes.run(ps(ctr, name, namespace, probe=True)))
    return listing(parse_processes(lines_of(said.stdout))).records


def change(ctr: Ctr, namespace: str, verb: str, *words: str) -> Result:
    """`ctr tasks VERB [FLAG]... ID`, whatever its exit code; no time limit but --timeout."""
    call = ctr.call("tasks", verb, *words, namespace=namespace)
    return ctr.processes.run(replace(call, timeout=ctr.change_timeout))
