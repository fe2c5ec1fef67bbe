"""Runs calls of ctr: one, several side by side, a stream of lines, on pipes, in our place.

Every stream of a child is a descriptor: a file in memory for what is collected, so that there is
nothing to pump, no pipe that could fill up, and none of sh's threads beside a fork. A child leads a
session of its own, where the terminal's Ctrl-C does not reach it, and dies when we do.
"""

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kuke_ctr.errors import Interrupted, TimeLimit, UsageError
from kuke_ctr.processes.calls import Call, Result, shown, time_limit
from kuke_ctr.processes.child import Child, chunks, lines, wait_for_one
from kuke_ctr.processes.child_setup import IGNORED_BY_PYTHON, child_environment, interrupts_held
from kuke_ctr.processes.descriptors import open_standard_streams
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.jobs import Job, start_job
from kuke_ctr.processes.meanwhile import Meanwhile
from kuke_ctr.processes.pipes import Pipes, start_pipes
from kuke_ctr.processes.preflight import check_socket, find_program, find_ssh, not_started
from kuke_ctr.processes.tell import NOBODY, Teller

if TYPE_CHECKING:
    from kuke_ctr.processes.answers import Answerer
    from kuke_ctr.processes.recorder import Recorder

Heed = Callable[[], Sequence[int]]
"""Acts on what the user does while calls run; gives the descriptors that tell of more."""


PIPES, TERMINAL = "pipes", "terminal"

AT_ONCE = 8
"""How many children run side by side."""


