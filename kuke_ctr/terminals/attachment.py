"""One attachment of a user to a task: what is asked for, what it is to whom, how it ends."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from kuke_ctr.errors import NO_READER, OURS, TIME_PASSED, Forbidden, UsageError
from kuke_ctr.processes.calls import in_seconds
from kuke_ctr.processes.descriptors import open_standard_streams
from kuke_ctr.terminals.clients import Connect
from kuke_ctr.terminals.detach_keys import DEFAULT_KEYS, KeyWatch, describe_keys, parse_keys
from kuke_ctr.terminals.fifos import Fifos
from kuke_ctr.terminals.relay import BLOCK, TYPED_AHEAD, Flow, Outlet, ReaderGone, Relay, Signals
from kuke_ctr.terminals.user_terminal import (
    LineEditor,
    Mode,
    UserTerminal,
    is_terminal,
    window_size,
)

DETACH_KEYS = parse_keys(DEFAULT_KEYS)
USUAL_SIZE = (24, 80)
SAID_LIMIT = 4096

LEAVING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_FORWARDED = (*LEAVING, signal.SIGUSR1, signal.SIGUSR2)
_OF_TERMINALS = (signal.SIGWINCH, signal.SIGCONT, signal.SIGTSTP)

_HAND_OVER_LIMIT = 1.0
_HAND_OVER_QUIET = 0.05
"""Seconds in which ctr passes on what it has read: nothing tells when it has."""

_FLUSH_LIMIT = 10.0
_FLUSH_QUIET = 1.0
"""Seconds for our reader to take what was read for it: in all, and without taking anything."""


@dataclass(frozen=True, slots=True)
class Step:
    """Wait for a regular expression in the output, then send a text (None: nothing)."""

    expect: bytes
    send: bytes | None = None


@dataclass(frozen=True, slots=True)
class AttachOptions:
    """What the user wants of an attachment.

    `size` (rows, columns) counts where no terminal of ours has one. `timeout` is in seconds. With a
    `script`, stdin is not read and the attachment ends with its last step. `save` must not exist.
    `last_typed` is typed when a stdin that is no terminal ends. `daemon` is a pidfd
    of the containerd that the client must not outlive, or -1. `input_ended` is called when a stdin
    that is read ends: no client can pass that on.
    """

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2
    take_input: bool = True
    keys: bytes = DETACH_KEYS
    sig_proxy: bool = False
    size: tuple[int, int] | None = None
    save: Path | None = None
    timeout: float | None = None
    script: tuple[Step, ...] = ()
    daemon: int = -1
    last_typed: bytes = b""
    input_ended: Callable[[], None] = lambda: None


class EndKind(StrEnum):
    """How an attachment ended: the task (or its client) did, or we left it, and why.

    LOST is a client that was killed, or a terminal that hung up: the task may well run on.
    """

    ENDED = "ended"
    DETACHED = "detached"
    EXPECTED = "expected"
    TIMEOUT = "timeout"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an attachment.

    `exit_code` is what kuke-ctr exits with (docs/output.md), `why` some words for a person,
    `signal` the one that made us leave. `status` is the exit status of the client, which is that of
    the task's process, or ctr's own 1. `seen` is what a script matched, or the last of the output
    where it waited in vain for `awaited`; `said` is the last of stderr. `printed`: the task has
    printed something.
    """

    kind: EndKind
    exit_code: int
    why: str
    signal: int | None = None
    status: int | None = None
    seen: bytes = b""
    awaited: bytes | None = None
    said: bytes = b""
    printed: bool = False


