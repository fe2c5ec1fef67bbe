"""Children whose output is collected."""

import os
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.child import Child
from kuke_ctr.processes.descriptors import close_all, content_of, input_of, nameless_file
from kuke_ctr.processes.door import start

if TYPE_CHECKING:
    from kuke_ctr.processes.meanwhile import Meanwhile


class Job:
    """A child whose output is collected in nameless files; `stdout` is -1 if it goes elsewhere.

    `lifeline` is our end of a far call's input: once it is closed, what runs there is ended.
    """

    def __init__(self, child: Child, stdout: int, stderr: int, lifeline: int = -1) -> None:
        self.child = child
        self.stdout = stdout
        self.stderr = stderr
        self.lifeline = lifeline

    def result(self) -> Result:
        stdout = content_of(self.stdout) if self.stdout >= 0 else b""
        return self.child.result(stdout, content_of(self.stderr))

    def close(self) -> None:
        """End the child if it runs, and let its output go."""
        self.child.kill()
        close_all(self.stdout, self.stderr, self.lifeline)
        self.stdout = self.stderr = self.lifeline = -1


def start_job(
    call: Call, program: str, blocked: set[int], starter: Callable[..., Child] = start
) -> Job:
    """Start a call; what it prints is collected, unless `call.stdout` takes it.

    `blocked` is what `interrupts_held` gives: keep the job inside of that, where it can be ended.
    """
    collected = nameless_file() if call.stdout is None else -1
    stdout = collected if call.stdout is None else call.stdout
    (stdin, lifeline), stderr = input_of(call), nameless_file()
    try:
        child = starter(call, program, (stdin, stdout, stderr), blocked)
    except BaseException:
        close_all(collected, stderr, lifeline)
        raise
    finally:
        os.close(stdin)
    return Job(child, collected, stderr, lifeline)


def check_the_way(call: Call, result: Result | None, *, by_itself: bool = False) -> None:
    """Raise where a far call did not reach its program: that is no answer of ctr's.

    `by_itself`: we have not ended ssh, so a signal that has is a lost connection.
    """
    if call.far is None or result is None:
        return
    if result.exit_code > 0 or (by_itself and result.exit_code < 0):
        from kuke_ctr.processes.ssh_failures import failure_on_the_way

        error = failure_on_the_way(call, result)
        if error is not None:
            raise error


def next_look(running: Iterable[Child], meanwhile: "Meanwhile | None") -> float:
    """When the next thing is to be done, if none of these ends before."""
    until = min(child.deadline for child in running)
    return until if meanwhile is None else min(until, time.monotonic() + meanwhile.every)


def look_after(jobs: Iterable[Job], meanwhile: "Meanwhile") -> None:
    """A look at what runs; a call that has ended has had the last one."""
    for job in jobs:
        if job.child.exit_code is None:
            meanwhile.look(job.child.pid, job.stdout)
        else:
            meanwhile.over()
