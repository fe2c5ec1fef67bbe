"""Children that somebody talks to: their streams are pipes."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from kuke_ctr.errors import Interrupted
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.child import Child
from kuke_ctr.processes.child_setup import interrupts_held
from kuke_ctr.processes.clock import FOREVER
from kuke_ctr.processes.descriptors import close_all, roomy_pipe, stdin_of
from kuke_ctr.processes.door import start


class Pipes(Protocol):
    """A ctr that somebody talks to, on this host (`OwnPipes`) or on another one (`FarPipes`)."""

    stdin: int
    stdout: int
    stderr: int

    @property
    def pid(self) -> int | None: ...
    @property
    def waiting(self) -> int:
        """A descriptor that can be read once `attend` has to be called, or -1."""

    def attend(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def signal(self, number: int) -> None: ...
    def kill(self) -> None: ...


@dataclass(slots=True)
class OwnPipes:
    """A running child and our ends of its pipes, which are the caller's to close.

    `stdin` is -1 where the call brought its own. The child keeps a copy of the read ends, so that
    it never gets SIGPIPE, which ctr would forward to the workload.
    """

    pid: int
    stdin: int
    stdout: int
    stderr: int
    _child: Child = field(repr=False)
    _ended: Callable[[Result], None] = field(repr=False)
    _told: bool = field(default=False, repr=False)
    waiting: int = field(default=-1, repr=False)

    def attend(self) -> None:
        """Nothing is waited for."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; TimeLimit, with the child still running, where the seconds pass first."""
        until = FOREVER if timeout is None else time.monotonic() + timeout
        return self._exit_code(lambda: self._child.wait(until))

    def signal(self, number: int) -> None:
        """Send the child a signal, which ctr passes on."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the child by SIGKILL, which no ctr can forward to a workload."""
        self._exit_code(self._child.kill)

    def _exit_code(self, end: Callable[[], None]) -> int:
        end()
        if not self._told:  # also of a child that had ended before anybody waited for it
            self._told = True
            self._ended(self._child.result(b"", b""))
        assert self._child.exit_code is not None
        return self._child.exit_code


def start_pipes(call: Call, program: str, ended: Callable[[Result], None]) -> OwnPipes:
    """Start a call on pipes; `ended` gets what it gave but for its output, once it has ended.

    A `call.stdin` of None is a pipe here; `call.stdout` means nothing. Raises Interrupted once the
    child is gone, and what kept it from starting.
    """
    given, ours = os.pipe() if call.stdin is None else (stdin_of(call), -1)
    (stdout, stdout_end), (stderr, stderr_end) = roomy_pipe(), roomy_pipe()
    child = None
    try:
        with interrupts_held() as blocked:
            ends = (given, stdout_end, stderr_end)
            child = start(call, program, ends, blocked, keep=(stdout, stderr))
    except BaseException as error:
        if child is not None:
            child.kill()
        close_all(ours, stdout, stderr)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted("interrupted") from None
        raise
    finally:
        close_all(given, stdout_end, stderr_end)
    return OwnPipes(child.pid, ours, stdout, stderr, child, ended)
