"""`ctr tasks`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kuke_ctr.backends.ctr.client import Ctr, lines_of
from kuke_ctr.backends.ctr.container_flags import before_dashes
from kuke_ctr.backends.ctr.scope import Scope
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


def ps(scope: Scope, name: str, *, probe: bool = False) -> Call:
    """`ctr tasks ps ID`; a `probe` runs in a dry run too."""
    return scope.call("tasks", "ps", name, probe=probe)


def metrics(
    scope: Scope,
    name: str,
) -> Call:
    """`ctr tasks metrics --format json ID`."""
    return scope.call("tasks", "metrics", "--format", "json", name)


def attach(
    scope: Scope,
    name: str,
) -> Call:
    """`ctr tasks attach ID`, without a time limit: somebody looks as long as they like."""
    return scope.call("tasks", "attach", name)._replace(timeout=None)


def states(
    scope: Scope,
) -> dict[str, Task]:
    """The tasks of a namespace by their ids, those that can be read (`ctr tasks ls`); a probe."""
    (found,) = listed(scope.ctr, [scope.namespace])
    return {task.id: task for task in found.records}


def find(scope: Scope, name: str) -> Task | None:
    """The task of a container (`ctr tasks ls`), None where there is none; a probe.

    Raises RowsRefused where an unreadable row may be the task's.
    """
    (found,) = listed(scope.ctr, [scope.namespace])
    task = next((task for task in found.records if task.id == name), None)
    if task is None and found.refused:
        raise RowsRefused(found)
    return task


def processes(
    scope: Scope,
    name: str,
) -> "tuple[Process, ...]":
    """The processes in a task (`ctr tasks ps ID`), those that can be read; a probe. NotFound."""
    from kuke_ctr.parse.processes import parse_processes

    said = scope.ctr.checked(scope.ctr.processes.run(ps(scope, name, probe=True)))
    return listing(parse_processes(lines_of(said.stdout))).records


def change(scope: Scope, verb: str, *words: str) -> Result:
    """`ctr tasks VERB [FLAG]... ID`, whatever its exit code; no time limit but --timeout."""
    call = scope.call("tasks", verb, *words)
    return scope.ctr.processes.run(call._replace(timeout=scope.ctr.change_timeout))


def change_all(scope: Scope, verb: str, flags: Sequence[str], names: Sequence[str]) -> list[Result]:
    """The same for several, side by side; the results stand in the order of the names."""
    calls = [scope.call("tasks", verb, *flags, name) for name in names]
    limit = scope.ctr.change_timeout
    return scope.ctr.processes.run_all([call._replace(timeout=limit) for call in calls])


def exec_in(
    scope: Scope,
    name: str,
    command: Sequence[str],
    *,
    exec_id: str,
    flags: Sequence[str],
) -> Call:
    """`ctr tasks exec --exec-id EXEC-ID FLAG... -- ID COMMAND...`; no time limit."""
    words = ("tasks", "exec", "--exec-id", exec_id, *flags, "--", name, *command)
    return scope.call(*words)._replace(timeout=None)


def run(scope: Scope, image: str, name: str, command: Sequence[str], flags: Sequence[str]) -> Call:
    """`ctr run FLAG... -- IMAGE ID COMMAND...`; no time limit.

    Without the `--`, ctr up to 1.6 takes a `-c` of the command for itself.
    """
    call = scope.call("run", *before_dashes(flags), "--", image, name, *command)
    return call._replace(timeout=None)


def start(scope: Scope, name: str, flags: Sequence[str]) -> Call:
    """`ctr tasks start FLAG... ID`; no time limit."""
    return scope.call("tasks", "start", *flags, name)._replace(timeout=None)


def shim_state(scope: Scope, name: str, limit: float) -> Result:
    """`ctr shim --id ID state`, a probe with a short limit; any exit code is a result.

    It asks the shim and takes nothing away: the only call that tells the exit code of a stopped
    task and leaves the task.
    """
    call = scope.call("shim", "--id", name, "state", probe=True)
    return scope.ctr.processes.run(call._replace(timeout=limit))


def look_at_processes(scope: Scope, name: str, limit: float) -> Result:
    """`ctr tasks ps ID`, a probe with a short limit; any exit code is a result."""
    call = scope.call("tasks", "ps", name, probe=True)
    return scope.ctr.processes.run(call._replace(timeout=limit))


def signal_exec(scope: Scope, name: str, exec_id: str, number: str) -> Result:
    """`ctr tasks kill --exec-id EXEC-ID -s SIGNAL ID`; any exit code is a result."""
    words = ("tasks", "kill", "--exec-id", exec_id, "-s", number, name)
    return scope.ctr.processes.run(scope.call(*words))


def remove_exec(scope: Scope, name: str, exec_id: str) -> Result:
    """`ctr tasks rm --exec-id EXEC-ID ID`: its exit code is the process's; any is a result."""
    words = ("tasks", "rm", "--exec-id", exec_id, name)
    return scope.ctr.processes.run(scope.call(*words))


def remove_by_force(scope: Scope, name: str) -> Result:
    """`ctr tasks rm --force ID`; any exit code is a result."""
    return scope.ctr.processes.run(scope.call("tasks", "rm", "--force", name))
