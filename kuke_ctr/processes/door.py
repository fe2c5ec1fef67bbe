"""The one door to processes: `sh`, with its insides, and for a short answer `subprocess`.

sh starts a child on three descriptors, in a session of its own. From then on the child is ours: the
threads that sh has for it are ended, and its exit code is waited for here. That needs four private
attributes of sh's process object (`ShProcess`), so sh is held to one minor version
(`pyproject.toml`), and tests/processes/test_sh_door.py tells what to do where they have changed.
"""

import os
import re
import signal
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, cast

from kuke_ctr.processes.calls import Call, Result, time_limit
from kuke_ctr.processes.child import Child
from kuke_ctr.processes.child_setup import child_environment, dies_with_us, end_of_a_keeper
from kuke_ctr.processes.preflight import not_started

if TYPE_CHECKING:
    import threading


class ShProcess(Protocol):
    """What has to be known of the process object of sh: two facts, and four of its insides."""

    pid: int
    exit_code: int | None
    _wait_lock: "threading.Lock"
    _quit_threads: "threading.Event"
    _output_thread: "threading.Thread"
    _background_thread: "threading.Thread"


class Word(str):
    """An argument that sh hands on as the bytes that it stands for, be they UTF-8 or not."""

    __slots__ = ()

    def encode(self, encoding: str = "", errors: str = "") -> bytes:
        return os.fsencode(str(self))


def start(
    call: Call,
    program: str,
    streams: tuple[int, int, int],
    blocked: set[int],
    keep: Iterable[int] = (),
    *,
    at_terminal: bool = False,
) -> Child:
    """Start a child on three descriptors; it also inherits those to `keep`.

    One `at_terminal` stays in our session, so that it can ask there; what the terminal sends us
    does not end it, and `end_of_a_keeper` does.
    """
    import sh  # late: a replay and a dry run start nothing

    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:  # inherited; exit codes would be lost
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for descriptor in keep:
        os.set_inheritable(descriptor, True)  # sh keeps them open and leaves close-on-exec set
    started = time.monotonic()
    try:
        running = sh.Command(program)(
            [Word(word) for word in call.process[1:]],
            _in=os.fdopen(streams[0], "rb", buffering=0, closefd=False),
            _out=streams[1],
            _err=streams[2],
            _env=child_environment(os.environ),
            _bg=True,
            _bg_exc=False,
            _return_cmd=True,
            _new_session=not at_terminal,
            _preexec_fn=dies_with_us(blocked, end_of_a_keeper() if at_terminal else signal.SIGKILL),
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
    process = cast(ShProcess, running.process)
    return Child(call, process.pid, _take_over(process), started)


def start_light(
    call: Call, program: str, streams: tuple[int, int, int], blocked: set[int]
) -> Child:
    """As `start`, without sh and its two threads a child: a fleet starts thousands."""
    import subprocess

    started = time.monotonic()
    try:
        process = subprocess.Popen(
            call.process,
            executable=program,
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            env=child_environment(os.environ),
            start_new_session=True,
            preexec_fn=dies_with_us(blocked),  # noqa: PLW1509 (there is no thread)
        )
    except OSError as error:
        raise not_started(call.argv, program, error.errno or 0) from None
    process.returncode = 0  # the child is ours: subprocess need not wait for it
    return Child(call, process.pid, started=started)


def answer_of(call: Call, program: str, seconds: float) -> Result:
    """What a call prints within so many seconds; TimeLimit, and then it has been ended.

    For who waits at a prompt: sh, whose import takes longer than everything else that a completion
    does, is not loaded. The child stays in the shell's process group, where Ctrl-C reaches it.
    """
    import subprocess

    begin = time.monotonic()
    try:
        done = subprocess.run(
            call.process,
            executable=program,
            input=call.stdin if isinstance(call.stdin, bytes) else b"",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_environment(os.environ),
            timeout=max(0.0, seconds),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise time_limit(call) from None
    except OSError as error:
        raise not_started(call.argv, program, error.errno or 0) from None
    return Result(call.argv, done.returncode, done.stdout, b"", time.monotonic() - begin)


class _Taken(int):
    """An exit code that nobody has given; it is told from a real 0 by being this object."""


_TAKEN = _Taken(0)


def _take_over(process: ShProcess) -> int | None:
    """Let sh's two threads end: they only watch for an end that we wait for ourselves.

    A thread that is still there at the next fork is what Python 3.12 warns of. Gives the exit code
    where sh has seen the end already, perhaps in a look that had begun before we came: a thread
    that has found no exit code waits for the child without asking once more.
    """
    with process._wait_lock:
        exit_code = process.exit_code
        if exit_code is None:
            process.exit_code = _TAKEN  # a thread that sees one ends, and does not wait any more
    process._quit_threads.set()
    for thread in (process._output_thread, process._background_thread):
        thread.join()
        while os.path.exists(f"/proc/self/task/{thread.native_id}"):  # noqa: PTH110
            os.sched_yield()  # to 3.12, join returns some microseconds before the thread is gone
    return exit_code if process.exit_code is _TAKEN else process.exit_code