class Processes:
    """Runs calls, or plans them, or answers them from recordings.

    `tell` hears of them, and without it nobody does: with `trace` 1 of each command before it runs,
    with 2 also of its time and exit code. Under `dry_run` calls are planned, and only probes run.
    `replay` answers in place of processes, `record` gets every call and result. `heed` may raise
    KeyboardInterrupt, which ends the calls that run. From the main thread: a child dies with its
    thread.
    """

    def __init__(
        self,
        *,
        trace: int = 0,
        dry_run: bool = False,
        tell: Teller = NOBODY,
        replay: "Answerer | None" = None,
        record: "Recorder | None" = None,
    ) -> None:
        self.trace = trace
        self.dry_run = dry_run
        self.tell = tell
        self._replay = replay
        self._record = record
        self._sockets: set[str] = set()
        self.heed: Heed = tuple

    @property
    def recorded_host(self) -> str | None:
        """The far host of the recordings that answer, where they are of one."""
        return self._replay.host if self._replay is not None else None

    @property
    def replays(self) -> bool:
        """Whether recordings answer in place of processes."""
        return self._replay is not None

    @property
    def records(self) -> bool:
        """Whether every call and its output is written down."""
        return self._record is not None

    def run(self, call: Call, meanwhile: Meanwhile | None = None) -> Result:
        """Run one call to its end; any exit code is a result, -9 is SIGKILL.

        `meanwhile` looks after it as long as it runs.
        Raises CtrMissing, Forbidden and CtrFailed (no daemon) before anything is started, TimeLimit
        and Interrupted once the child is gone.
        """
        return self.run_all([call], meanwhile)[0]

    def run_all(
        self,
        calls: Sequence[Call],
        meanwhile: Meanwhile | None = None,
        *,
        late_too: bool = False,
    ) -> list[Result]:
        """Run calls side by side, at most AT_ONCE; the results stand in the order of the calls.

        With `late_too` a call that its time limit ends is a result as well: its exit code is -9.
        Raises as `run`; then every child has been ended.
        """
        if self._replay is not None:
            self._replay.expect([call for call in calls if not self._is_planned(call)])
        results = [self._without_process(call, late_too=late_too) for call in calls]
        waiting = deque(i for i, result in enumerate(results) if result is None)
        ran = {i: self._prepare(calls[i]) for i in waiting}
        jobs: dict[int, Job] = {}
        try:
            while waiting or jobs:
                while waiting and len(jobs) < AT_ONCE:
                    i = waiting.popleft()
                    self._announce(calls[i])
                    with interrupts_held() as blocked:
                        jobs[i] = start_job(*ran[i], blocked)
                running = [job.child for job in jobs.values()]
                wait_for_one(running, _until(running, meanwhile), self.heed())
                ended = [i for i, job in jobs.items() if job.child.ended()]
                if meanwhile is not None:
                    _look_after(jobs.values(), meanwhile)
                for i in ended:
                    results[i] = jobs[i].result()
                    jobs.pop(i).close()
                    self._report(calls[i], results[i], named=len(calls) > 1)
                    _check_the_way(calls[i], results[i])
                self._hold_to_limits(jobs.values(), late_too)
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        finally:
            if meanwhile is not None:
                meanwhile.over()
            for job in jobs.values():
                job.close()
            for i in ran:
                self._keep(calls[i], results[i])
        return [result for result in results if result is not None]

    def run_by(self, call: Call, run: Callable[[Call], Result]) -> Result:
        """As `run`, where something else starts the process (`pexpect_door.watch`)."""
        known = self._without_process(call)
        if known is not None:
            return known
        ready, _ = self._prepare(call, TERMINAL)
        self._announce(call)
        result = run(ready)
        self._report(call, result)
        self._keep(call, result)
        return result

    def stream(self, call: Call) -> Generator[bytes, None, Result]:
        """The lines of a call's output as they arrive, with their newlines; in the end the result.

        The child starts when the first line is asked for; `close()` ends it. Any exit code is a
        result, whose stdout is empty. Raises as `run`.
        """
        known = self._without_process(call)
        if known is not None:
            yield from lines([known.stdout])
            # below 0: the reader had ended it, having seen enough
            return replace(known, exit_code=max(0, known.exit_code), stdout=b"")
        ready, program = self._prepare(call)
        self._announce(call)
        read_end, write_end = os.pipe()
        job = None
        try:
            try:
                with interrupts_held() as blocked:
                    job = start_job(replace(ready, stdout=write_end), program, blocked)
            finally:
                os.close(write_end)
            return (yield from self._read_lines(read_end, job))
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        finally:
            os.close(read_end)
            if job is not None:
                job.close()

    def _read_lines(self, read_end: int, job: Job) -> Generator[bytes, None, Result]:
        child = job.child
        late = False
        seen: list[bytes] = []
        try:
            for line in lines(chunks(read_end, child)):
                if self._record is not None:
                    seen.append(line)
                yield line
            child.wait(child.deadline)
            _check_the_way(child.call, job.result())
            return job.result()
        except TimeLimit:
            late = True
            raise
        finally:
            child.kill()
            result = replace(job.result(), stdout=b"".join(seen))
            job.close()
            self._report(child.call, result)
            self._keep(replace(child.call, stdout=None), result, timed_out=late)

    def open_pipes(self, call: Call) -> Pipes:
        """Start a call whose streams the caller relays; there is no time limit.

        A `call.stdin` of None is a pipe here; `call.stdout` means nothing. Raises CtrMissing,
        Forbidden, CtrFailed and Interrupted; UsageError under `replay`, and under `dry_run`, where
        a call is planned by `run`.
        """
        if self._replay is not None or self.dry_run:
            what = "dry run" if self._replay is None else "replay"
            raise UsageError(
                f"`{shown(call.argv)}` needs somebody to talk to: there is no {what} of it",
                hint=f"leave out --{what.replace(' ', '-')}",
            )
        ready, program = self._prepare(call, PIPES)
        self._announce(call)

        def ended(result: Result) -> None:
            self._report(call, result)
            self._keep(replace(call, stdin=-1, stdout=-1), result)  # nobody counted the bytes

        if ready.far is not None:
            from kuke_ctr.processes.far_pipes import start_far_pipes

            return start_far_pipes(ready, program, ended)
        return start_pipes(ready, program, ended)

    def become(self, call: Call) -> None:
        """Replace this process by the call (exec); it comes back under `dry_run` only.

        Raises CtrMissing, Forbidden and CtrFailed; UsageError under `replay` and `record`.
        """
        if self._replay is not None or self._record is not None:
            raise UsageError(
                f"`{shown(call.argv)}` cannot be recorded or replayed: it replaces kuke-ctr",
                hint="leave --record and --replay out",
            )
        if self._without_process(call) is not None:
            return
        ready, program = self._prepare(call)
        self._announce(call)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        before = {number: signal.signal(number, signal.SIG_DFL) for number in IGNORED_BY_PYTHON}
        try:
            os.execve(program, ready.process, child_environment(os.environ))  # noqa: S606
        except OSError as error:
            for number, handler in before.items():
                signal.signal(number, handler)
            raise not_started(call.argv, program, error.errno or 0) from None

    def tell_of(self, line: str) -> None:
        """A line for a shell that does what we do without a process: traced, or planned."""
        if self.dry_run:
            self.tell.planned(line)
        elif self.trace:
            self.tell.traced(f"+ {line}")

    def _is_planned(self, call: Call) -> bool:
        return self.dry_run and not call.probe

    def _without_process(self, call: Call, *, late_too: bool = False) -> Result | None:
        """The result of a call that is only planned or is replayed; None where it has to run."""
        if self._is_planned(call):
            self.tell.planned(call.line)
            return Result(call.argv, 0, b"", b"", 0.0, planned=True)
        if self._replay is None:
            return None
        self._announce(call)
        result = self._replay.answer(call, late_too=late_too)
        self._report(call, result)
        _check_the_way(call, result)
        return result

    def announce(self, call: Call) -> None:
        """A call begins that somebody else runs (`fleet_door`)."""
        self._announce(call)

    def ended(self, call: Call, result: Result | None) -> None:
        """Such a call has ended; None where its time limit ended it."""
        self._report(call, result, named=True)
        late = Result(call.argv, -9, b"", b"", call.timeout or 0.0)
        self._keep(call, result or late, timed_out=result is None)

    def _prepare(self, call: Call, way: str = "") -> tuple[Call, str]:
        """The call and its program's path, after a look whether the call can work at all.

        `way` says of a far call that it is on PIPES or on a TERMINAL, and not just collected.
        """
        if call.far is not None:
            return self._through_ssh(call, call.far, way)
        program = find_program(call.argv)
        if call.socket and call.socket not in self._sockets:
            check_socket(call.socket, call.argv)
            self._sockets.add(call.socket)
        open_standard_streams()
        return call, program

    def _through_ssh(self, call: Call, far: Far, way: str) -> tuple[Call, str]:
        from kuke_ctr.processes.far_calls import through_ssh  # late: mostly it is this host

        open_standard_streams()
        program = find_ssh(call.typed_argv)
        options = self._ssh_options(call, far, program)
        return through_ssh(call, far, way, options), program

    def _ssh_options(self, call: Call, far: Far, program: str) -> tuple[str, ...]:
        """Those of a connection that all calls to the host share; ssh may ask for a password."""
        from kuke_ctr.processes.ssh_master import options_for

        try:
            return options_for(far, program, call.typed_argv, call.timeout)
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None

    def _announce(self, call: Call) -> None:
        if (self.trace or self.dry_run) and not call.silent:
            self.tell.traced(f"+ {call.line}")

    def _report(self, call: Call, result: Result | None, *, named: bool = False) -> None:
        if self.trace > 1 and result is not None and not call.silent:
            name = f" {shown(call.argv)}" if named else ""
            took = f"{result.seconds * 1000:.0f} ms"
            self.tell.traced(f"+ [{took}, exit {result.exit_code}]{name}")

    def _keep(self, call: Call, result: Result | None, *, timed_out: bool = False) -> None:
        if self._record is not None and result is not None:
            self._record.write(call, result, timed_out=timed_out)

    def _hold_to_limits(self, jobs: Iterable[Job], late_too: bool) -> None:
        for job in jobs:
            if time.monotonic() >= job.child.deadline:
                job.child.kill()
                if late_too:
                    continue
                self._keep(job.child.call, job.result(), timed_out=True)
                raise time_limit(job.child.call)


def _check_the_way(call: Call, result: Result | None) -> None:
    """Raise where a far call did not reach its program: that is no answer of ctr's."""
    if call.far is not None and result is not None and result.exit_code > 0:
        from kuke_ctr.processes.ssh_failures import failure_on_the_way

        error = failure_on_the_way(call, result)
        if error is not None:
            raise error


def _until(running: Iterable[Child], meanwhile: Meanwhile | None) -> float:
    """When the next thing is to be done, if none of these ends before."""
    until = min(child.deadline for child in running)
    return until if meanwhile is None else min(until, time.monotonic() + meanwhile.every)


def _look_after(jobs: Iterable[Job], meanwhile: Meanwhile) -> None:
    """A look at what runs; a call that has ended has had the last one."""
    for job in jobs:
        if job.child.exit_code is None:
            meanwhile.look(job.child.pid, job.stdout)
        else:
            meanwhile.over()
