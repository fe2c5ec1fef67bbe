"""What a container's task is, found out before anybody attaches to it."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.cells import find_container
from kuke_ctr.kukeon.members import Member
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.names import is_name
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.process_facts import facts_of, seen_by_us
from kuke_ctr.records import Task, TaskStatus
from kuke_ctr.terminals.task_io import IoKind, TaskIO, task_io

_SOCKET = "socket"
_LINKS = "s"
"""Where Kukeon keeps short links to the sockets, below the run path."""

_UNSEEN = TaskIO(IoKind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Look:
    """What was found: `socket` is kuketty's where the container has one; `task` None: no task.

    `unasked` is why containerd was not asked: Kukeon's record says that there is such a container,
    and nobody says whether it runs.
    """

    scope: Scope
    info: ContainerInfo
    task: Task | None
    io: TaskIO
    socket: Path | None = None
    unasked: str = ""

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
        elsewhere = scope.ctr.far is not None
        socket = info.kuketty / _SOCKET if elsewhere else _socket_in(info.kuketty, run_path)
        return Look(scope, info, task, _UNSEEN, socket)
    seen = task is not None and task.pid > 0 and seen_by_us(scope.ctr.socket)
    io = task_io(task.pid, scope.namespace, name) if seen and task is not None else _UNSEEN
    return Look(scope, info, task, io)


def look_in_records(
    scope: Scope, name: str, run_path: Path, realm: Resolution, error: KukeCtrError
) -> Look | None:
    """A container whose terminal kuketty holds, by the record of its cell alone.

    For members of group kukeon, who may use that socket but not containerd's, and for a containerd
    that is down: `error` is why it could not be asked. None for any other container.
    """
    if not is_name(name):
        return None
    with suppress(KukeCtrError):  # the records may not be read either
        cell = find_container(run_path, realm, name)
        if cell is not None and cell.kuketty is not None:
            info = ContainerInfo(name, kuketty=cell.kuketty)
            far = scope.ctr.far is not None
            socket = cell.kuketty / _SOCKET if far else _socket_in(cell.kuketty, run_path)
            return Look(scope, info, None, _UNSEEN, socket, unasked=error.message)
    return None


def _socket_in(folder: Path, run_path: Path) -> Path:
    """kuketty's socket: in its folder, or what a short link of Kukeon's names in that folder."""
    usual = folder / _SOCKET
    with suppress(OSError):
        if not usual.exists():
            for link in sorted((run_path / _LINKS).iterdir()):
                if link.is_symlink() and link.readlink().parent == folder and link.exists():
                    return link.readlink()
    return usual


def _require_socket(found: Look, or_kuke: Callable[[str], str]) -> None:
    """Raise KukeCtrError where kuketty's socket does not exist: only the record was read."""
    try:
        if found.socket is not None:
            found.socket.lstat()
    except FileNotFoundError:
        raise KukeCtrError(
            f"{found.name} has no terminal now: kuketty's socket {found.socket} does not exist",
            hint=f"{or_kuke('the cell may have stopped')}; {found.line('logs', found.name)} shows "
            "its output so far",
        ) from None
    except OSError:
        return  # connecting to it will tell


def refuse(
    found: Look, is_kept: Callable[[], bool], whose: Callable[[], Member | None] = lambda: None
) -> None:
    """Raise KukeCtrError where attaching would do harm or show nothing.

    `is_kept` tells whether `logs` has something to show, `whose` what Kukeon knows of it.
    """
    name, task = found.name, found.task

    def or_kuke(hint: str) -> str:
        one = whose()
        return hint if one is None else one.start_hint

    def and_logs(hint: str) -> str:
        return f"{hint}; {found.line('logs', name)} shows its output so far" if is_kept() else hint

    if found.unasked:
        _require_socket(found, or_kuke)
        return
    if task is None:
        raise KukeCtrError(
            f"the container {name} has no task: it was not started, or its task was deleted",
            hint=and_logs(or_kuke(f"{found.line('tasks', 'start', name)} starts it")),
        )
    if task.status == TaskStatus.STOPPED:
        raise KukeCtrError(
            f"{name} has stopped; if you attached, ctr would delete the task with its exit "
            "status and unread output",
            hint=and_logs(
                or_kuke(
                    f"{found.line('tasks', 'rm', name)} deletes the task and prints its exit status"
                )
            ),
        )
    if task.status == TaskStatus.UNKNOWN:
        raise KukeCtrError(
            f"the state of the task of {name} is UNKNOWN: its shim does not answer",
            hint=and_logs("the shim may be hanging"),
        )
    if found.io.kind is IoKind.NULL:
        raise KukeCtrError(
            f"the output of {name} is discarded (null IO), so an attachment would never show "
            "anything",
            hint=f"{found.line('exec', '-t', name, 'sh')} opens a new shell in it",
        )
    if found.io.kind is IoKind.LOG:
        file = found.io.log or "a log file that was deleted"
        raise KukeCtrError(
            f"{name} writes its output to {file}, so ctr cannot attach to it",
            hint=f"{found.line('attach', '--logs', name)} follows this file; "
            f"{found.line('logs', name)} shows it",
        )


def remarks(found: Look) -> Iterator[str]:
    """What the user should know before the attachment, a sentence each."""
    name, task = found.name, found.task
    if found.unasked:
        yield f"{found.unasked}; Kukeon's record says that kuketty holds the terminal of {name}"
    if task is not None and task.status in (TaskStatus.PAUSED, TaskStatus.PAUSING):
        yield (
            f"{name} is paused and prints nothing; {found.line('tasks', 'resume', name)} "
            "continues it"
        )
    if task is not None and task.status == TaskStatus.CREATED:
        yield f"{name} is not started yet and prints nothing"
    for pid in found.io.readers:
        facts = facts_of(pid)
        who = f"process {pid} ({facts.command})" if facts is not None else f"process {pid}"
        yield (f"warning: {who} also reads this output; each of you gets only a part of it")
    if found.socket is None and found.io.kind is IoKind.UNKNOWN and os.geteuid() != 0:
        yield (
            "without root kuke-ctr cannot see where the output goes: it may be discarded or go "
            "to a log file"
        )
    if found.socket is None:
        yield f"when {name} exits, its exit status is printed here; ctr keeps no copy"
