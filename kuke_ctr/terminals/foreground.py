"""A process of the user's in the foreground, on pipes: what it prints and reads, and its signals.

Unlike an attachment this is the user's own process: signals go on to it, as in a shell. A dropped
connection is no signal, though: the process goes on, and what it still prints is let go.
"""

import os
import select
import signal
import stat
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial

from kuke_ctr.errors import NO_READER, OURS, TIME_PASSED, TimeLimit
from kuke_ctr.processes.calls import in_seconds
from kuke_ctr.processes.descriptors import close_all, open_standard_streams
from kuke_ctr.processes.pipes import Pipes
from kuke_ctr.terminals.fifos import Fifos
from kuke_ctr.terminals.relay import Flow, Outlet, Relay, Signals

FORWARDED = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT),
    *(signal.SIGUSR1, signal.SIGUSR2),
)
ENOUGH = 3
"""So many INT or TERM make us leave, whatever the process does with them; as docker does."""

_FIRST_LOOK = 0.1
_LOOKS = 0.1
"""Seconds between two looks whether the process has started."""
_SETTLE = 0.05
"""ctr forwards signals a moment after the process has started."""
_NOT_YET = 3.0
"""How long a signal waits for a process that does not start."""
_GRACE = 2.0
_AGAIN = 0.3
_ROOM = 64 << 20
"""ctr 2.x loses the end of the output where it can't write it as the process ends:
it is read eagerly, however slow our own reader is."""
_HELD_LIMIT = 4096
_HELD_SECONDS = 0.3
_END_LIMIT = 10.0
_OWN_LINE = b"ctr: "
_FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class UserStreams:
    """The user's descriptors; stdin is read only with `take_input`. `timeout` is in seconds."""

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2
    take_input: bool = False
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """How it ended.

    `status` is the client's: the process's exit code or ctr's own 1, negative for a signal that
    ended the client; None where we left a process that may run on (`exit_code` is ours then).
    `signal` is the last one that was to be passed on, `said` the end of stderr; `held` what of it
    nobody has been shown: one line of ctr's own. `ran`: the process is known to have been started;
    `opened`: whether ctr had FIFOs for one, None where that can't be known. `why`: what made us
    leave, or end it.
    """

    status: int | None
    exit_code: int
    signal: int | None = None
    said: bytes = b""
    held: bytes = b""
    why: str = ""
    ran: bool = False
    opened: bool | None = None


def run_in_foreground(
    start: Callable[[], Pipes], streams: UserStreams, started: Callable[[], bool]
) -> Finish:
    """Relay a ctr on pipes to its end. `started` tells whether the process runs by now.

    Until it does, ctr can't pass on the end of stdin, nor a signal. Raises what `start` raises.
    """
    return _Foreground(streams, started).run(start)


class _Stream(Outlet):
    """One of the user's; a reader that goes is remembered, and so is what came after."""

    gone = False
    wasted = False

    def put(self, data: bytes) -> None:
        super().put(data)
        self.wasted = self.wasted or (self.gone and bool(data))

    def _reader_gone(self) -> None:
        self.wasted = self.wasted or bool(self.kept)
        self.gone = True
        self.close()