class Attachment:
    """The relay between a peer and the user's descriptors, with everything that can end it."""

    def __init__(self, options: AttachOptions, mode: Mode) -> None:
        self.options = options
        self.ending: Ending | None = None
        self.seen = b""
        self.awaited: bytes | None = None
        self._deadline = float("inf")
        self._raw = mode is Mode.RAW
        self._said = b""
        self._printed = False
        self._typed_at = 0.0
        self._listener: Callable[[bytes], None] | None = None
        self._status: int | None = None

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
            fifos.of(self._peer.pid)
            self._relay.chore = fifos.look
            self._join_output(saved)
            self._fifos: Fifos | None = fifos
            self._join_input(stack)
            if options.daemon >= 0:
                self._relay.watches[options.daemon] = self._daemon_gone
            if options.timeout is not None:
                self._deadline = time.monotonic() + options.timeout
            try:
                converse(self)
                self._hand_over()
                self._flush()
            except ReaderGone as gone:
                if gone.terminal:
                    self._hung_up()
                self.leave(EndKind.DETACHED, NO_READER, "nobody reads our output any more")
            ending = self.ending or self._ended()
            said = self._said or self._peer.said()
        told = replace(ending, seen=self.seen, awaited=self.awaited, said=said[-SAID_LIMIT:])
        return replace(told, printed=self._printed)

    def go_on(self, until: float = float("inf")) -> bool:
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
        self._listener = listener

    def leave(self, kind: EndKind, exit_code: int, why: str, number: int | None = None) -> None:
        """This is the end, unless there was one already."""
        if self.ending is None:
            self.ending = Ending(
                kind, exit_code, why, signal=None if number is None else int(number)
            )

    def _signals(self) -> tuple[signal.Signals, ...]:
        leaving = _FORWARDED if self.options.sig_proxy else LEAVING
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

    def _join_output(self, saved: tuple[Outlet, ...]) -> None:
        options, relay = self.options, self._relay
        ways: dict[int, Outlet] = {}
        self._output: dict[bool, Flow] = {}
        for descriptor, is_error in self._peer.outputs:
            user = options.stderr if is_error else options.stdout
            ways[user] = ways.get(user) or relay.outlet(Outlet.shared(user))
            through = self._heard_error if is_error else self._heard
            sinks = (ways[user], *saved)
            flow = Flow(descriptor, sinks, through, room=BLOCK, output=True)
            relay.flows.append(flow)
            self._output[is_error] = flow

    def _heard(self, data: bytes) -> bytes:
        self._printed = True
        if self._listener is not None:
            self._listener(data)
        return data

    def _heard_error(self, data: bytes) -> bytes:
        self._said = (self._said + data)[-SAID_LIMIT:]
        return self._heard(data)

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
            self.leave(EndKind.DETACHED, 0, f"detached by {keys}")
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
        elif self.options.sig_proxy:
            self._peer.forward(number)
        else:
            harmless = number == signal.SIGINT and not self.options.script
            code = 0 if harmless else 128 + number
            name = signal.Signals(number).name
            self.leave(EndKind.DETACHED, code, f"detached by {name}", number)

    def _resize(self) -> None:
        size = self._window()
        if size is not None:
            self._peer.resize(*size)

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
        """The user leaves: give the client the time to pass on what was just typed."""
        if self.ending is None or self.ending.kind not in (EndKind.DETACHED, EndKind.EXPECTED):
            return
        until = time.monotonic() + _HAND_OVER_LIMIT
        waited = 0.0
        while self.ending.signal is None and (now := time.monotonic()) < until:
            if self._typed.kept or self._peer.backlog():
                waited = now  # a client that reads late has only begun to pass it on
            elif now > max(self._typed_at, self._typed.last_put, waited) + _HAND_OVER_QUIET:
                return
            self._relay.step(now + _HAND_OVER_QUIET / 5)

    def _flush(self) -> None:
        """Show what the task's pipe has lost to us already; nothing more is read from it."""
        for flow in self._relay.flows:
            flow.enabled = flow.enabled and not flow.output
        outlets = [outlet for outlet in self._relay.outlets if outlet is not self._typed]
        end = time.monotonic() + _FLUSH_LIMIT
        left, until = sum(len(each.kept) for each in outlets), time.monotonic() + _FLUSH_QUIET
        while left and time.monotonic() < min(end, until):
            self._relay.step(min(end, until))
            before, left = left, sum(len(each.kept) for each in outlets)
            if left < before:
                until = time.monotonic() + _FLUSH_QUIET

    def _ended(self) -> Ending:
        status = self._status
        if status is None or status < 0:
            how = f" by signal {-status}" if status is not None else ""
            return Ending(EndKind.LOST, OURS, f"the connection was ended{how}", status=status)
        code = TIME_PASSED if self.options.script else status
        return Ending(EndKind.ENDED, code, f"the task ended with {status}", status=status)


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


def refuse_existing(path: Path) -> None:
    """Raise UsageError for a file that is there: what somebody saved once is never overwritten."""
    if os.path.lexists(path):
        raise UsageError(f"{path} exists already", hint="name a new file, or remove that one first")


def _new_file(path: Path) -> Outlet:
    """A private file that was not there before."""
    refuse_existing(path)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except PermissionError:
        raise Forbidden(
            f"no permission to make {path}", hint="name a file in a folder of yours"
        ) from None
    except OSError as error:
        raise UsageError(f"{path} can't be made: {error.strerror}") from None
    return Outlet(descriptor, vital=False)
