"""Where the output of a container is kept, found without attaching to it, and when its task ends.

The places, first match wins: Kukeon's files under the run path; the log of our own `run -d`; the
`capture` of the kuketty that holds its terminal; the file that its shim writes (docs/logs.md).
"""

import os
import select
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Self

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import Forbidden, FoundWrong, KukeCtrError, NotFound, Reason
from kuke_ctr.kukeon.cells import CellContainer, find_container
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.members import Member
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.names import check_name
from kuke_ctr.parse.container_info import LOGS, ContainerInfo
from kuke_ctr.processes.proc import PROC, words_of
from kuke_ctr.processes.shell_words import shell_line
from kuke_ctr.recipes.cell_members import Members
from kuke_ctr.recipes.log_file import Identity, LogFile, Reader, open_log
from kuke_ctr.recipes.log_owners import owner_of
from kuke_ctr.recipes.nerdctls_own import made_by_nerdctl, places
from kuke_ctr.records import Task, TaskStatus
from kuke_ctr.terminals.task_io import IoKind, TaskIO, shims_write, task_io

CAPTURE = "capture"
"""kuketty's record of all terminal output, in its folder."""

_PATIENCE = 5.0
"""Seconds for ctr to tell the pid of a task: what the task prints meanwhile is not shown yet."""

_LOOK_EVERY = 0.1
_LOOK_AGAIN = 0.02
"""Seconds between two looks at a file, and the same once its task has ended."""

_SETTLE_LIMIT = 5.0
_SETTLE_QUIET = 0.5
"""Seconds for a shim to write the rest, where it can be seen doing so, and where not."""


class LogKind(StrEnum):
    """What a log is; a CAPTURE is all that came out of a terminal, SETUP what was done before there
    was one, a STALE one nobody vouches for because containerd can't be asked."""

    KUKEON = "Kukeon's log"
    CAPTURE = "the terminal output that kuketty recorded"
    SETUP = (
        "kuketty's own log: the container is being set up, or its setup failed, and no terminal "
        "output is recorded yet"
    )
    OWN = "the log of `kuke-ctr run`"
    STALE = (
        "a log of `kuke-ctr run` with this name; containerd does not answer, so it may belong to "
        "another container"
    )
    SHIM = "the file that its shim writes"


@dataclass(frozen=True, slots=True)
class FoundLog:
    """A log that can be opened, and what it is; `then` is what is written after it."""

    file: LogFile
    kind: LogKind
    then: LogFile | None = None


def default_log(namespace: str, container: str) -> Path:
    """Where the log of `kuke-ctr run -d` is by default; both names are checked."""
    check_name(namespace, "namespace")
    return LOGS / namespace / f"{check_name(container, 'container')}.log"


def find(host: Host, realm: Resolution, container: str, *, proc: Path | None = PROC) -> FoundLog:
    """The log of a container. `proc` is None where the processes are another host's (a replay).

    Raises NotFound; FoundWrong where its output is kept nowhere, Forbidden where it may not be seen
    or is refused; what a ctr that does not answer raises, once the places on disk had nothing.
    """
    check_name(container, "container")
    scope = Scope(host.ctr, realm.namespace)
    cell, hidden = None, None
    try:
        cell = find_container(host.settings.run_path, realm, container)
    except Forbidden as error:
        hidden = error
    log = _of_kukeon(cell)
    if log is not None:
        return log
    if cell is not None and cell.root and cell.logs:
        raise FoundWrong(
            f"{container} has no log: as the root container of a Kukeon cell it only holds the "
            "network, and its output is discarded",
            hint="the other containers of the cell have logs; "
            f"{scope.line('containers', 'ls')} lists them",
        )
    try:
        whose = Members(scope, host.settings.run_path, realm)
        return _asked(scope, container, cell, proc, whose)
    except NotFound:
        raise
    except (FoundWrong, Forbidden) as error:
        raise hidden or error from None
    except KukeCtrError as error:
        return _without_daemon(scope, container, cell, hidden or error)


def known(
    host: Host, realm: Resolution, info: ContainerInfo, pid: int | None, *, proc: Path | None = PROC
) -> FoundLog | None:
    """The log of a container of which all is known, `pid` of its task; no call is made.

    None where it is kept nowhere, may not be seen, or is on another host. `proc` as in `find`.
    """
    if host.ctr.far is not None:  # a file of this host may have the same name
        return None
    try:
        cell = find_container(host.settings.run_path, realm, info.id)
        log = _of_kukeon(cell) or _of_info(realm.namespace, info)
    except KukeCtrError:
        return None
    if log is not None or not pid or proc is None:
        return log
    return _held(task_io(pid, realm.namespace, info.id, proc=proc, readers=False))


def _held(seen: TaskIO | None) -> FoundLog | None:
    """The file that a shim writes into."""
    if seen is None or seen.kind is not IoKind.LOG or seen.held is None:
        return None
    with suppress(OSError):
        path = seen.log or seen.held.readlink()
        return FoundLog(LogFile(path, Path(path.anchor), seen.held), LogKind.SHIM)
    return None


