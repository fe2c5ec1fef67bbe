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
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kuke_ctr.errors import Interrupted, TimeLimit, Unreadable, UsageError
from kuke_ctr.processes.calls import PIPES, TERMINAL, Call, Result, shown, time_limit
from kuke_ctr.processes.child import chunks, lines, wait_for_one
from kuke_ctr.processes.child_setup import IGNORED_BY_PYTHON, child_environment, interrupts_held
from kuke_ctr.processes.descriptors import open_standard_streams
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.jobs import Job, check_the_way, look_after, next_look, start_job
from kuke_ctr.processes.preflight import check_socket, find_program, find_ssh, not_started
from kuke_ctr.processes.tell import NOBODY, Teller

if TYPE_CHECKING:
    from kuke_ctr.processes.answers import Answerer
    from kuke_ctr.processes.meanwhile import Meanwhile
    from kuke_ctr.processes.pipes import Pipes
    from kuke_ctr.processes.recorder import Recorder

Heed = Callable[[], Sequence[int]]
"""Acts on what the user does while calls run; gives the descriptors that tell of more."""

Spare = Callable[[int, Result], Collection[int]]
"""Takes the number of a call that has ended, and its result; gives those that are needless now."""

AT_ONCE = 8
"""How many children run side by side."""


class Processes:
    """Runs calls, or plans them, or answers them from recordings.

    `tell` hears of them, and without it nobody does: with `trace` 1 of each command before it runs,
    with 2 also of its time and exit code. Under `dry_run` calls are planned, and only probes run.
    `replay` answers in place of processes, `record` gets every call and result. `heed` may raise
    KeyboardInterrupt, which ends what runs. From the main thread: a child dies with its thread.
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
        self._beside: list[Call] = []
        self._known: dict[Call, Result] = {}
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

    def ask_beside(self, calls: Iterable[Call]) -> None:
        """Run these beside the next calls; who runs one of them afterwards gets that answer.

        Each answer is given once. A dry run and a replay wait for no process: nothing is asked.
        """
        if not self.dry_run and not self.replays:
            self._beside += calls

    def run(self, call: Call, meanwhile: "Meanwhile | None" = None) -> Result:
        """Run one call to its end; any exit code is a result, -9 is SIGKILL.

        `meanwhile` looks after it. Raises CtrMissing, Forbidden and CtrFailed (no daemon) before
        anything is started, TimeLimit and Interrupted once the child is gone.
        """
        return self.run_all([call], meanwhile)[0]

    def run_all(
        self,
        calls: Sequence[Call],
        meanwhile: "Meanwhile | None" = None,
        *,
        late_too: bool = False,
    ) -> list[Result]:
        """Run calls side by side, at most AT_ONCE; the results stand in the order of the calls.

        With `late_too` a call that its time limit ends is a result as well: its exit code is -9.
        Raises as `run`; then every child has been ended.
        """
        results = self.run_needed(calls, lambda i, result: (), meanwhile, late_too=late_too)
        return [result for result in results if result is not None]

    def run_needed(
        self,
        calls: Sequence[Call],
        spare: Spare,
        meanwhile: "Meanwhile | None" = None,
        *,
        late_too: bool = False,
    ) -> list[Result | None]:
        """As `run_all`, but without the calls that `spare` calls needless: their result is None.

        Such a call is not started, or ended by SIGKILL. It is not recorded: a replay lacks it too.
        """
        beside, self._beside = self._beside, []

        def of_these(i: int, result: Result) -> Collection[int]:
            return spare(i, result) if i < len(calls) else ()

        results = self._run_each([*calls, *beside], of_these, meanwhile, late_too)
        answers = zip(beside, results[len(calls) :], strict=True)
        self._known.update((call, answer) for call, answer in answers if answer is not None)
        return results[: len(calls)]

    def _run_each(
        self,
        calls: Sequence[Call],
        spare: Spare,
        meanwhile: "Meanwhile | None",
        late_too: bool,
    ) -> list[Result | None]:
        results, waiting = self._without_processes(calls, spare, late_too)
        ran = {i: self._prepare(calls[i]) for i in waiting}
        jobs: dict[int, Job] = {}
        try:
            while waiting or jobs:
                while waiting and len(jobs) < AT_ONCE:
                    i = waiting.popleft()
                    self.announce(calls[i])
                    with interrupts_held() as blocked:
                        jobs[i] = start_job(*ran[i], blocked)
                running = [job.child for job in jobs.values()]
                wait_for_one(running, next_look(running, meanwhile), self.heed())
                ended = {i: job.result() for i, job in jobs.items() if job.child.ended()}
                if meanwhile is not None:
                    look_after(jobs.values(), meanwhile)
                for i, result in ended.items():
                    results[i] = result
                    jobs.pop(i).close()
                    self.report(calls[i], result, named=len(calls) > 1)
                    check_the_way(calls[i], result)
                for needless in _needless(ended, spare):
                    if needless in jobs:
                        jobs.pop(needless).close()
                    elif needless in waiting:
                        waiting.remove(needless)
                self._hold_to_limits(jobs.values(), late_too)
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        finally:
            if meanwhile is not None:
                meanwhile.over()
            for job in jobs.values():
                job.close()
            for i in ran:
                self.keep(calls[i], results[i])
        return results

    def run_by(self, call: Call, run: Callable[[Call], Result]) -> Result:
        """As `run`, where something else starts the process (`pexpect_door.watch`)."""
        known = self._without_process(call)
        if known is not None:
            return known
        ready, _ = self._prepare(call, TERMINAL)
        self.announce(call)
        result = run(ready)
        self.report(call, result)
        self.keep(call, result)
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
            return known._replace(exit_code=max(0, known.exit_code), stdout=b"")
        ready, program = self._prepare(call)
        self.announce(call)
        read_end, write_end = os.pipe()
        job = None
        try:
            try:
                with interrupts_held() as blocked:
                    job = start_job(ready._replace(stdout=write_end), program, blocked)
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
            check_the_way(child.call, job.result())
            return job.result()
        except TimeLimit:
            late = True
            raise
        finally:
            child.kill()
            result = job.result()._replace(stdout=b"".join(seen))
            job.close()
            self.report(child.call, result)
            self.keep(child.call._replace(stdout=None), result, timed_out=late)

    def open_pipes(self, call: Call) -> "Pipes":
        """Start a call whose streams the caller relays; there is no time limit.

        A `call.stdin` of None is a pipe here; `call.stdout` means nothing. Raises CtrMissing,
        Forbidden, CtrFailed and Interrupted; UsageError under `replay`, and under `dry_run`, where
        a call is planned by `run`.
        """
        if self._replay is not None or self.dry_run:
            what = "dry run" if self._replay is None else "replay"
            message = f"`{shown(call.argv)}` needs somebody to talk to: there is no {what} of it"
            raise UsageError(message, hint=f"leave out --{what.replace(' ', '-')}")
        ready, program = self._prepare(call, PIPES)
        self.announce(call)

        def ended(result: Result) -> None:
            self.report(call, result)
            self.keep(call._replace(stdin=-1, stdout=-1), result)  # nobody counted the bytes

        from kuke_ctr.processes.pipes import start_pipes  # late: most calls only collect

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
        self.announce(call)
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

    def _without_process(self, call: Call, *, late_too: bool = False) -> Result | None:
        """The result of a call that is planned, replayed or known; None where it has to run."""
        if call in self._known:
            return self._known.pop(call)
        if self.dry_run and not call.probe:
            self.tell.planned(call.line)
            return Result(call.argv, 0, b"", b"", 0.0, planned=True)
        if self._replay is None:
            return None
        self.announce(call)
        result = self._replay.answer(call, late_too=late_too)
        self.report(call, result)
        check_the_way(call, result)
        return result

    def _without_processes(
        self, calls: Sequence[Call], spare: Spare, late_too: bool
    ) -> tuple[list[Result | None], deque[int]]:
        """The same of several calls, and the numbers of those that have to run."""
        if self._replay is not None:
            self._replay.expect([call for call in calls if call.probe or not self.dry_run])
        results: list[Result | None] = []
        missing: dict[int, Unreadable] = {}
        for i, call in enumerate(calls):
            try:
                results.append(self._without_process(call, late_too=late_too))
            except Unreadable as error:  # of the recording
                results.append(None)
                missing[i] = error
        known = {i: result for i, result in enumerate(results) if result is not None}
        for i in missing.keys() - _needless(known, spare):
            raise missing[i]
        to_run = range(len(calls)) if self._replay is None else ()
        return results, deque(i for i in to_run if i not in known)

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
        return through_ssh(call, far, way, self._ssh_options(call, far, program)), program

    def _ssh_options(self, call: Call, far: Far, program: str) -> tuple[str, ...]:
        """Those of a connection that all calls to the host share; ssh may ask for a password."""
        from kuke_ctr.processes.ssh_master import options_for

        try:
            return options_for(far, program, call.typed_argv, call.timeout)
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None

    def announce(self, call: Call) -> None:
        """A call begins: trace it."""
        if (self.trace or self.dry_run) and not call.silent:
            self.tell.traced(f"+ {call.line}")

    def report(self, call: Call, result: Result | None, *, named: bool = False) -> None:
        """A call has ended: trace its time and exit code."""
        if self.trace > 1 and result is not None and not call.silent:
            said = f"+ [{result.seconds * 1000:.0f} ms, exit {result.exit_code}]"
            self.tell.traced(f"{said} {shown(call.argv)}" if named else said)

    def keep(self, call: Call, result: Result | None, *, timed_out: bool = False) -> None:
        """Write a call down, where that was asked for."""
        if self._record is not None and result is not None:
            self._record.write(call, result, timed_out=timed_out)

    def _hold_to_limits(self, jobs: Iterable[Job], late_too: bool) -> None:
        for job in jobs:
            if time.monotonic() >= job.child.deadline:
                job.child.kill()
                if late_too:
                    continue
                self.keep(job.child.call, job.result(), timed_out=True)
                raise time_limit(job.child.call)


def _needless(ended: Mapping[int, Result], spare: Spare) -> set[int]:
    return {needless for i, result in ended.items() for needless in spare(i, result)}
