"""Many hosts at once: the one door to ClusterShell, its engine, its node sets and its groups.

ClusterShell's engine knows which clients run, how many may (`fanout`), and when each is late; the
processes are started and ended as everywhere (`jobs.py`). It sees the end of one by its pidfd, so
nothing has to be pumped: outputs are nameless files.
"""

import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

from ClusterShell.NodeSet import NodeSet, NodeSetException
from ClusterShell.NodeUtils import GroupResolverError, GroupSourceError
from ClusterShell.Task import Task, task_terminate
from ClusterShell.Worker.EngineClient import EngineClient, EngineClientEOF
from ClusterShell.Worker.Worker import Worker

from kuke_ctr.errors import Interrupted, KukeCtrError, UsageError
from kuke_ctr.processes.answers import Answer
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.child_setup import interrupts_held
from kuke_ctr.processes.clock import FOREVER
from kuke_ctr.processes.descriptors import open_standard_streams
from kuke_ctr.processes.door import start_light
from kuke_ctr.processes.far import OF_MANY
from kuke_ctr.processes.far_calls import through_ssh
from kuke_ctr.processes.jobs import Job, start_job
from kuke_ctr.processes.preflight import find_program, find_ssh

_DESCRIPTORS = 5
"""That one client takes at most: its streams, its lifeline, its end."""

_OTHERS = 100
"""Descriptors that are left for everything else."""


class Work(Protocol):
    """What is done on one host: calls, further calls once these have answers, and an end.

    `until` is when its time is over, in seconds of the monotonic clock; it is known from the first
    call on.
    """

    until: float

    def go_on(self) -> Sequence[Call]:
        """The calls that are needed now, which run side by side; none where it is done."""

    def answered(self, call: Call, result: Answer) -> None:
        """A call has ended, or could not be started."""


class Teller(Protocol):
    """Who tells of calls (`runner.Processes`)."""

    def announce(self, call: Call) -> None:
        """A call begins."""

    def report(self, call: Call, result: Result | None, *, named: bool = False) -> None:
        """A call has ended."""

    def keep(self, call: Call, result: Result | None, *, timed_out: bool = False) -> None:
        """What it gave is to be recorded, if anything is."""


def names_of(text: str) -> tuple[str, ...]:
    """The hosts of `web[1-500]`, `@group`, `a,b`, in their order; UsageError where there is none.

    Groups are those of ClusterShell's configuration. Nothing is known yet of what the names mean.
    """
    try:
        names = tuple(map(str, NodeSet(text)))
    except (NodeSetException, GroupResolverError, GroupSourceError) as error:
        raise UsageError(f"--hosts {text!r} cannot be read: {error}", hint=_FORM) from None
    if not names:
        raise UsageError(f"--hosts {text!r} names no host", hint=_FORM)
    return names


def folded(names: Collection[str]) -> str:
    """Many names as one: `web[1-98,100]`."""
    return str(NodeSet.fromlist(names)) if len(names) > 1 else "".join(names)


_FORM = (
    "for example web[1-500], web1,web2 or @group; `nodeset -LL` lists the groups (ClusterShell's "
    "groups.conf)"
)


def run_all(works: Iterable[Work], teller: Teller, fanout: int) -> None:
    """Do the works, those of `fanout` hosts at once, and never more calls than that side by side.

    A host that is done makes room for the next, so what is kept in memory is of `fanout` hosts.
    Raises Interrupted and whatever a work raises, once every process has been ended.
    """
    _require_pidfds()
    _make_room(fanout)
    open_standard_streams()
    task = Task(thread=threading.current_thread())
    task.set_info("fanout", fanout)
    fleet = _Fleet(task, iter(works), teller, fanout)
    try:
        fleet.start()
        task.run()
    except KeyboardInterrupt:
        raise Interrupted("interrupted") from None
    finally:
        fleet.end()
        task_terminate()


def _prepared(call: Call) -> tuple[Call, str]:
    """The call as it is run, and its program's path.

    Each has a connection of its own, unless ~/.ssh/config says otherwise, and asks nobody.
    """
    if call.far is None:
        return call, find_program(call.argv)
    program = find_ssh(call.typed_argv)
    return through_ssh(call, call.far, "", OF_MANY), program


def _require_pidfds() -> None:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (OSError, AttributeError):
        raise UsageError(
            "--hosts needs Linux 5.3 or later on this host (pidfd_open)",
            hint="ask the hosts one after the other, with --host",
        ) from None


