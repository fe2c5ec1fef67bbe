"""Whom an attachment talks to: a ctr on a terminal or on pipes, kuketty's socket."""

import fcntl
import os
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from kuke_ctr.errors import TimeLimit
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.child_setup import interrupts_held
from kuke_ctr.processes.descriptors import close_all, content_of, nameless_file
from kuke_ctr.processes.far_pipes import raise_if_lost
from kuke_ctr.processes.pipes import Pipes
from kuke_ctr.processes.preflight import check_socket, find_program
from kuke_ctr.terminals import pexpect_door
from kuke_ctr.terminals.relay import unread

if TYPE_CHECKING:
    from kuke_ctr.terminals.kuketty import Connection

_SMALL = 16384
_TIOCGPTPEER = 0x5441

END_LIMIT = 10.0
"""Seconds that a ctr may take to end once it has closed its output."""


class Peer(Protocol):
    """The client that speaks to the task: a ctr on a terminal or on pipes, or kuketty's socket.

    `outputs` are (descriptor, is it stderr); `input` is -1 where there is none. `pid` is that of a
    client that reads FIFOs, else None. `waiting` becomes readable when the client has taken a size
    or lost its input, and `attend` has to be called then; -1 where nothing is waited for. `leave`
    ends the client without harm to the task, also a second time.
    """

    outputs: list[tuple[int, bool]]
    input: int
    pid: int | None

    @property
    def waiting(self) -> int: ...
    def resize(self, rows: int, columns: int) -> None: ...
    def attend(self) -> None: ...
    def forward(self, number: int) -> None: ...
    def backlog(self) -> int:
        """Bytes of input that the client has not taken yet."""

    def end(self) -> int | None:
        """The exit status, after all outputs have ended; negative for a signal."""

    def said(self, tail: bytes) -> bytes:
        """What the client itself said on a stderr of its own; `tail` is the end of its output."""

    def leave(self) -> None: ...


Connect = Callable[[tuple[int, int]], Peer]
"""Makes the peer, given the size of the window."""


class _OwnPeer:
    """A ctr of ours, which takes a size at once."""

    @property
    def waiting(self) -> int:
        return -1

    def attend(self) -> None:
        """Nothing was waited for."""


class PipesPeer(_OwnPeer):
    """A ctr on pipes."""

    def __init__(self, pipes: Pipes) -> None:
        self._pipes = pipes
        self._open = True
        self.outputs = [(pipes.stdout, False), (pipes.stderr, True)]
        self.input = pipes.stdin
        self.pid: int | None = pipes.pid

    @property
    def waiting(self) -> int:
        return self._pipes.waiting

    def attend(self) -> None:
        """Its input has ended, on its way to another host."""
        self._pipes.attend()

    def resize(self, rows: int, columns: int) -> None:
        """A task without a terminal has no window."""

    def forward(self, number: int) -> None:
        self._pipes.signal(number)

    def backlog(self) -> int:
        return unread(self.input, termios.FIONREAD)

    def end(self) -> int | None:
        try:
            return self._pipes.wait(END_LIMIT)
        except TimeLimit:
            return None

    def said(self, tail: bytes) -> bytes:
        return b""

    def leave(self) -> None:
        if self._open:
            self._open = False
            self._pipes.kill()
            close_all(self._pipes.stdout, self._pipes.stderr)


class PtyPeer(_OwnPeer):
    """A ctr on a pseudo terminal, which is raw before ctr looks at it: every byte is exact.

    What an attached task prints comes by a pipe: ctr writes it to its stdout, and looks for its
    terminal at stdin, too. A second pseudo terminal would take a fifth of the speed. A process that
    ctr starts itself (exec, run) prints to the terminal.
    """

    def __init__(self, call: Call, size: tuple[int, int]) -> None:
        program = find_program(call.process)
        if call.socket:
            check_socket(call.socket, call.argv)
        self._call = call
        self._errors = nameless_file()
        self._printed, printing = _small_pipe()
        try:
            with interrupts_held() as blocked:
                self._child = pexpect_door.spawn(
                    program, call, size, self._errors, blocked, stdout=printing
                )
        except BaseException:
            close_all(self._errors, self._printed)
            raise
        finally:
            close_all(printing)
        self._pty = self._child.child_fd
        self.outputs = [(self._printed, False), (self._pty, False)]
        self.input = os.dup(self._pty)
        self.pid: int | None = self._child.pid if call.far is None else None

    def resize(self, rows: int, columns: int) -> None:
        self._child.setwinsize(rows, columns)

    def forward(self, number: int) -> None:
        """A ctr on a terminal forwards nothing: what is left is to end it."""
        self._child.kill(number)

    def backlog(self) -> int:
        with suppress(OSError):
            flags = os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC
            other_side = fcntl.ioctl(self._pty, _TIOCGPTPEER, flags)
            waiting = unread(other_side, termios.FIONREAD)
            os.close(other_side)
            return waiting
        return 0

    def end(self) -> int | None:
        until = time.monotonic() + END_LIMIT
        while self._child.isalive():
            if time.monotonic() > until:
                return None
            time.sleep(0.002)
        if self._child.signalstatus:
            return -int(self._child.signalstatus)
        code: int | None = self._child.exitstatus
        raise_if_lost(self._call, code)
        return code

    def said(self, tail: bytes) -> bytes:
        return pexpect_door.own_words(self._call, content_of(self._errors), tail)

    def leave(self) -> None:
        if self._errors < 0:
            return
        pexpect_door.end(self._child)
        close_all(self._errors, self._printed)
        self._errors = -1


class SocketPeer:
    """A terminal behind kuketty's socket."""

    pid: int | None = None

    def __init__(self, connection: "Connection", size: tuple[int, int]) -> None:
        self._connection = connection
        self._greeting = nameless_file(connection.greeting) if connection.greeting else -1
        first = [(self._greeting, False)] if connection.greeting else []
        self.outputs = [*first, (connection.descriptor, False)]
        self.input = os.dup(connection.descriptor) if connection.takes_input else -1
        if connection.takes_input:
            connection.resize(*size)

    @property
    def waiting(self) -> int:
        """The descriptor of an answer that is to come, or -1."""
        return self._connection.waiting

    def resize(self, rows: int, columns: int) -> None:
        if self.input >= 0:
            self._connection.resize(rows, columns)

    def attend(self) -> None:
        self._connection.resized()

    def forward(self, number: int) -> None:
        """Signals have no way through a socket."""

    def backlog(self) -> int:
        return unread(self.input, termios.TIOCOUTQ)

    def end(self) -> int | None:
        return 0

    def said(self, tail: bytes) -> bytes:
        return b""

    def leave(self) -> None:
        self._connection.close()
        close_all(self._greeting)
        self._greeting = -1


def _small_pipe() -> tuple[int, int]:
    """A pipe with little room: what stands in it is lost to the task when the user leaves."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, _SMALL)
    return read_end, write_end
