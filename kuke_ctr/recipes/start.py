"""What exec, run and start share: the process in the foreground, and what it means if it fails."""

import select
import signal
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from kuke_ctr.backends.ctr import tasks
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.failures import complaint_of, failure_of
from kuke_ctr.backends.ctr.failures.starting import failed_at_exec, start_failure
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.farewell import Farewell
from kuke_ctr.processes.runner import Processes
from kuke_ctr.records import TaskStatus
from kuke_ctr.terminals.attachment import AttachOptions, Ending, EndKind
from kuke_ctr.terminals.foreground import Finish, UserStreams, run_in_foreground

LOOK_LIMIT = 5.0
"""Seconds that a look whether a process has started may take."""
_STARTED_LIMIT = 2.0
"""The same while somebody waits: meanwhile their signals and time limit wait, too."""

ABSENT = ""
"""The status of a task that does not exist."""

NOT_RUNNING = (ABSENT, TaskStatus.CREATED, TaskStatus.STOPPED)
"""The statuses of a task that nothing is lost with."""

CLEANING_LIMIT = 30.0
"""Seconds for each call that puts things in order: nothing interrupts that."""

_ENDS_WITHIN = 5.0
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a process in the foreground ended.

    `exit_code` is what kuke-ctr exits with. `finished` is false where the process may run on:
    `signal` is what made us leave, `why` some words about it, `ran` whether it is known to have
    been started, `process` the id that it has where the names of its FIFOs told it.
    """

    exit_code: int
    finished: bool = True
    signal: int | None = None
    why: str = ""
    planned: bool = False
    ran: bool = False
    process: str | None = None


def unique_id(stem: str) -> str:
    """An id that nothing else has."""
    return f"{stem}-{uuid.uuid4().hex[:12]}"


def on_pipes(
    ctr: Ctr, call: Call, streams: UserStreams, started: Callable[[], bool], command: Sequence[str]
) -> Outcome:
    """Run a ctr whose process has no terminal.

    Raises what kept the process from starting: NotStarted, NotFound, CtrFailed.
    """
    if ctr.processes.dry_run:
        return Outcome(0, planned=ctr.processes.run(call).planned)
    finish = run_in_foreground(lambda: ctr.processes.open_pipes(call), streams, started)
    # the FIFOs of a ctr that has no socket here (`ssh HOST ctr`) are not to be seen
    opened = finish.opened if call.socket else None
    if finish.status == 1:
        error = (
            start_failure(finish.said, call, command, opened)
            if opened is False or not finish.ran
            else failed_at_exec(finish.said, call, command)
        )
        if error is not None:
            raise error
    with suppress(OSError):
        Farewell.write(streams.stderr, finish.held)
    outcome = outcome_of(finish)
    if outcome.finished and finish.why:
        tell(f"kuke-ctr: {finish.why}: the process got SIGTERM and has ended")
    return outcome


def outcome_of(finish: Finish) -> Outcome:
    """What became of a process whose client has ended like this."""
    # a ctr that a signal ended had not got to the point where it passes signals on
    finished = finish.status is not None and finish.status >= 0
    ran, process = finish.ran, finish.process
    return Outcome(finish.exit_code, finished, finish.signal, finish.why, ran=ran, process=process)


def on_terminal(ctr: Ctr, call: Call, options: AttachOptions, command: Sequence[str]) -> Outcome:
    """Run a ctr whose process has a terminal; raises as `on_pipes`."""
    from kuke_ctr.terminals.attach_ways import attach_pty

    endings: list[Ending] = []

    def run(call: Call) -> Result:
        ending = attach_pty(call, options)
        endings.append(ending)
        code = ending.exit_code if ending.status is None else ending.status
        return Result(call.argv, code, b"", ending.said, 0.0)

    result = ctr.processes.run_by(call, run)
    if not endings:
        return Outcome(0, planned=result.planned)
    ending = endings[0]
    if ending.kind is not EndKind.ENDED:
        return Outcome(
            ending.exit_code, False, signal=ending.signal, why=ending.why, ran=ending.printed
        )
    said = _without_noise(ending.said)
    if ending.status and complaint_of(said):
        # on a terminal of its own only ctr itself writes to stderr
        raise start_failure(said, call, command) or ctr.failure(result)
    ctr.pass_on(said)
    return Outcome(ending.exit_code)


def _without_noise(said: bytes) -> bytes:
    """What ctr said, but for a window that it could not resize: the process had ended already."""
    lines = said.splitlines(keepends=True)
    return b"".join(line for line in lines if b'msg="resize pty"' not in line)


def quiet_if_gone(ctr: Ctr) -> Ctr:
    """The same ctr, without a trace where nobody is there any more to read it."""
    poll = select.poll()
    poll.register(2, 0)
    if not poll.poll(0):
        return ctr
    return replace(ctr, processes=Processes(), notice=lambda text: None)


def hang_up(scope: Scope, name: str, exec_id: str, number: int) -> bool:
    """Signal an exec'd process whose ctr is gone; remove its record once it has ended.

    Whether it is known to have ended; it gets some seconds for that.
    """
    scope = scope._replace(ctr=replace(quiet_if_gone(scope.ctr), timeout=LOOK_LIMIT))
    until = time.monotonic() + _ENDS_WITHIN
    with suppress(KukeCtrError):  # no answer from containerd
        tasks.signal_exec(scope, name, exec_id, signal.Signals(number).name)
        while True:
            said = tasks.remove_exec(scope, name, exec_id)
            silent = said.exit_code >= 0 and not complaint_of(said.stderr)
            if silent or isinstance(failure_of(said), NotFound):
                return True
            if time.monotonic() > until:
                break
            time.sleep(_PAUSE)
    return False


def exec_started(scope: Scope, name: str, exec_id: str) -> Callable[[], bool]:
    """A look at `ctr tasks ps` whether the process of an exec runs."""

    def look() -> bool:
        with suppress(KukeCtrError):
            said = tasks.look_at_processes(scope, name, _STARTED_LIMIT)
            return exec_id.encode() in said.stdout
        return False

    return look


def task_started(scope: Scope, name: str) -> Callable[[], bool]:
    """A look at `ctr tasks ls` whether the task runs."""

    def look() -> bool:
        with suppress(KukeCtrError):
            limited = replace(scope.ctr, timeout=_STARTED_LIMIT)
            task = tasks.states(Scope(limited, scope.namespace)).get(name)
            return task is not None and task.status == TaskStatus.RUNNING
        return False

    return look


def task_status(scope: Scope, name: str) -> str | None:
    """The status of a task, ABSENT where there is none; None where that can't be known.

    By `ctr tasks ls`. As 2.3 leaves a task out whose shim is silent, `ctr tasks ps` has to say as
    well that there is none.
    """
    try:
        (listing,) = tasks.listed(replace(scope.ctr, timeout=LOOK_LIMIT), [scope.namespace])
        for one in listing.records:
            if one.id == name:
                return None if one.status == TaskStatus.UNKNOWN else one.status
        said = tasks.look_at_processes(scope, name, LOOK_LIMIT)
    except KukeCtrError:
        return None
    known = not listing.refused and said.exit_code != 0
    return ABSENT if known and isinstance(failure_of(said), NotFound) else None


def tell(text: str) -> None:
    """A line on stderr, if anybody is there to read it."""
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)