def _of_kukeon(cell: CellContainer | None) -> FoundLog | None:
    if cell is None:
        return None
    for path in cell.outputs():
        kind = LogKind.CAPTURE if path.name == CAPTURE else LogKind.KUKEON
        log = _if_there(LogFile(path, cell.base), kind)
        if log is not None:
            return log
    return _of_setup(cell.kuketty, cell.base) if cell.kuketty is not None else None


def _of_setup(folder: Path, base: Path) -> FoundLog | None:
    """What a kuketty has done that does not hold the terminal yet."""
    log = _if_there(LogFile(folder / "kuketty.log", base), LogKind.SETUP)
    return log and replace(log, then=LogFile(folder / CAPTURE, base))


def _if_there(file: LogFile, kind: LogKind) -> FoundLog | None:
    descriptor = open_log(file)
    if descriptor is None:
        return None
    os.close(descriptor)
    return FoundLog(file, kind)


def _without_daemon(
    scope: Scope, container: str, cell: CellContainer | None, error: KukeCtrError
) -> FoundLog:
    """What can be said where ctr gives no answer."""
    if cell is not None and not cell.logs:
        raise _in_fifos_of_old(scope, container) from None
    log = _if_there(LogFile(default_log(scope.namespace, container), LOGS), LogKind.STALE)
    if log is None:
        what = f"no log of {container} was found on disk, and containerd does not answer"
        raise error.but(message=f"{what}: {error.message}") from None
    return log


def _asked(
    scope: Scope, container: str, cell: CellContainer | None, proc: Path | None, whose: Members
) -> FoundLog:
    info = containers.facts(scope, container)
    log = _of_info(scope.namespace, info)
    if log is not None:
        return log
    kept = _kept_by_others(scope, info)
    task = tasks.states(scope).get(container)
    if task is None or not task.living:
        raise kept or _nothing_left(scope, info, cell, task, whose.of(info.id, info.labels))
    return _of_shim(task, scope, info, cell, proc, kept)


def _of_info(namespace: str, info: ContainerInfo) -> FoundLog | None:
    """The log of our own `run -d`, and what kuketty has recorded, as `containers info` names it."""
    own = info.own_log(LOGS / namespace)
    log = _if_there(LogFile(own, LOGS), LogKind.OWN) if own is not None else None
    if log is not None or info.kuketty is None:
        return log
    anchor = Path(info.kuketty.anchor)
    log = _if_there(LogFile(info.kuketty / CAPTURE, anchor), LogKind.CAPTURE)
    return log or _of_setup(info.kuketty, anchor)


def _of_shim(
    task: Task,
    scope: Scope,
    info: ContainerInfo,
    cell: CellContainer | None,
    proc: Path | None,
    kept: FoundWrong | None,
) -> FoundLog:
    seen = task_io(task.pid, scope.namespace, info.id, proc=proc) if proc is not None else None
    held = _held(seen)
    if held is not None:
        return held
    match seen.kind if seen is not None else IoKind.UNKNOWN:
        case IoKind.NULL:
            raise FoundWrong(
                f"{info.id} has no log: its output is discarded (null IO)",
                hint=f"{scope.line('exec', '-t', info.id, 'sh')} opens a shell in it",
            )
        case IoKind.FIFO | IoKind.TERMINAL if seen is not None:
            raise kept or _in_fifos(scope, info.id, seen.readers)
    if cell is not None and not cell.logs:
        raise _in_fifos_of_old(scope, info.id)
    _refuse_label(scope.namespace, info)
    if kept is not None:
        raise kept
    if os.geteuid() != 0:
        raise Forbidden(
            f"only root can see where the output of {info.id} goes",
            hint="run the same command with --sudo",
        )
    raise FoundWrong(
        f"no log of {info.id} was found: its shim writes to no file",
        hint="it may have been started with a logging program (binary://)",
    )


def _nothing_left(
    scope: Scope,
    info: ContainerInfo,
    cell: CellContainer | None,
    task: Task | None,
    one: Member | None,
) -> KukeCtrError:
    """The error for a container whose task is not running, and that has no log of its own."""
    _refuse_label(scope.namespace, info)
    if cell is not None and not cell.logs:
        return _in_fifos_of_old(scope, info.id)
    what = "has no task" if task is None else f"has ended (its task is {task.status})"
    return FoundWrong(
        f"{info.id} {what}, and no log of it exists",
        hint="next time, `kuke-ctr run -d` without -t, --fifo and --null-io keeps a log"
        if one is None
        else one.start_hint,
    )


