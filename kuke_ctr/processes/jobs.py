"""Children whose output is collected."""

import os

from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.child import Child
from kuke_ctr.processes.descriptors import close_all, content_of, nameless_file, stdin_of
from kuke_ctr.processes.door import start


class Job:
    """A child whose output is collected in nameless files; `stdout` is -1 if it goes elsewhere."""

    def __init__(self, child: Child, stdout: int, stderr: int) -> None:
        self.child = child
        self.stdout = stdout
        self.stderr = stderr

    def result(self) -> Result:
        stdout = content_of(self.stdout) if self.stdout >= 0 else b""
        return self.child.result(stdout, content_of(self.stderr))

    def close(self) -> None:
        """End the child if it runs, and let its output go."""
        self.child.kill()
        close_all(self.stdout, self.stderr)
        self.stdout = self.stderr = -1


def start_job(call: Call, program: str, blocked: set[int]) -> Job:
    """Start a call; what it prints is collected, unless `call.stdout` takes it.

    `blocked` is what `interrupts_held` gives: keep the job inside of that, where it can be ended.
    """
    collected = nameless_file() if call.stdout is None else -1
    stdout = collected if call.stdout is None else call.stdout
    stdin, stderr = stdin_of(call), nameless_file()
    try:
        child = start(call, program, (stdin, stdout, stderr), blocked)
    except BaseException:
        close_all(collected, stderr)
        raise
    finally:
        os.close(stdin)
    return Job(child, collected, stderr)
