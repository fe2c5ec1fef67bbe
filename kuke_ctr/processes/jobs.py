"""Children whose output is collected."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.child import Child
from kuke_ctr.processes.descriptors import close_all, content_of, input_of, nameless_file
from kuke_ctr.processes.door import start


@dataclass(slots=True)
class Job:
    """A child whose output is collected in nameless files; `stdout` is -1 if it goes elsewhere.

    `lifeline` is our end of a far call's input: once it is closed, what runs there is ended.
    """

    child: Child
    stdout: int
    stderr: int
    lifeline: int = -1

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
