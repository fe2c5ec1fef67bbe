"""A far ctr that somebody talks to: its own connection, and one more that feeds it.

So the end of its input, a signal for it and the end of us are three different things: its input has
a connection of its own, signals are words on the other one, and where that one ends, ctr is ended.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from kuke_ctr.errors import Interrupted
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.child import Child
from kuke_ctr.processes.child_setup import interrupts_held
from kuke_ctr.processes.clock import FOREVER
from kuke_ctr.processes.descriptors import close_all, roomy_pipe
from kuke_ctr.processes.door import start
from kuke_ctr.processes.ssh_failures import SSHS, unreachable


@dataclass(slots=True)
class FarPipes:
    """As `OwnPipes`, of a ctr on another host; `pid` is None: no process of this host is ctr."""

    stdin: int
    stdout: int
    stderr: int
    _control: int = field(repr=False)
    _child: Child = field(repr=False)
    _feeder: Child | None = field(repr=False)
    _ended: Callable[[Result], None] = field(repr=False)
    pid: None = None
    _told: bool = field(default=False, repr=False)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code of ctr; TimeLimit as `OwnPipes`, Unreachable for a lost connection."""
        until = FOREVER if timeout is None else time.monotonic() + timeout
        code = self._exit_code(lambda: self._child.wait(until))
        raise_if_lost(self._child.call, code)
        return code

    def kill(self) -> None:
        """End ctr there by KILL, which it cannot pass on: the connection ends."""
        self._exit_code(self._child.kill)

    def signal(self, number: int) -> None:
        """Send ctr a signal, which it passes on."""
        with suppress(OSError):
            os.write(self._control, f"{signal.Signals(number).name[3:]}\n".encode())

    def _exit_code(self, end: Callable[[], None]) -> int:
        end()
        if not self._told:
            self._told = True
            if self._feeder is not None:
                self._feeder.kill()
            close_all(self._control)
            self._control = -1
            self._ended(self._child.result(b"", b""))
        assert self._child.exit_code is not None
        return self._child.exit_code


def raise_if_lost(call: Call, code: int | None) -> None:
    """Raise Unreachable where ssh's own exit code means that its connection has gone."""
    if call.far is not None and code == SSHS:
        from kuke_ctr.processes.ssh_master import is_lost

        if is_lost(call.far):
            raise unreachable(call.far, b"", call.typed_argv, lost=True)


def start_far_pipes(call: Call, program: str, ended: Callable[[Result], None]) -> FarPipes:
    """Start a call that was prepared for pipes, and what feeds it, where it has input."""
    feeder = call._replace(via=call.feeder) if call.feeder else None
    control_end, control = os.pipe()
    stdin_end, stdin = os.pipe() if feeder is not None else (-1, -1)
    (stdout, stdout_end), (stderr, stderr_end) = roomy_pipe(), roomy_pipe()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    children: list[Child] = []
    try:
        with interrupts_held() as blocked:
            ends = (control_end, stdout_end, stderr_end)
            children.append(start(call, program, ends, blocked))
            if feeder is not None:
                children.append(start(feeder, program, (stdin_end, nowhere, nowhere), blocked))
    except BaseException as error:
        for child in children:
            child.kill()
        close_all(control, stdin, stdout, stderr)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted("interrupted") from None
        raise
    finally:
        close_all(control_end, stdin_end, stdout_end, stderr_end, nowhere)
    other = children[1] if feeder is not None else None
    return FarPipes(stdin, stdout, stderr, control, children[0], other, ended)
