"""Making and removing containers, with what ctr leaves behind."""

from collections.abc import Mapping, Sequence

from kuke_ctr.backends.ctr import containers, snapshots, tasks
from kuke_ctr.backends.ctr.failures import failure_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import Interrupted, KukeCtrError, NotFound, Reason
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.own_logs import log_of, remove_log
from kuke_ctr.recipes.taken import taken
from kuke_ctr.records import Task, TaskStatus

KEPT = "containerd.io/gc.root=kuke-ctr"
"""The label that keeps a snapshot from being collected."""


def create(scope: Scope, name: str, flags: Sequence[str], words: Sequence[str]) -> None:
    """`ctr containers create [FLAG]... -- WORD...`; one that fails leaves no snapshot behind.

    `name` is the container's id, which is among the words.
    """
    if scope.ctr.processes.dry_run:
        containers.create(scope, flags, words)
        return
    if name in containers.names(scope):
        raise taken(scope, name)
    snapshotter = value_of("--snapshotter", flags)
    if snapshots.created(scope, name, snapshotter) is not None:
        raise taken(scope, name, snapshotter)
    try:
        containers.create(scope, flags, words)
    except (KukeCtrError, Interrupted) as error:
        if error.reason is Reason.ALREADY_EXISTS:  # somebody was quicker: it is not ours
            raise taken(scope, name, snapshotter, command=error.command) from None
        _undo(scope, name, snapshotter)
        raise


def value_of(flag: str, words: Sequence[str]) -> str | None:
    """The value of one of ctr's flags among the words, the last one where there are several."""
    found = None
    for index, word in enumerate(words):
        if word == flag and index + 1 < len(words):
            found = words[index + 1]
        elif word.startswith(f"{flag}="):
            found = word.partition("=")[2]
    return found


def _undo(scope: Scope, name: str, snapshotter: str | None) -> None:
    """Remove the snapshot that a failed or interrupted `create` has made already."""
    try:
        if name in containers.names(scope):
            scope.ctr.notice(
                f"the container {name} was created; {scope.line('containers', 'rm', name)} "
                "removes it"
            )
        elif snapshots.created(scope, name, snapshotter) is not None:
            scope.change(*snapshots.words(snapshotter, "rm", name))
    except NotFound:
        pass  # containerd was quicker
    except KukeCtrError as error:
        scope.ctr.notice(f"the snapshot {name} may be left: {error.message}")


def remove(
    scope: Scope,
    name: str,
    flags: Sequence[str],
    states: Mapping[str, Task],
) -> None:
    """`ctr containers rm [FLAG]... ID`, and the log file of our own `run -d`. NotFound.

    A container with a task that has not stopped is refused; a stopped task goes with it. `states`
    are the namespace's tasks.
    """
    info = containers.facts(scope, name)
    _require_no_task(scope, name, states)
    if name not in states:
        _require_silence(scope, name)
    if "--keep-snapshot" in flags and info.snapshot:
        _keep(scope, info)
    log = log_of(scope, info)
    containers.remove(scope, name, flags)
    if log is not None and not scope.ctr.processes.replays:
        remove_log(scope, name, log)


def _keep(scope: Scope, info: ContainerInfo) -> None:
    """Give a snapshot a reason to stay: one that nothing needs is collected within seconds."""
    words = snapshots.words(info.snapshotter or None, "label", info.snapshot, KEPT)
    if not scope.change(*words).planned:
        snapshotter = ("--snapshotter", info.snapshotter) if info.snapshotter else ()
        removes = scope.line("snapshots", "rm", info.snapshot, *snapshotter)
        scope.ctr.notice(f"the snapshot {info.snapshot} is kept until you remove it: {removes}")


def has_living_task(name: str, states: Mapping[str, Task]) -> bool:
    """Whether a container has a task that has not stopped."""
    return name in states and states[name].status != TaskStatus.STOPPED


def _require_no_task(scope: Scope, name: str, states: Mapping[str, Task]) -> None:
    if has_living_task(name, states):
        raise KukeCtrError(
            f"the task of the container {name} is {states[name].status}; the container was not "
            "removed",
            hint=f"stop it first: {scope.line('stop', name)}; to kill and remove it: "
            f"{scope.line('rm', '--force', name)}",
        )


def _require_silence(scope: Scope, name: str) -> None:
    """Raise KukeCtrError where a task that is not listed may live all the same.

    ctr 2.3 leaves out a task whose shim is silent, and `containers rm` takes every failure to ask
    for the task as `there is none`.
    """
    said = scope.ctr.processes.run(tasks.ps(scope, name, probe=True))
    if said.exit_code == 0 or not isinstance(failure_of(said), NotFound):
        raise KukeCtrError(
            f"the state of the task of {name} is not known; the container was not removed",
            hint=f"{scope.line('tasks', 'ps', name)} shows what containerd says",
        )
