"""`ctr tasks`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.tables import ListCall, listing, read
from kuke_ctr.parse.tasks import parse_tasks
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.records import Listing, RowsRefused, Task

if TYPE_CHECKING:
    from kuke_ctr.records import Process

LS = ListCall(("tasks", "ls"), parse_tasks, order=lambda task: task.id)


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
    """The tasks of a namespace by their ids, those that can be read (`ctr tasks ls`); a probe."""
    (found,) = listed(ctr, [namespace])
    return {task.id: task for task in found.records}


def find(ctr: Ctr, namespace: str, name: str) -> Task | None:
    """The task of a container (`ctr tasks ls`), None where there is none; a probe.

    Raises RowsRefused where an unreadable row may be the task's.
    """
    (found,) = listed(ctr, [namespace])
    task = next((task for task in found.records if task.id == name), None)
    if task is None and found.refused:
        raise RowsRefused(found)
    return task


def processes(ctr: Ctr, name: str, namespace: str) -> "tuple[Process, ...]":
    """The processes in a task (`ctr tasks ps ID`), those that can be read; a probe. NotFound."""
    from kuke_ctr.parse.processes import parse_processes

    said = ctr.checked(ctr.processes.run(ps(ctr, name, namespace, probe=True)))
    return listing(parse_processes(lines_of(said.stdout))).records


def change(ctr: Ctr, namespace: str, verb: str, *words: str) -> Result:
    """`ctr tasks VERB [FLAG]... ID`, whatever its exit code; no time limit but --timeout."""
    call = ctr.call("tasks", verb, *words, namespace=namespace)
    return ctr.processes.run(replace(call, timeout=ctr.change_timeout))


def exec_in(
    ctr: Ctr,
    namespace: str,
    name: str,
    command: Sequence[str],
    *,
    exec_id: str,
    flags: Sequence[str],
) -> Call:
    """`ctr tasks exec --exec-id EXEC-ID FLAG... -- ID COMMAND...`; no time limit."""
    words = ("tasks", "exec", "--exec-id", exec_id, *flags, "--", name, *command)
    return replace(ctr.call(*words, namespace=namespace), timeout=None)


def run(
    ctr: Ctr, namespace: str, image: str, name: str, command: Sequence[str], flags: Sequence[str]
) -> Call:
    """`ctr run FLAG... -- IMAGE ID COMMAND...`; no time limit.

    Without the `--`, ctr up to 1.6 takes a `-c` of the command for itself.
    """
    call = ctr.call("run", *flags, "--", image, name, *command, namespace=namespace)
    return replace(call, timeout=None)


def start(ctr: Ctr, namespace: str, name: str, flags: Sequence[str]) -> Call:
    """`ctr tasks start FLAG... ID`; no time limit."""
    return replace(ctr.call("tasks", "start", *flags, name, namespace=namespace), timeout=None)


def look_at_processes(ctr: Ctr, namespace: str, name: str, limit: float) -> Result:
    """`ctr tasks ps ID`, a probe with a short limit; any exit code is a result."""
    call = ctr.call("tasks", "ps", name, namespace=namespace, probe=True)
    return ctr.processes.run(replace(call, timeout=limit))


def signal_exec(ctr: Ctr, namespace: str, name: str, exec_id: str, number: str) -> Result:
    """`ctr tasks kill --exec-id EXEC-ID -s SIGNAL ID`; any exit code is a result."""
    words = ("tasks", "kill", "--exec-id", exec_id, "-s", number, name)
    return ctr.processes.run(ctr.call(*words, namespace=namespace))


def remove_exec(ctr: Ctr, namespace: str, name: str, exec_id: str) -> Result:
    """`ctr tasks rm --exec-id EXEC-ID ID`: its exit code is the process's; any is a result."""
    words = ("tasks", "rm", "--exec-id", exec_id, name)
    return ctr.processes.run(ctr.call(*words, namespace=namespace))


def remove_by_force(ctr: Ctr, namespace: str, name: str) -> Result:
    """`ctr tasks rm --force ID`; any exit code is a result."""
    return ctr.processes.run(ctr.call("tasks", "rm", "--force", name, namespace=namespace))
