"""A far ctr that somebody talks to: its own connection, and one more that feeds it.

So the end of its input, a signal for it and the end of us are three different things: its input has
a connection of its own, signals are words on the other one, and where that one ends, ctr is ended.
Where its input cannot be sent, ctr would wait for ever: then it is ended, too.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from kuke_ctr.errors import Interrupted, Unreachable
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.child import Child, wait_for_one
from kuke_ctr.processes.child_setup import interrupts_held
from kuke_ctr.processes.clock import FOREVER
from kuke_ctr.processes.descriptors import close_all, content_of, nameless_file, roomy_pipe
from kuke_ctr.processes.door import start
from kuke_ctr.processes.ssh_failures import SSHS, not_fed, unreachable


@dataclass(slots=True)
class _Feeder:
    """The ssh that brings the input; `begun` has a line once ctr has it, `errors` what ssh says."""

    child: Child
    begun: int
    errors: int

    def has_failed(self) -> bool:
        return self.child.ended() and self.child.exit_code != 0

    def end(self) -> None:
        self.child.kill()
        close_all(self.begun, self.errors)


@dataclass(slots=True)
class FarPipes:
    """As `OwnPipes`, of a ctr on another host; `pid` is None: no process of this host is ctr."""

    stdin: int
    stdout: int
    stderr: int
    _control: int = field(repr=False)
    _child: Child = field(repr=False)
    _feeder: _Feeder | None = field(repr=False)
    _ended: Callable[[Result], None] = field(repr=False)
    pid: None = None
    _told: bool = field(default=False, repr=False)
    _unfed: Unreachable | None = field(default=None, repr=False)

    @property
    def waiting(self) -> int:
        """A descriptor that can be read once ctr's input has ended, or -1: `attend` looks how."""
        feeder = self._feeder
        return -1 if feeder is None or feeder.child.exit_code is not None else feeder.child.end

    def attend(self) -> None:
        """End a ctr whose input is lost, or was never brought; `wait` tells."""
        feeder, far = self._feeder, self._child.call.far
        if feeder is None or self._told or self._unfed is not None or not feeder.has_failed():
            return
        assert far is not None
        ran = bool(content_of(feeder.begun))
        self._unfed = not_fed(far, content_of(feeder.errors), self._child.call.typed_argv, ran=ran)
        self._hang_up()

    def wait(self, timeout: float | None = None) -> int:
        """The exit code of ctr; TimeLimit as `OwnPipes`, Unreachable for a lost connection."""
        until = FOREVER if timeout is None else time.monotonic() + timeout
        code = self._exit_code(lambda: self._wait(until))
        raise_if_lost(self._child.call, code)
        if self._unfed is not None:
            raise self._unfed
        return code

    def _wait(self, until: float) -> None:
        feeder = self._feeder.child if self._feeder is not None else None
        while feeder is not None and time.monotonic() < until:
            if self._child.ended() or feeder.ended():
                break
            wait_for_one([self._child, feeder], until)
        self.attend()
        self._child.wait(until)

    def _hang_up(self) -> None:
        close_all(self._control)
        self._control = -1

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
                self._feeder.end()
            self._hang_up()
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
    begun, errors = (nameless_file(), nameless_file()) if feeder is not None else (-1, -1)
    children: list[Child] = []
    try:
        with interrupts_held() as blocked:
            ends = (control_end, stdout_end, stderr_end)
            children.append(start(call, program, ends, blocked))
            if feeder is not None:
                children.append(start(feeder, program, (stdin_end, begun, errors), blocked))
    except BaseException as error:
        for child in children:
            child.kill()
        close_all(control, stdin, stdout, stderr, begun, errors)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted("interrupted") from None
        raise
    finally:
        close_all(control_end, stdin_end, stdout_end, stderr_end)
    other = _Feeder(children[1], begun, errors) if feeder is not None else None
    pipes = FarPipes(stdin, stdout, stderr, control, children[0], other, ended)
    pipes.attend()  # a feeder that has failed already has no end to wait for
    return pipes