class _Foreground:
    def __init__(self, streams: UserStreams, started: Callable[[], bool]) -> None:
        self._streams = streams
        self._started = started
        self._ready = False
        self._has_printed = False
        self._look_at = _FOREVER
        self._looks = 0
        self._input_ended = False
        self._pending: list[int] = []
        self._pending_since = _FOREVER
        self._forward_at = _FOREVER
        self._signal: int | None = None
        self._asked = 0
        self._pipe_at = _FOREVER
        self._leave_at = _FOREVER
        self._deadline = _FOREVER
        self._left: tuple[int, str] | None = None
        self._late = False
        self._status: int | None = None
        self._said = b""
        self._held = b""
        self._holding = True
        self._release_at = _FOREVER
        self._had_terminal = _has_terminal()

    def run(self, start: Callable[[], Pipes]) -> Finish:
        """From the start of ctr to its end, or to ours."""
        open_standard_streams()
        with ExitStack() as stack:
            signals = stack.enter_context(Signals(FORWARDED))
            self._relay = Relay(signals, self._at_signal)
            stack.callback(self._relay.close)
            self._fifos = fifos = Fifos(terminal=False)
            stack.callback(fifos.close)
            self._pipes = start()
            fifos.of(self._pipes.pid)
            self._relay.chore = fifos.look
            stack.callback(close_all, self._pipes.stdout, self._pipes.stderr)
            stack.callback(self._pipes.kill)
            self._begin = time.monotonic()
            if self._streams.timeout is not None:
                self._deadline = self._begin + self._streams.timeout
            self._join()
            self._relay_all()
            self._take_rest(fifos)
            return self._finish()

    def _relay_all(self) -> None:
        while self._left is None and not self._relay.finished():
            self._relay.step(self._next())
            self._act(time.monotonic())

    def _take_rest(self, fifos: Fifos) -> None:
        """Once ctr has ended, and was not ended: what it did not read."""
        if self._left is not None:
            return
        with suppress(TimeLimit):
            self._status = self._pipes.wait(_END_LIMIT)
        if self._status is not None and self._status >= 0:
            for data, is_error in fifos.rest():
                (self._errors if is_error else self._output).carry(data)
            self._relay_all()

    def _join(self) -> None:
        streams, relay = self._streams, self._relay
        self._out, self._err = _Stream.shared(streams.stdout), _Stream.shared(streams.stderr)
        relay.outlets += [self._out, self._err]
        flow = partial(Flow, room=_ROOM, output=True)
        self._output = flow(self._pipes.stdout, (self._out,), self._printed)
        self._errors = flow(self._pipes.stderr, (self._err,), self._complained)
        relay.flows += [self._output, self._errors]
        self._typed = relay.outlet(Outlet.own(self._pipes.stdin))
        if streams.take_input:
            relay.flows.append(Flow(streams.stdin, (self._typed,), at_end=self._end_input))
        else:
            self._end_input()

    def _end_input(self) -> None:
        self._input_ended = True
        self._look_soon()

    def _look_soon(self) -> None:
        if not self._ready and self._look_at == _FOREVER:
            self._look_at = max(time.monotonic(), self._begin + _FIRST_LOOK)
        elif self._ready and self._input_ended:
            self._typed.end()

    def _printed(self, data: bytes) -> bytes:
        self._release()
        self._has_printed = True  # ctr itself prints nothing there
        return data

    def _complained(self, data: bytes) -> bytes:
        """A line of ctr's own at the very start waits a moment: it may be all there is to say."""
        self._said = (self._said + data)[-_HELD_LIMIT:]
        if not self._holding:
            return data
        held = self._held + data
        first = held[: len(_OWN_LINE)] == _OWN_LINE[: len(held)]
        if first and len(held) <= _HELD_LIMIT and b"\n" not in held[:-1]:
            self._held = held
            self._release_at = min(self._release_at, time.monotonic() + _HELD_SECONDS)
            return b""
        self._holding, self._held, self._release_at = False, b"", _FOREVER
        return held

    def _release(self) -> None:
        held, self._held = self._held, b""
        self._holding, self._release_at = False, _FOREVER
        self._err.put(held)

    def _next(self) -> float:
        """When something is to be done though nothing happens."""
        waits = self._pending_since + _NOT_YET
        return min(
            *(self._look_at, self._release_at, self._leave_at, self._deadline),
            *(self._forward_at, self._pipe_at, waits),
        )

    def _act(self, now: float) -> None:
        if now >= self._release_at:
            self._release()
        if now >= self._look_at:
            self._look(now)
        if now >= self._forward_at:
            self._forward_pending()
        if now >= self._pending_since + _NOT_YET:
            code = TIME_PASSED if self._late else 128 + self._pending[0]
            self._leave(code, "it had not started yet")
        if now >= self._deadline:
            self._deadline = _FOREVER
            self._late = True
            self._leave_at = now + _GRACE
            self._pass_on(signal.SIGTERM)
        self._mind_readers(now)
        if now >= self._leave_at:
            code = TIME_PASSED if self._late else NO_READER
            self._leave(code, self._limit() if self._late else "nobody reads its output")

    def _look(self, now: float) -> None:
        if self._fifos.in_hurry:  # a look takes a ctr of its own, and as long as that
            self._look_at = now + _FIRST_LOOK / 2
            return
        self._looks += 1
        self._ready = self._started()
        if not self._ready:
            self._look_at = time.monotonic() + min(_LOOKS * max(1, self._looks // 10), 1.0)
            return
        self._look_at = _FOREVER
        if self._input_ended:
            self._typed.end()
        if self._pending:
            self._forward_at = now + _SETTLE

    def _at_signal(self, number: int) -> None:
        if number == signal.SIGHUP and self._hung_up():
            return
        self._signal = number
        if number in (signal.SIGINT, signal.SIGTERM):
            self._asked += 1
            if self._asked >= ENOUGH:
                self._leave(128 + number, f"left after {ENOUGH} signals")
                return
        self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if self._ready and self._forward_at == _FOREVER:
            self._send(number)
            return
        self._pending.append(number)
        self._pending_since = min(self._pending_since, time.monotonic())
        self._look_soon()

    def _forward_pending(self) -> None:
        for number in self._pending:
            self._send(number)
        self._pending.clear()
        self._forward_at = self._pending_since = _FOREVER

    def _send(self, number: int) -> None:
        if self._status is None:
            with suppress(ProcessLookupError):
                os.kill(self._pipes.pid, number)

    def _mind_readers(self, now: float) -> None:
        """What a pipe's end does to a local process; but not where the connection dropped."""
        streams = self._streams
        if not (self._out.wasted or self._err.wasted) or now < self._pipe_at < _FOREVER:
            return
        if all(map(_gone, (streams.stdin, streams.stdout, streams.stderr))) or self._hung_up():
            self._out.wasted = self._err.wasted = False
            self._pipe_at = _FOREVER
            return
        if self._leave_at == _FOREVER:
            self._leave_at = now + _GRACE
        self._pipe_at = now + _AGAIN
        self._send(signal.SIGPIPE)

    def _hung_up(self) -> bool:
        """Whether our terminal is gone, which is what most HUPs are about."""
        streams = self._streams
        ours = (streams.stdin, streams.stdout, streams.stderr)
        return any(_gone(each) and _is_device(each) for each in ours) or (
            self._had_terminal and not _has_terminal()
        )

    def _leave(self, code: int, why: str) -> None:
        if self._left is None:
            self._left = (code, why)

    def _finish(self) -> Finish:
        ran = self._ready or self._has_printed
        finish = partial(
            Finish,
            signal=self._signal,
            said=self._said,
            held=self._held,
            ran=ran,
            opened=self._fifos.opened,
        )
        if self._left is not None:
            code, why = self._left
            return finish(None, code, why=why)
        status = self._status
        if status is None:
            return finish(None, OURS, why="ctr did not end")
        if self._late:
            return finish(status, TIME_PASSED, why=self._limit())
        return finish(status, status if status >= 0 else 128 - status)

    def _limit(self) -> str:
        return f"the time limit of {in_seconds(self._streams.timeout or 0)} passed"


def _gone(descriptor: int) -> bool:
    """Whether nobody is at the other end."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return bool(poll.poll(0))


def _is_device(descriptor: int) -> bool:
    with suppress(OSError):
        return stat.S_ISCHR(os.fstat(descriptor).st_mode)
    return False


def _has_terminal() -> bool:
    try:
        close_all(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError:
        return False
    return True