def _refuse_label(namespace: str, info: ContainerInfo) -> None:
    """Raise Forbidden for a label that names a log, where nothing but the label says so."""
    if info.log is not None and info.own_log(LOGS / namespace) is None:
        raise Forbidden(
            f"the label kuke-ctr/log of {info.id} names {info.log}, but labels can come from the "
            "image, and nothing else confirms it; the file was not read",
            hint="if you trust this, read the file yourself: "
            f"`{shell_line(('tail', '--', str(info.log)))}`",
        )


def _kept_by_others(scope: Scope, info: ContainerInfo) -> FoundWrong | None:
    """The error for a container of Docker's, Kubernetes' or nerdctl's; None for no such one."""
    owner = owner_of(scope.namespace, info.id, info.labels, places(info, scope))
    if owner is None:
        return None
    return FoundWrong(
        f"{info.id} is a container of {owner.name}, which keeps its log itself",
        hint=owner.hint,
        reason=Reason.KEPT_BY_NERDCTL if made_by_nerdctl(info, scope.namespace) else None,
    )


def _in_fifos(scope: Scope, container: str, readers: Sequence[int] = ()) -> FoundWrong:
    """The error for output that goes to FIFOs: whoever attaches beside a reader takes from it."""
    for pid in readers:
        program = words_of(PROC / str(pid))[0].rpartition("/")[2]
        return FoundWrong(
            f"{container} has no log: its output goes through FIFOs to process {pid} ({program})",
            hint="look where that process writes; to attach as well would split the output: each "
            "reader gets only a part of it",
        )
    return FoundWrong(
        f"{container} has no log: its output goes to FIFOs, which keep nothing",
        hint=f"to see new output, attach: {scope.line('attach', container)}",
    )


def _in_fifos_of_old(scope: Scope, container: str) -> FoundWrong:
    return _in_fifos(scope, container).but(
        message=f"{container} has no log: Kukeon before 0.5 sends the output of containers to "
        "FIFOs, which keep nothing"
    )


def pid_of(host: Host, namespace: str, container: str) -> int:
    """The pid of the container's task; 0 where it has ended, or there is none.

    Runs `ctr tasks ls`, with little patience: what comes meanwhile is not shown. Raises FoundWrong
    where containerd does not know the pid (a hung shim), and the KukeCtrErrors of the call.
    """
    limit = min(host.ctr.timeout or _PATIENCE, _PATIENCE)
    task = tasks.states(Scope(replace(host.ctr, timeout=limit), namespace)).get(container)
    if task is None or task.status == TaskStatus.STOPPED:
        return 0
    if task.pid == 0 or not task.living:
        raise FoundWrong(f"the pid of {container} is not known: its task is {task.status}")
    return task.pid


def add_held(reader: Reader, pid: int, namespace: str, container: str) -> Path | None:
    """Have the reader read what the task's shim writes into as well; its name, if that is new.

    After a rotation by renaming the log that has the name is not the one that is written.
    """
    held = task_io(pid, namespace, container).held
    if held is None or not reader.also(held):
        return None
    return held.readlink()


class Until:
    """How long a log is followed; calling it waits a moment and says whether that was the end.

    It ends with the process `pid` (0: it has ended already; None: unknown, never), once its shim
    has written the rest; after `seconds`; and by BrokenPipeError when nobody reads `output` any
    more.
    """

    def __init__(
        self,
        pid: int | None,
        files: Callable[[], frozenset[Identity]],
        *,
        output: int = -1,
        seconds: float | None = None,
        proc: Path = PROC,
    ) -> None:
        self._files = files
        self._proc = proc
        self._deadline = float("inf") if seconds is None else time.monotonic() + seconds
        self._ended = float("inf") if pid != 0 else time.monotonic()
        self._process = -1
        if pid:
            try:
                self._process = os.pidfd_open(pid)
            except ProcessLookupError:
                self._ended = time.monotonic()
        self._poll = select.poll()
        for descriptor, events in ((output, 0), (self._process, select.POLLIN)):
            if descriptor >= 0:
                self._poll.register(descriptor, events)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget_process()

    def __call__(self) -> bool:
        """Wait a moment; True at the end."""
        now = time.monotonic()
        if self._ended <= now and self._settled(now):
            return True
        wait = _LOOK_AGAIN if self._ended <= now else _LOOK_EVERY
        wait = min(wait, max(self._deadline - now, 0))
        for descriptor, _ in self._poll.poll(wait * 1000):
            if descriptor != self._process:
                raise BrokenPipeError
            self._ended = time.monotonic()
            self._forget_process()
        return time.monotonic() >= self._deadline

    def _settled(self, now: float) -> bool:
        """Whether the rest was written, as far as it can be known."""
        writing = shims_write(self._files(), proc=self._proc)
        if writing is None:
            return now - self._ended > _SETTLE_QUIET
        return not writing or now - self._ended > _SETTLE_LIMIT

    def _forget_process(self) -> None:
        if self._process >= 0:
            with suppress(KeyError):
                self._poll.unregister(self._process)
            os.close(self._process)
            self._process = -1
