"""An attachment while it lasts: what its parts are to whom, and everything that can end it."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from kuke_ctr.errors import NO_READER, OURS, TIME_PASSED, Forbidden, UsageError
from kuke_ctr.processes.calls import in_seconds
from kuke_ctr.processes.clock import FOREVER
from kuke_ctr.processes.descriptors import BLOCK, open_standard_streams
from kuke_ctr.processes.farewell import Farewell
from kuke_ctr.processes.signals import at_once
from kuke_ctr.terminals.attachment import AttachOptions, Ending, EndKind, refuse_existing
from kuke_ctr.terminals.clients import Connect
from kuke_ctr.terminals.detach_keys import KeyWatch, describe_keys
from kuke_ctr.terminals.fifos import Fifos
from kuke_ctr.terminals.leaving import ASKS, ENOUGH, FORWARDED, LEAVING, flush, hand_over
from kuke_ctr.terminals.relay import TYPED_AHEAD, Flow, Outlet, ReaderGone, Relay, Signals
from kuke_ctr.terminals.screens import Screens
from kuke_ctr.terminals.user_terminal import (
    USUAL_SIZE,
    LineEditor,
    Mode,
    UserTerminal,
    is_terminal,
    window_size,
)

SAID_LIMIT = 4096

_OF_TERMINALS = (signal.SIGWINCH, signal.SIGCONT, signal.SIGTSTP)


@dataclass(slots=True)
class Heard:
    """What the task has printed, as it passes: `tail` is its end, `said` that of stderr."""

    said: bytes = b""
    tail: bytes = b""
    printed: bool = False
    listener: Callable[[bytes], None] | None = None

    def output(self, data: bytes) -> bytes:
        """What is to be shown."""
        self.printed = True
        self.tail = (self.tail + data[-SAID_LIMIT:])[-SAID_LIMIT:]
        if self.listener is not None:
            self.listener(data)
        return data

    def error(self, data: bytes) -> bytes:
        """The same of stderr."""
        self.said = (self.said + data)[-SAID_LIMIT:]
        return self.output(data)


class Attachment:
    """The relay between a peer and the user's descriptors, with everything that can end it."""

    def __init__(self, options: AttachOptions, mode: Mode) -> None:
        self.options = options
        self.ending: Ending | None = None
        self.seen = b""
        self.awaited: bytes | None = None
        self._deadline = FOREVER
        self._raw = mode is Mode.RAW
        self._heard = Heard()
        self._typed_at = 0.0
        self._status: int | None = None
        self._proxied = 0

    def run(self, connect: Connect, converse: Callable[["Attachment"], None]) -> Ending:
        """Connect, let `converse` go on until it ends, and put everything back."""
        options = self.options
        open_standard_streams()
        with ExitStack() as stack:
            self._relay = Relay(stack.enter_context(Signals(self._signals())), self._at_signal)
            stack.callback(self._relay.close)
            saved = () if options.save is None else (self._relay.outlet(_new_file(options.save)),)
            self._terminal = self._take_terminal(stack)
            size = self._window() or options.size or USUAL_SIZE
            fifos = Fifos(terminal=self._raw)
            stack.callback(fifos.close)
            self._peer = connect(size)
            stack.callback(self._peer.leave)
            self._await_resize()
            fifos.of(self._peer.pid)
            self._relay.chore = fifos.look
            self._join_output(stack, saved)
            self._fifos: Fifos | None = fifos
            self._join_input(stack)
            if options.daemon >= 0:
                self._relay.watches[options.daemon] = self._daemon_gone
            if options.timeout is not None:
                self._deadline = time.monotonic() + max(options.timeout - options.waited, 0)
            try:
                converse(self)
                self._hand_over()
                flush(self._relay, self._typed)
            except ReaderGone as gone:
                if gone.terminal:
                    self._hung_up()
                self.leave(EndKind.DETACHED, NO_READER, "the reader of the output has gone")
            ending = self.ending or self._ended()
            said = self._heard.said or self._peer.said(self._heard.tail)
        told = replace(ending, seen=self.seen, awaited=self.awaited, said=said[-SAID_LIMIT:])
        return replace(told, printed=self._heard.printed, process=fifos.process)

    def go_on(self, until: float = FOREVER) -> bool:
        """One step of the loop, at most to `until`; False once it is over."""
        if self.ending is not None or (self._relay.finished() and not self._take_rest()):
            return False
        self._relay.step(min(until, self._deadline))
        if time.monotonic() >= self._deadline:
            limit = in_seconds(self.options.timeout or 0)
            self.leave(EndKind.TIMEOUT, TIME_PASSED, f"the time limit of {limit} passed")
        return self.ending is None

    def _take_rest(self) -> bool:
        """Once the client has ended, what it left unread; whether some is still to be written."""
        fifos, self._fifos = self._fifos, None
        if fifos is None:
            return False
        self._status = self._peer.end()
        if self._status is None or self._status < 0:
            return False
        for data, is_error in fifos.rest():
            self._output[is_error].carry(data)
        return not self._relay.finished()

    def send(self, data: bytes) -> None:
        """Type this."""
        self._typed.put(data)

    def hear(self, listener: Callable[[bytes], None]) -> None:
        """Let somebody hear all output as well."""
        self._heard.listener = listener

    def leave(self, kind: EndKind, exit_code: int, why: str, number: int | None = None) -> None:
        """This is the end, unless there was one already."""
        if self.ending is None:
            Farewell.begin()
            self.ending = Ending(
                kind, exit_code, why, signal=None if number is None else int(number)
            )

    def _signals(self) -> tuple[signal.Signals, ...]:
        leaving = FORWARDED if self.options.sig_proxy else LEAVING
        return (*leaving, *_OF_TERMINALS)

    def _take_terminal(self, stack: ExitStack) -> UserTerminal | None:
        options = self.options
        if options.script or not is_terminal(options.stdin):
            return None
        raw = self._raw and options.take_input
        mode = Mode.RAW if raw else Mode.KEYS
        return stack.enter_context(UserTerminal(options.stdin, mode, options.keys))

    def _window(self) -> tuple[int, int] | None:
        options = self.options
        return window_size((options.stdin, options.stdout, options.stderr))

    def _join_output(self, stack: ExitStack, saved: tuple[Outlet, ...]) -> None:
        options, relay, screens = self.options, self._relay, Screens()
        stack.callback(screens.put_back)
        ways: dict[int, Outlet] = {}
        self._output: dict[bool, Flow] = {}
        for descriptor, is_error in self._peer.outputs:
            user = options.stderr if is_error else options.stdout
            ways[user] = ways.get(user) or relay.outlet(Outlet.shared(user))
            heard = self._heard.error if is_error else self._heard.output
            through = screens.follow(user, ways[user], heard)
            sinks = (ways[user], *saved)
            flow = Flow(descriptor, sinks, through, room=BLOCK, output=True)
            relay.flows.append(flow)
            self._output[is_error] = flow

    def _join_input(self, stack: ExitStack) -> None:
        """From the user to the peer: as it is, with an eye on the keys, or line by line."""
        options, relay = self.options, self._relay
        nowhere = Outlet(-1, vital=False)
        peer = self._peer.input
        self._typed = relay.outlet(Outlet.own(peer)) if peer >= 0 else nowhere
        typed = self._typed if options.take_input else nowhere
        self._keyboard = None
        if options.script:
            return
        if self._terminal is None:
            if options.take_input:
                relay.flows.append(Flow(options.stdin, (typed,), at_end=self._end_input))
            return
        if options.take_input and not self._raw:
            typed = self._edit_lines(stack, self._terminal, typed)
        self._watch = KeyWatch(options.keys)
        self._keyboard = Flow(
            options.stdin, (typed,), self._watched, self._hung_up, TYPED_AHEAD, self._terminal.ours
        )
        relay.flows.append(self._keyboard)

    def _end_input(self) -> None:
        self._typed.put(self.options.last_typed)
        self._typed.end()
        self.options.input_ended()

    def _edit_lines(self, stack: ExitStack, terminal: UserTerminal, typed: Outlet) -> Outlet:
        relay = self._relay
        editor = LineEditor(terminal.before)
        stack.callback(editor.close)
        echo = relay.outlet(Outlet.shared(self.options.stdin))
        relay.flows.append(Flow(editor.typed, (echo,)))
        relay.flows.append(Flow(editor.lines, (typed,), at_end=self._end_input, room=TYPED_AHEAD))
        return relay.outlet(Outlet.own(os.dup(editor.typed)))

    def _watched(self, data: bytes) -> bytes:
        passed, complete = self._watch.feed(data)
        if passed:
            self._typed_at = time.monotonic()
        if complete:
            keys = describe_keys(self.options.keys)
            self.leave(EndKind.DETACHED, 0, f"detached with {keys}")
        return passed

    def _hung_up(self) -> None:
        code = 128 + signal.SIGHUP
        self.leave(EndKind.DETACHED, code, "the terminal was closed", signal.SIGHUP)

    def _at_signal(self, number: int) -> None:
        if number == signal.SIGWINCH:
            self._resize()
        elif number == signal.SIGTSTP:
            self._stop()
        elif number == signal.SIGCONT:
            self._continue()
        elif self.ending is not None:
            at_once(number)
        elif self.options.sig_proxy and self._proxied < ENOUGH and self._listens():
            self._proxied += number in ASKS
            self._peer.forward(number)
        else:
            harmless = number == signal.SIGINT and not self.options.script
            code = 0 if harmless else 128 + number
            name = signal.Signals(number).name
            self.leave(EndKind.DETACHED, code, f"detached by {name}", number)

    def _listens(self) -> bool:
        """Whether the client is still there, to pass a signal on."""
        return any(flow.output for flow in self._relay.flows)

    def _resize(self) -> None:
        size = self._window()
        if size is not None:
            self._relay.watches.pop(self._peer.waiting, None)
            self._peer.resize(*size)
            self._await_resize()

    def _await_resize(self) -> None:
        if self._peer.waiting >= 0:
            self._relay.watches[self._peer.waiting] = self._resized

    def _resized(self) -> None:
        self._peer.resized()
        self._await_resize()

    def _stop(self) -> None:
        """Ctrl-Z or `kill -TSTP`: the shell gets its terminal as it was."""
        if self._terminal is not None:
            self._terminal.restore()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _continue(self) -> None:
        if self._terminal is not None and self._keyboard is not None:
            self._terminal.refresh()
            self._keyboard.enabled = self._terminal.ours
        self._resize()

    def _daemon_gone(self) -> None:
        """A ctr before 2.0 would fail now, and remove the task's FIFOs: it has no time for that."""
        self.leave(EndKind.LOST, OURS, "containerd has stopped")

    def _hand_over(self) -> None:
        """The user leaves, and nobody is in a hurry: what was typed last gets to the task."""
        ending = self.ending
        if ending is None or ending.kind not in (EndKind.DETACHED, EndKind.EXPECTED):
            return
        if ending.signal is None:
            hand_over(
                self._relay,
                busy=lambda: bool(self._typed.kept or self._peer.backlog()),
                typed_at=lambda: max(self._typed_at, self._typed.last_put),
            )

    def _ended(self) -> Ending:
        status = self._status
        if status is None or status < 0:
            how = f" by signal {-status}" if status is not None else ""
            return Ending(EndKind.LOST, OURS, f"ctr was killed{how}", status=status)
        code = TIME_PASSED if self.options.script else status
        return Ending(EndKind.ENDED, code, f"the task exited with status {status}", status=status)


def attach(
    options: AttachOptions,
    mode: Mode,
    connect: Connect,
    converse: Callable[[Attachment], None] | None = None,
) -> Ending:
    """Attach the user's descriptors to what `connect` makes, until it ends or the user leaves."""
    return Attachment(options, mode).run(connect, converse or _until_it_ends)


def _until_it_ends(attachment: Attachment) -> None:
    while attachment.go_on():
        pass


def _new_file(path: Path) -> Outlet:
    """A private file that was not there before."""
    refuse_existing(path)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except PermissionError:
        raise Forbidden(
            f"permission denied creating {path}", hint="name a file in a directory of yours"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot create {path}: {error.strerror}") from None
    return Outlet(descriptor, vital=False)
