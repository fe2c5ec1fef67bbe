"""A process of the user's in the foreground, on pipes: what it prints and reads, and its signals.

Unlike an attachment this is the user's own process: signals go on to it, as in a shell. A dropped
connection is no signal, though: the process goes on, and what it still prints is let go.
"""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial

from kuke_ctr.errors import NO_READER, OURS, TIME_PASSED, TimeLimit
from kuke_ctr.processes.calls import in_seconds
from kuke_ctr.processes.descriptors import close_all, open_standard_streams
from kuke_ctr.processes.farewell import Farewell
from kuke_ctr.processes.pipes import Pipes
from kuke_ctr.processes.signals import at_once
from kuke_ctr.terminals.alarms import Alarms
from kuke_ctr.terminals.fifos import Fifos
from kuke_ctr.terminals.first_line import FirstLine
from kuke_ctr.terminals.foreground_state import Alarm, Came, End, Start
from kuke_ctr.terminals.last_line import LastLine
from kuke_ctr.terminals.leaving import ASKS, ENOUGH, FORWARDED, flush
from kuke_ctr.terminals.readers import Readers
from kuke_ctr.terminals.relay import Flow, Outlet, Relay, Signals

_FIRST_LOOK = 0.1
_SETTLE = 0.05
"""ctr forwards signals a moment after the process has started."""
_NOT_YET = 3.0
"""How long a signal waits for a process that does not start."""
_GRACE = 2.0
_AGAIN = 0.3
_ROOM = 64 << 20
"""ctr 2.x loses the end of the output where it can't write it as the process ends:
it is read eagerly, however slow our own reader is."""
_READER_PAUSES = 3.0
"""Seconds that a reader may pause once a signal has asked for the end and the process has ended."""
_HELD_SECONDS = 0.3
_END_LIMIT = 10.0


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
    `opened`: whether ctr had FIFOs for one, None where that can't be known; `process`: the id in
    their names. `why`: what made us leave, or end it.
    """

    status: int | None
    exit_code: int
    signal: int | None = None
    said: bytes = b""
    held: bytes = b""
    why: str = ""
    ran: bool = False
    opened: bool | None = None
    process: str | None = None


def run_in_foreground(
    start: Callable[[], Pipes],
    streams: UserStreams,
    started: Callable[[], bool],
    own_line: FirstLine | LastLine | None = None,
) -> Finish:
    """Relay a ctr on pipes to its end. `started` tells whether the process runs by now.

    Until it does, ctr can't pass on the end of stdin, nor a signal. `own_line` holds back a line of
    the client's own: ctr has it at the start, nerdctl at the end. Raises what `start` raises.
    """
    return _Foreground(streams, started, own_line or FirstLine()).run(start)


class _Foreground:
    def __init__(
        self, streams: UserStreams, started: Callable[[], bool], own_line: FirstLine | LastLine
    ) -> None:
        self._streams = streams
        self._alarms = Alarms()
        self._start = Start(started)
        self._came = Came()
        self._own_line = own_line
        self._end = End()
        self._input_ended = False

    def run(self, start: Callable[[], Pipes]) -> Finish:
        """From the start of ctr to its end, or to ours."""
        open_standard_streams()
        streams = self._streams
        with ExitStack() as stack:
            signals = stack.enter_context(Signals(FORWARDED))
            self._relay = Relay(signals, self._at_signal)
            stack.callback(self._relay.close)
            self._readers = Readers(streams.stdin, streams.stdout, streams.stderr)
            self._relay.outlets += [self._readers.out, self._readers.err]
            self._fifos = Fifos(terminal=False)
            stack.callback(self._fifos.close)
            self._pipes = start()
            self._fifos.of(self._pipes.pid)
            self._relay.chore = self._fifos.look
            stack.callback(close_all, self._pipes.stdout, self._pipes.stderr)
            stack.callback(self._pipes.kill)
            self._start.begin = time.monotonic()
            if streams.timeout is not None:
                self._alarms.set(Alarm.LIMIT, self._start.begin + streams.timeout)
            self._join()
            self._relay_all()
            self._take_rest()
            return self._finish()

    def _relay_all(self) -> None:
        while self._end.left is None and not self._relay.finished():
            if self._came.asked and not self._listens():
                self._flush()
                return
            self._relay.step(self._alarms.next())
            self._act(time.monotonic())

    def _flush(self) -> None:
        """Somebody wants the end, and only a reader is waited for: not for ever."""
        Farewell.begin()
        self._end.flushing = True
        flush(self._relay, self._typed, quiet=_READER_PAUSES)
        self._end.unheard = bool(self._readers.out.kept or self._readers.err.kept)

    def _listens(self) -> bool:
        """Whether the client is still there; what it printed may wait for a reader all the same."""
        return any(flow.output for flow in self._relay.flows)

    def _take_rest(self) -> None:
        """Once ctr has ended, and was not ended: what it did not read."""
        if self._end.left is not None:
            return
        with suppress(TimeLimit):
            self._end.status = self._pipes.wait(_END_LIMIT)
        if self._end.status is not None and self._end.status >= 0:
            for data, is_error in self._fifos.rest():
                (self._errors if is_error else self._output).carry(data)
            self._relay_all()

    def _join(self) -> None:
        pipes, readers, relay = self._pipes, self._readers, self._relay
        flow = partial(Flow, room=_ROOM, output=True)
        self._output = flow(pipes.stdout, (readers.out,), self._printed)
        self._errors = flow(pipes.stderr, (readers.err,), self._complained)
        relay.flows += [self._output, self._errors]
        self._typed = relay.outlet(Outlet.own(pipes.stdin))
        if self._streams.take_input:
            stdin = self._streams.stdin
            relay.flows.append(Flow(stdin, (self._typed,), at_end=self._end_input))
        else:
            self._end_input()

    def _end_input(self) -> None:
        self._input_ended = True
        self._look_soon()

    def _look_soon(self) -> None:
        if self._start.known:
            self._pass_end_on()
        elif not self._alarms.is_set(Alarm.LOOK):
            first = max(time.monotonic(), self._start.begin + _FIRST_LOOK)
            self._alarms.set(Alarm.LOOK, first)

    def _pass_end_on(self) -> None:
        """The process runs: ctr can tell it that its input has ended."""
        if self._input_ended:
            self._typed.end()

    def _printed(self, data: bytes) -> bytes:
        if self._own_line.at_start:
            self._release()
        self._start.has_printed = True  # ctr itself prints nothing there
        return data

    def _complained(self, data: bytes) -> bytes:
        shown = self._own_line.feed(data)
        if self._own_line.held:
            self._alarms.set_first(Alarm.RELEASE, time.monotonic() + _HELD_SECONDS)
        else:
            self._alarms.clear(Alarm.RELEASE)
        return shown

    def _release(self) -> None:
        self._alarms.clear(Alarm.RELEASE)
        self._readers.err.put(self._own_line.release())

    def _act(self, now: float) -> None:
        due = partial(self._alarms.due, now=now)
        if due(Alarm.RELEASE):
            self._release()
        if due(Alarm.LOOK):
            self._look(now)
        if due(Alarm.FORWARD):
            self._forward_waiting()
        if due(Alarm.NOT_YET):
            code = TIME_PASSED if self._end.late else 128 + self._came.waiting[0]
            self._leave(code, "it has not started yet")
        if due(Alarm.LIMIT):
            self._end_late(now)
        self._mind_readers(now)
        if due(Alarm.LEAVE):
            late = self._end.late
            code = TIME_PASSED if late else NO_READER
            self._leave(code, self._limit() if late else "the reader of its output has gone")

    def _look(self, now: float) -> None:
        if self._fifos.in_hurry:  # a look takes a ctr of its own, and as long as that
            self._alarms.set(Alarm.LOOK, now + _FIRST_LOOK / 2)
        elif not self._start.ask():
            self._alarms.set(Alarm.LOOK, time.monotonic() + self._start.pause())
        else:
            self._alarms.clear(Alarm.LOOK)
            self._pass_end_on()
            if self._came.waiting:
                self._alarms.set(Alarm.FORWARD, now + _SETTLE)

    def _end_late(self, now: float) -> None:
        """The time limit: the process is asked to end, and left where it does not."""
        self._alarms.clear(Alarm.LIMIT)
        self._end.late = True
        self._alarms.set(Alarm.LEAVE, now + _GRACE)
        self._pass_on(signal.SIGTERM)

    def _at_signal(self, number: int) -> None:
        if number == signal.SIGHUP and self._readers.hung_up():
            return
        if self._end.flushing or self._end.left is not None:
            at_once(number)
        self._came.last = number
        if number == signal.SIGQUIT and not self._listens():
            self._came.asked += 1
        if number in ASKS:
            self._came.asked += 1
            if self._came.asked >= ENOUGH:
                self._leave(128 + number, f"left after {ENOUGH} signals")
                return
        self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if self._start.known and not self._alarms.is_set(Alarm.FORWARD):
            self._send(number)
            return
        self._came.waiting.append(number)
        self._alarms.set_first(Alarm.NOT_YET, time.monotonic() + _NOT_YET)
        self._look_soon()

    def _forward_waiting(self) -> None:
        for number in self._came.take_waiting():
            self._send(number)
        self._alarms.clear(Alarm.FORWARD, Alarm.NOT_YET)

    def _send(self, number: int) -> None:
        if self._end.status is None:
            self._pipes.signal(number)

    def _mind_readers(self, now: float) -> None:
        """What a pipe's end does to a local process; but not where the connection dropped."""
        told = self._alarms.is_set(Alarm.PIPE) and not self._alarms.due(Alarm.PIPE, now)
        if told or not self._readers.wasted:
            return
        if self._readers.all_gone() or self._readers.hung_up():
            self._readers.forgive()
            self._alarms.clear(Alarm.PIPE)
            return
        if not self._alarms.is_set(Alarm.LEAVE):
            self._alarms.set(Alarm.LEAVE, now + _GRACE)
        self._alarms.set(Alarm.PIPE, now + _AGAIN)
        self._send(signal.SIGPIPE)

    def _leave(self, code: int, why: str) -> None:
        if self._end.left is None:
            Farewell.begin()
            self._end.left = (code, why)

    def _finish(self) -> Finish:
        finish = partial(
            Finish,
            signal=self._came.last,
            said=self._own_line.said,
            held=self._own_line.held,
            ran=self._start.known or self._start.has_printed,
            opened=self._fifos.opened,
            process=self._fifos.process,
        )
        status = self._end.status
        if self._end.left is not None:
            code, why = self._end.left
            return finish(None, code, why=why)
        if status is None:
            return finish(None, OURS, why="ctr did not end")
        if self._end.late:
            return finish(status, TIME_PASSED, why=self._limit())
        if self._end.unheard and status == 0:  # not all of it was read
            return finish(status, NO_READER)
        return finish(status, status if status >= 0 else 128 - status)

    def _limit(self) -> str:
        return f"the time limit of {in_seconds(self._streams.timeout or 0)} passed"