def _make_room(fanout: int) -> None:
    """Let this process have the descriptors for that many clients; UsageError where it may not."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = fanout * _DESCRIPTORS + _OTHERS
    if needed <= soft or soft == resource.RLIM_INFINITY:
        return
    if needed > hard and hard != resource.RLIM_INFINITY:
        most = (hard - _OTHERS) // _DESCRIPTORS
        raise UsageError(
            f"--fanout {fanout} needs {needed} open files, and this shell allows {hard}",
            hint=f"use --fanout {most}, or `ulimit -Hn` of more",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _ended() -> int:
    """A descriptor that can be read, of a process that has ended already."""
    read_end, write_end = os.pipe()
    os.close(write_end)
    return read_end


class _Fleet:
    """The works that go on, and those that wait."""

    def __init__(self, task: Any, works: Iterator[Work], teller: Teller, fanout: int) -> None:
        self._task = task
        self._works = works
        self._teller = teller
        self._room = fanout
        self._clients: set[_Client] = set()
        self._ending = False

    def start(self) -> None:
        """Begin as many works as there is room for."""
        while self._room > 0:
            work = next(self._works, None)
            if work is None:
                return
            if self._goes_on(work):
                self._room -= 1

    def _goes_on(self, work: Work) -> bool:
        """Schedule what a work needs now; False where it is done."""
        calls = work.go_on()
        open_calls = set(range(len(calls)))

        def ended(index: int, result: Answer) -> None:
            work.answered(calls[index], result)
            open_calls.discard(index)
            if not open_calls and not self._goes_on(work):
                self._room += 1
                self.start()

        for index, call in enumerate(calls):
            self._schedule(work, call, partial(ended, index))
        return bool(calls)

    def _schedule(self, work: Work, call: Call, ended: Callable[[Answer], None]) -> None:
        worker = _OneCall(None)

        def closed(client: _Client, result: Answer) -> None:
            self._clients.discard(client)
            if not self._ending:
                self._tell_of(call, result)
                ended(result)

        def start() -> None:
            ready, program = _prepared(call)
            self._teller.announce(call)
            with interrupts_held() as blocked:  # once they come, `end` has to find the job
                client.job = start_job(ready, program, blocked, start_light)

        client = _Client(worker, work, call, start, closed)
        worker.client = client
        self._clients.add(client)
        self._task.schedule(worker)

    def _tell_of(self, call: Call, result: Answer) -> None:
        if isinstance(result, KukeCtrError):
            return
        self._teller.report(call, result, named=True)
        late = Result(call.argv, -9, b"", b"", call.timeout or 0.0)
        self._teller.keep(call, result or late, timed_out=result is None)

    def end(self) -> None:
        """End every process; nobody hears of what was left to do."""
        self._ending = True
        for client in [*self._clients]:
            client.end()


class _OneCall(Worker):  # type: ignore[misc]  # ClusterShell has no types
    """ClusterShell's unit of work: one client."""

    client: "_Client"

    def _engine_clients(self) -> list["_Client"]:
        return [self.client]

    def abort(self) -> None:
        """End it."""
        self.client.abort()


class _Client(EngineClient):  # type: ignore[misc]
    """One process, as ClusterShell's engine sees it: a stream that can be read when it ends."""

    def __init__(
        self,
        worker: _OneCall,
        work: Work,
        call: Call,
        start: Callable[[], None],
        closed: Callable[["_Client", Answer], None],
    ) -> None:
        super().__init__(worker, None, True, None, False)
        self._work = work
        self._call = call
        self._run = start
        self._closed = closed
        self.job: Job | None = None
        self._error: KukeCtrError | None = None

    def _start(self) -> "_Client":
        """Called by the engine once there is room; the time limit counts from here."""
        limit = self._call.timeout
        left = self._work.until - time.monotonic()
        self.fire_delay = max(0.0, left if limit is None else min(limit, left))
        if self.fire_delay == FOREVER:
            self.fire_delay = -1.0
        try:
            self._run()
        except KukeCtrError as error:  # of this host: the others go on
            self._error = error
        if self.job is None or self.job.child.ended():
            self.streams.set_reader("end", _ended())
        else:
            self.streams.set_reader("end", self.job.child.end, closefd=False)
        return self

    def _handle_read(self, sname: str) -> None:
        raise EngineClientEOF

    def _close(self, abort: bool, timeout: bool) -> None:
        """Called by the engine: the process has ended, or is late, or all are aborted."""
        self.streams.clear()
        self.invalidate()
        result = self._answer(timeout)
        self.end()
        if timeout or not abort:  # aborted: nobody waits for an answer any more
            self._closed(self, result)

    def _answer(self, timeout: bool) -> Answer:
        job = self.job
        if job is None:
            return self._error
        late = timeout and not job.child.ended()
        job.child.kill()
        return None if late else job.result()

    def end(self) -> None:
        """End the process, if there is one."""
        job, self.job = self.job, None
        if job is not None:
            job.close()
