"""A running child: its end, its time limit, and what it writes into a pipe."""

import os
import select
import signal
import time
from collections.abc import Collection, Iterable, Iterator

from kuke_ctr.errors import Forbidden
from kuke_ctr.processes.calls import Call, Result, mask, time_limit
from kuke_ctr.processes.clock import FOREVER, milliseconds
from kuke_ctr.processes.descriptors import BLOCK

POLL_SECONDS = 0.002
"""How often an end is looked for where the kernel has no pidfd (Linux before 5.3)."""


class Child:
    """A running child, leader of a session of its own. `exit_code` is -9 where SIGKILL ended it."""

    def __init__(
        self, call: Call, pid: int, exit_code: int | None = None, started: float | None = None
    ) -> None:
        self.call = call
        self.pid = pid
        self.exit_code = exit_code
        self.started = time.monotonic() if started is None else started
        self._watch = -1 if exit_code is not None else _open_pidfd(pid)

    @property
    def deadline(self) -> float:
        """When its time limit passes, in seconds of the monotonic clock."""
        limit = self.call.timeout
        return FOREVER if limit is None else self.started + limit

    @property
    def end(self) -> int:
        """A descriptor that can be read once it has ended; -1 where the kernel has no such thing.

        Linux has it since 5.3.
        """
        return self._watch

    def ended(self) -> bool:
        """Whether it has ended; its exit code is known from then on."""
        if self.exit_code is None:
            self._reap(os.WNOHANG)
        return self.exit_code is not None

    def kill(self) -> None:
        """End it and whatever it started by SIGKILL, which no ctr can forward to a workload."""
        if not self.ended():
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except PermissionError:
                raise Forbidden(
                    f"cannot end process {self.pid}: it runs as another user",
                    command=mask(self.call.argv),
                ) from None
            self._reap(0)

    def wait(self, until: float) -> None:
        """Wait for its end; TimeLimit where `until` passes first, with the child still running."""
        while not self.ended():
            if time.monotonic() >= until:
                raise time_limit(self.call)
            wait_for_one([self], until)

    def result(self, stdout: bytes, stderr: bytes) -> Result:
        """What the call gave, once it has ended; asked late, the seconds are too many."""
        assert self.exit_code is not None
        now = time.monotonic()
        return Result(self.call.argv, self.exit_code, stdout, stderr, now - self.started, ended=now)

    def _reap(self, flags: int) -> None:
        pid, status = os.waitpid(self.pid, flags)
        if pid:
            self.exit_code = os.waitstatus_to_exitcode(status)
            if self._watch >= 0:
                os.close(self._watch)


def _open_pidfd(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except (OSError, AttributeError):  # an old kernel, or a Python built for one
        return -1


def wait_for_one(children: Collection[Child], until: float, also: Iterable[int] = ()) -> None:
    """Return when one of the children has ended, or at `until`; sometimes for no reason.

    It returns also when one of the descriptors `also` can be read.
    """
    poll = select.poll()
    for descriptor in also:
        poll.register(descriptor, select.POLLIN)
    for child in children:
        if child.exit_code is not None:
            return
        if child._watch < 0:
            time.sleep(POLL_SECONDS)
            return
        poll.register(child._watch, select.POLLIN)
    poll.poll(milliseconds(until))


def chunks(descriptor: int, child: Child) -> Iterator[bytes]:
    """What the child writes into a pipe, as it comes; TimeLimit where its limit passes."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while True:
        if poll.poll(milliseconds(child.deadline)):
            chunk = os.read(descriptor, BLOCK)
            if not chunk:
                return
            yield chunk
        elif time.monotonic() >= child.deadline:
            raise time_limit(child.call)


def lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a text that comes in pieces, with their newlines."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest
