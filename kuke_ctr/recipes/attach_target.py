"""What a container's task is, found out before anybody attaches to it."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.process_facts import facts_of, seen_by_us
from kuke_ctr.records import Task
from kuke_ctr.terminals.task_io import IoKind, TaskIO, task_io

_SOCKET = "socket"
_LINKS = "s"
"""Where Kukeon keeps short links to the sockets, below the run path."""

_UNSEEN = TaskIO(IoKind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Look:
    """What was found: `socket` is kuketty's where the container has one; `task` None: no task."""

    scope: Scope
    info: ContainerInfo
    task: Task | None
    io: TaskIO
    socket: Path | None = None

    @property
    def name(self) -> str:
        """The id of the container."""
        return self.info.id

    def line(self, *words: str) -> str:
        """A command to go on with, in the same namespace."""
        return self.scope.line(*words)


def look(scope: Scope, name: str, run_path: Path) -> Look:
    """What the container is (`ctr containers info`), its task (`tasks ls`) and its output (/proc).

    Probes, they run in a dry run too. Raises NotFound for a container that there is not.
    """
    info = containers.facts(scope, name)
    task = tasks.find(scope, name)
    if info.kuketty is not None:
        return Look(scope, info, task, _UNSEEN, _socket_in(info.kuketty, run_path))
    seen = task is not None and task.pid > 0 and seen_by_us(scope.ctr.socket)
    io = task_io(task.pid, scope.namespace, name) if seen and task is not None else _UNSEEN
    return Look(scope, info, task, io)


def _socket_in(folder: Path, run_path: Path) -> Path:
    """kuketty's socket: in its folder, or what a short link of Kukeon's names in that folder."""
    usual = folder / _SOCKET
    with suppress(OSError):
        if not usual.exists():
            for link in sorted((run_path / _LINKS).iterdir()):
                if link.is_symlink() and link.readlink().parent == folder and link.exists():
                    return link.readlink()
    return usual


def refuse(found: Look, is_kept: Callable[[], bool]) -> None:
    """Raise KukeCtrError where attaching would do harm or show nothing.

    `is_kept` tells whether `logs` has something to show.
    """
    name, task = found.name, found.task

    def and_logs(hint: str) -> str:
        return (
            f"{hint}; {found.line('logs', name)} shows what it has printed" if is_kept() else hint
        )

    if task is None:
        raise KukeCtrError(
            f"the container {name} has no task: it was not started, or its task was deleted",
            hint=and_logs(f"{found.line('tasks', 'start', name)} starts it"),
        )
    if task.status == "STOPPED":
        raise KukeCtrError(
            f"{name} has stopped: attaching would make ctr delete the task, and its exit status "
            "and unread output with it",
            hint=and_logs(
                f"{found.line('tasks', 'rm', name)} deletes the task and tells its exit status"
            ),
        )
    if task.status == "UNKNOWN":
        raise KukeCtrError(
            f"the task of {name} is in the state UNKNOWN: its shim does not answer",
            hint=and_logs("the shim's process may hang"),
        )
    if found.io.kind is IoKind.NULL:
        raise KukeCtrError(
            f"the output of {name} goes nowhere (null IO): attaching would show nothing, ever",
            hint=f"{found.line('exec', '-t', name, 'sh')} is a shell of your own in it",
        )
    if found.io.kind is IoKind.LOG:
        file = found.io.log or "a log file that was deleted"
        raise KukeCtrError(
            f"{name} writes its output to {file}: there is nothing to attach to",
            hint=f"{found.line('attach', '--logs', name)} follows it; "
            f"{found.line('logs', name)} shows it",
        )


def remarks(found: Look) -> Iterator[str]:
    """What the user should know before the attachment, a sentence each."""
    name, task = found.name, found.task
    if task is not None and task.status in ("PAUSED", "PAUSING"):
        yield f"{name} is paused: it says nothing until {found.line('tasks', 'resume', name)}"
    if task is not None and task.status == "CREATED":
        yield f"{name} has not been started yet: it says nothing until it is"
    for pid in found.io.readers:
        facts = facts_of(pid)
        who = f"process {pid} ({facts.command})" if facts is not None else f"process {pid}"
        yield (
            f"warning: {who} reads this output already: two readers split one stream, each of you "
            "gets a part of it"
        )
    if found.socket is None and found.io.kind is IoKind.UNKNOWN and os.geteuid() != 0:
        yield "only root can see what its output is connected to: it may be nothing, or a log file"
    if found.socket is None:
        yield f"when {name} ends, ctr deletes the task; the exit status is told here, and only here"
