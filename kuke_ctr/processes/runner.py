"""The one door to non-interactive processes, on sh.

Every stream of a child is a descriptor: a file in memory for what is collected, so that there is
nothing to pump, no pipe that could fill up, and none of sh's threads beside a fork. A child leads a
session of its own, where the terminal's Ctrl-C does not reach it, and dies when we do.
"""

import os
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from kuke_ctr.errors import CtrFailed, Interrupted, TimeLimit, UsageError
from kuke_ctr.processes.calls import Call, Result, mask, shown, time_limit
from kuke_ctr.processes.children import (
    IGNORED_BY_PYTHON,
    Child,
    Job,
    Pipes,
    Word,
    child_environment,
    chunks,
    close_all,
    dies_with_us,
    interrupts_held,
    lines,
    nameless_file,
    open_standard_streams,
    roomy_pipe,
    say,
    stdin_of,
    wait_for_one,
)
from kuke_ctr.processes.preflight import check_socket, find_program, not_started

if TYPE_CHECKING:
    import threading

    from kuke_ctr.processes.recordings import Player, Recorder

AT_ONCE = 8
"""How many children run side by side."""


class Processes:
    """The one door to non-interactive processes.

    `trace` 1 prints each command to stderr before it runs, 2 also time and exit code after it.
    `dry_run` prints calls to stdout, and runs only probes. `replay` answers in place of processes,
    `record` gets every call and result. From the main thread: a child dies with its thread.
    """

    def __init__(
        self,
        *,
        trace: int = 0,
        dry_run: bool = False,
        replay: "Player | None" = None,
        record: "Recorder | None" = None,
    ) -> None:
        self.trace = trace
        self.dry_run = dry_run
        self._replay = replay
        self._record = record
        self._sockets: set[str] = set()

    @property
    def replays(self) -> bool:
        """Whether recordings answer in place of processes."""
        return self._replay is not None

    def run(self, call: Call) -> Result:
        """Run one call to its end; any exit code is a result, -9 is SIGKILL.

        Raises CtrMissing, Forbidden and CtrFailed (no daemon) before anything is started, TimeLimit
        and Interrupted once the child is gone.
        """
        return self.run_all([call])[0]

    def run_all(self, calls: Sequence[Call]) -> list[Result]:
        """Run calls side by side, at most AT_ONCE; the results stand in the order of the calls.

        Raises as `run`; then every child has been ended.
        """
        results = [self._without_process(call) for call in calls]
        waiting = deque(i for i, result in enumerate(results) if result is None)
        ran = {i: self._prepare(calls[i]) for i in waiting}
        jobs: dict[int, Job] = {}
        try:
            while waiting or jobs:
                while waiting and len(jobs) < AT_ONCE:
                    i = waiting.popleft()
                    self._announce(calls[i])
                    with interrupts_held() as blocked:
                        jobs[i] = _start_job(calls[i], ran[i], blocked)
                running = [job.child for job in jobs.values()]
                wait_for_one(running, min(child.deadline for child in running))
                for i in [i for i, job in jobs.items() if job.child.ended()]:
                    results[i] = jobs[i].result()
                    jobs.pop(i).close()
                    self._report(calls[i], results[i], named=len(calls) > 1)
                self._hold_to_limits(jobs.values())
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        finally:
            for job in jobs.values():
                job.close()
            for i in ran:
                self._keep(calls[i], results[i])
        return [result for result in results if result is not None]

    def run_by(self, call: Call, run: Callable[[Call], Result]) -> Result:
        """As `run`, where another door starts the process (`terminal.converse`)."""
        known = self._without_process(call)
        if known is not None:
            return known
        self._prepare(call)
        self._announce(call)
        result = run(call)
        self._report(call, result)
        self._keep(call, result)
        return result

    def stream(self, call: Call) -> Generator[bytes, None, None]:
        """The lines of a call's output as they arrive, with their newlines.

        The child starts when the first line is asked for; `close()` ends it. After the last line an
        exit code other than 0 raises CtrFailed with what ctr said. Otherwise raises as `run`.
        """
        known = self._without_process(call)
        if known is not None:
            yield from lines([known.stdout])
            if known.exit_code > 0:  # below: the reader had ended it
                raise _failure(known)
            return
        program = self._prepare(call)
        self._announce(call)
        read_end, write_end = os.pipe()
        job = None
        try:
            try:
                with interrupts_held() as blocked:
                    job = _start_job(replace(call, stdout=write_end), program, blocked)
            finally:
                os.close(write_end)
            yield from self._read_lines(read_end, job)
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        finally:
            os.close(read_end)
            if job is not None:
                job.close()

    def _read_lines(self, read_end: int, job: Job) -> Generator[bytes, None, None]:
        child = job.child
        late = False
        seen: list[bytes] = []
        try:
            for line in lines(chunks(read_end, child)):
                if self._record is not None:
                    seen.append(line)
                yield line
            child.wait(child.deadline)
            if child.exit_code != 0:
                raise _failure(job.result())
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
        Forbidden, CtrFailed, and UsageError under `replay`; `dry_run` prints it and exits with 0.
        """
        if self._replay is not None:
            raise UsageError(
                f"`{shown(call.argv)}` needs somebody to talk to: there is no replay of it",
                hint="leave out --replay",
            )
        if self._without_process(call) is not None:
            raise SystemExit(0)
        program = self._prepare(call)
        self._announce(call)
        given, ours = os.pipe() if call.stdin is None else (stdin_of(call), -1)
        (stdout, stdout_end), (stderr, stderr_end) = roomy_pipe(), roomy_pipe()
        child = None
        try:
            with interrupts_held() as blocked:
                ends = (given, stdout_end, stderr_end)
                child = _start(call, program, ends, blocked, keep=(stdout, stderr))
        except BaseException as error:
            if child is not None:
                child.kill()
            close_all(ours, stdout, stderr)
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted("interrupted") from None
            raise
        finally:
            close_all(given, stdout_end, stderr_end)

        def ended(result: Result) -> None:
            self._report(call, result)
            self._keep(replace(call, stdin=-1, stdout=-1), result)  # nobody counted the bytes

        return Pipes(child.pid, ours, stdout, stderr, child, ended)

    def become(self, call: Call) -> NoReturn:
        """Replace this process by the call (exec); under `dry_run` print it and exit with 0."""
        if self._replay is not None or self._record is not None:
            raise UsageError(
                f"`{shown(call.argv)}` takes our place: there is no record or replay of it",
                hint="leave out --record and --replay",
            )
        if self._without_process(call) is not None:
            raise SystemExit(0)
        program = self._prepare(call)
        self._announce(call)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        before = {number: signal.signal(number, signal.SIG_DFL) for number in IGNORED_BY_PYTHON}
        try:
            os.execve(program, call.argv, child_environment(os.environ))  # noqa: S606
        except OSError as error:
            for number, handler in before.items():
                signal.signal(number, handler)
            raise not_started(call.argv, program, error.errno or 0) from None

    def _without_process(self, call: Call) -> Result | None:
        """The result of a call that is only planned or is replayed; None where it has to run."""
        if self.dry_run and not call.probe:
            say(sys.stdout, shown(call.argv))
            return Result(call.argv, 0, b"", b"", 0.0, planned=True)
        if self._replay is None:
            return None
        self._announce(call)
        result = self._replay.answer(call)
        self._report(call, result)
        return result

    def _prepare(self, call: Call) -> str:
        """The program's path, after a look whether the call can work at all."""
        program = find_program(call.argv)
        if call.socket is not None and call.socket not in self._sockets:
            check_socket(call.socket, call.argv)
            self._sockets.add(call.socket)
        open_standard_streams()
        return program

    def _announce(self, call: Call) -> None:
        if self.trace or self.dry_run:
            say(sys.stderr, f"+ {shown(call.argv)}")

    def _report(self, call: Call, result: Result | None, *, named: bool = False) -> None:
        if self.trace > 1 and result is not None:
            name = f" {shown(call.argv)}" if named else ""
            took = f"{result.seconds * 1000:.0f} ms"
            say(sys.stderr, f"+ [{took}, exit {result.exit_code}]{name}")

    def _keep(self, call: Call, result: Result | None, *, timed_out: bool = False) -> None:
        if self._record is not None and result is not None:
            self._record.write(call, result, timed_out=timed_out)

    def _hold_to_limits(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            if time.monotonic() >= job.child.deadline:
                job.child.kill()
                self._keep(job.child.call, job.result(), timed_out=True)
                raise time_limit(job.child.call)


class _ShProcess(Protocol):
    """What `_take_over` has to know of the process object of sh 2."""

    pid: int
    exit_code: int | None
    _wait_lock: "threading.Lock"
    _quit_threads: "threading.Event"
    _output_thread: "threading.Thread"
    _background_thread: "threading.Thread"


def _start_job(call: Call, program: str, blocked: set[int]) -> Job:
    """Start a call; what it prints is collected, but for a stdout that the call has a place for."""
    collected = nameless_file() if call.stdout is None else -1
    stdout = collected if call.stdout is None else call.stdout
    stdin, stderr = stdin_of(call), nameless_file()
    try:
        child = _start(call, program, (stdin, stdout, stderr), blocked)
    except BaseException:
        close_all(collected, stderr)
        raise
    finally:
        os.close(stdin)
    return Job(child, collected, stderr)


def _start(
    call: Call,
    program: str,
    streams: tuple[int, int, int],
    blocked: set[int],
    keep: Iterable[int] = (),
) -> Child:
    """Start a child on three descriptors; it also inherits those to `keep`."""
    import sh  # noqa: TID251 (this is the one place)

    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:  # inherited; exit codes would be lost
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for descriptor in keep:
        os.set_inheritable(descriptor, True)  # sh keeps them open and leaves close-on-exec set
    started = time.monotonic()
    try:
        running = sh.Command(program)(
            [Word(word) for word in call.argv[1:]],
            _in=os.fdopen(streams[0], "rb", buffering=0, closefd=False),
            _out=streams[1],
            _err=streams[2],
            _env=child_environment(os.environ),
            _bg=True,
            _bg_exc=False,
            _return_cmd=True,
            _new_session=True,
            _preexec_fn=dies_with_us(blocked),
            _pass_fds=set(keep),
        )
    except sh.ForkException as error:  # its text is the traceback of the child
        numbers = re.findall(r"\[Errno (\d+)\]", str(error))
        raise not_started(call.argv, program, int(numbers[-1]) if numbers else 0) from None
    except OSError as error:
        raise not_started(call.argv, program, error.errno or 0) from None
    finally:
        for descriptor in keep:
            os.set_inheritable(descriptor, False)
    process = cast(_ShProcess, running.process)
    return Child(call, process.pid, _take_over(process), started)


def _take_over(process: _ShProcess) -> int | None:
    """Let sh's two threads end: they only watch for an end that we wait for ourselves.

    A thread that is still there at the next fork is what Python 3.12 warns of. Gives the exit code
    where sh has seen the end already.
    """
    with process._wait_lock:
        exit_code = process.exit_code
        if exit_code is None:
            process.exit_code = 0  # a thread that sees one ends, and does not wait for the child
    process._quit_threads.set()
    for thread in (process._output_thread, process._background_thread):
        thread.join()
        while os.path.exists(f"/proc/self/task/{thread.native_id}"):  # noqa: PTH110
            os.sched_yield()  # to 3.12, join returns some microseconds before the thread is gone
    return exit_code


def _failure(result: Result) -> CtrFailed:
    """What ctr complained about: its last `ctr: ...` line, else its last line."""
    text = result.stderr.decode(errors="replace")
    said = [line for line in text.split("\n") if line.strip()]
    chosen = [line for line in said if line.startswith("ctr: ")] or said
    silent = f"ctr ended with exit code {result.exit_code} and no message"
    return CtrFailed(chosen[-1] if chosen else silent, command=mask(result.argv))
