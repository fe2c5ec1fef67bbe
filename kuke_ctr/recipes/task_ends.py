"""Waiting for tasks to end, and their exit codes: nothing that others read is taken away."""

import os
import select
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

from kuke_ctr.backends.ctr import events, tasks
from kuke_ctr.backends.ctr.failures import failure_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError, NotFound, TimeLimit
from kuke_ctr.parse.events import parse_event
from kuke_ctr.parse.shim_state import exit_code_in
from kuke_ctr.processes.clock import milliseconds
from kuke_ctr.processes.descriptors import BLOCK, close_all
from kuke_ctr.processes.pipes import Pipes
from kuke_ctr.records import Event, RowsRefused, Task, TaskStatus

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0
"""Seconds between two looks where no event says that there is something to see."""

_OF_REPLAY = 1.0
"""Seconds after which a recording that ends before the task does is given up."""

_EVENT_SECONDS = 1.0
"""How long the event of a task that has gone may take."""

_PATIENCE = 5.0
"""Seconds for the answer of a shim."""


class Ended(NamedTuple):
    """A task that has ended; `code` is None where nobody could tell how."""

    id: str
    code: int | None


class TaskEnds:
    """The ends of the tasks of a namespace, watched by `ctr events` while the block runs.

    An event says the exit code also where a client deletes the task at once (`ctr run` in the
    foreground). `ctr tasks ls` every now and then finds what ended before the events came. Of a
    stopped task the shim tells the code (`ctr shim --id ID state`).
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._pipes: Pipes | None = None
        self._rest = b""
        self._codes: dict[tuple[str, int], int] = {}

    def __enter__(self) -> Self:
        run = self._scope.ctr.processes
        if not (run.replays or run.records or run.dry_run):  # a recording has no events in it
            self._pipes = events.exits(self._scope)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._forget()

    def until(self, waiting: Mapping[str, Task], deadline: float) -> Iterator[Ended]:
        """Each of these tasks once it has ended, until all have or the time is up.

        `waiting` are ids and tasks as they were seen running; `deadline` is a time of the monotonic
        clock. One that has gone, or was started anew, has ended. Raises RowsRefused where the list
        has a row that may be one of them.
        """
        left = dict(waiting)
        if self._scope.ctr.processes.replays:
            deadline = min(deadline, time.monotonic() + _OF_REPLAY)
        pause = _FIRST_PAUSE
        while left:
            self._pause(min(deadline, time.monotonic() + pause))
            over = [name for name, task in left.items() if (name, task.pid) in self._codes]
            over = over or self._over(left)
            for name in over:
                yield self._ended(name, left.pop(name))
            if not left or time.monotonic() >= deadline:
                return
            pause = _FIRST_PAUSE if over else min(pause * 2, _LONGEST_PAUSE)

    def code_of(self, name: str) -> int | None:
        """The exit code of a stopped task; None where its shim does not tell."""
        try:
            said = tasks.shim_state(self._scope, name, _PATIENCE)
        except KukeCtrError:  # not recorded, or silent
            return None
        return exit_code_in(said.stdout.decode(errors="replace")) if said.exit_code == 0 else None

    def _ended(self, name: str, task: Task) -> Ended:
        self._pause(0.0)  # what has come meanwhile
        if (name, task.pid) not in self._codes:
            code = self.code_of(name)
            if code is not None:
                return Ended(name, code)
            self._await_event(name, task)
        return Ended(name, self._codes.get((name, task.pid)))

    def _await_event(self, name: str, task: Task) -> None:
        """Wait for the event of a task that has gone: it was sent, and may take a moment."""
        until = time.monotonic() + _EVENT_SECONDS
        while self._pipes and (name, task.pid) not in self._codes and time.monotonic() < until:
            self._pause(until)

    def _over(self, left: dict[str, Task]) -> list[str]:
        (found,) = tasks.listed(self._scope.ctr, [self._scope.namespace])
        now = {task.id: task for task in found.records}
        if found.refused and not left.keys() <= now.keys():
            raise RowsRefused(found)
        silent = [name for name, task in left.items() if not task.pid and name in now]
        left.update((name, now[name]) for name in silent)  # its shim may answer by now
        return [name for name, task in left.items() if self._is_over(name, task, now.get(name))]

    def _is_over(self, name: str, task: Task, now: Task | None) -> bool:
        if now is None:
            return self._is_gone(name)
        if now.status == TaskStatus.UNKNOWN:  # its shim is silent, and its pid not known
            return False
        return now.status == TaskStatus.STOPPED or now.pid != task.pid

    def _is_gone(self, name: str) -> bool:
        """Whether there is no task: ctr 2.3 leaves out of the list one whose shim is silent."""
        try:
            said = tasks.look_at_processes(self._scope, name, _PATIENCE)
        except TimeLimit:
            return False
        return said.exit_code != 0 and isinstance(failure_of(said), NotFound)

    def _pause(self, until: float) -> None:
        """Wait until then, or until an event came."""
        if self._pipes is None:
            time.sleep(max(0.0, until - time.monotonic()))
            return
        poll = select.poll()
        poll.register(self._pipes.stdout, select.POLLIN)
        if poll.poll(milliseconds(until)):
            self._read(self._pipes.stdout)

    def _read(self, descriptor: int) -> None:
        chunk = os.read(descriptor, BLOCK)
        if not chunk:  # containerd has gone, or this ctr has no events: the list tells as well
            self._forget()
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            event = parse_event(line.decode(errors="surrogateescape"))
            if isinstance(event, Event):
                self._note(event)

    def _note(self, event: Event) -> None:
        said = event.event
        name, pid, code = said.get("container_id"), said.get("pid"), said.get("exit_status", 0)
        if said.get("id") == name and isinstance(pid, int) and isinstance(code, int):
            self._codes[str(name), pid] = code

    def _forget(self) -> None:
        if self._pipes is not None:
            with suppress(KukeCtrError):
                self._pipes.kill()
            close_all(self._pipes.stdin, self._pipes.stdout, self._pipes.stderr)
            self._pipes = None
