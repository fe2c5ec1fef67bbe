"""Whom an attachment talks to: what any client must do, a ctr on pipes, kuketty's socket.

A ctr on a terminal is in `terminal.py`, with pexpect.
"""

import os
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from kuke_ctr.errors import TimeLimit
from kuke_ctr.processes.descriptors import close_all, nameless_file
from kuke_ctr.processes.pipes import Pipes
from kuke_ctr.terminals.relay import unread

if TYPE_CHECKING:
    from kuke_ctr.terminals.kuketty import Connection

END_LIMIT = 10.0
"""Seconds that a ctr may take to end once it has closed its output."""


class Peer(Protocol):
    """The client that speaks to the task: a ctr on a terminal or on pipes, or kuketty's socket.

    `outputs` are (descriptor, is it stderr); `input` is -1 where there is none. `pid` is that of a
    client that reads FIFOs, else None. `leave` ends the client without harm to the task, also a
    second time.
    """

    outputs: list[tuple[int, bool]]
    input: int
    pid: int | None

    def resize(self, rows: int, columns: int) -> None: ...
    def forward(self, number: int) -> None: ...
    def backlog(self) -> int:
        """Bytes of input that the client has not taken yet."""

    def end(self) -> int | None:
        """The exit status, after all outputs have ended; negative for a signal."""

    def said(self) -> bytes:
        """What the client itself said on a stderr of its own."""

    def leave(self) -> None: ...


Connect = Callable[[tuple[int, int]], Peer]
"""Makes the peer, given the size of the window."""


class PipesPeer:
    """A ctr on pipes."""

    def __init__(self, pipes: Pipes) -> None:
        self._pipes = pipes
        self._open = True
        self.outputs = [(pipes.stdout, False), (pipes.stderr, True)]
        self.input = pipes.stdin
        self.pid: int | None = pipes.pid

    def resize(self, rows: int, columns: int) -> None:
        """A task without a terminal has no window."""

    def forward(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pipes.pid, number)

    def backlog(self) -> int:
        return unread(self.input, termios.FIONREAD)

    def end(self) -> int | None:
        try:
            return self._pipes.wait(END_LIMIT)
        except TimeLimit:
            return None

    def said(self) -> bytes:
        return b""

    def leave(self) -> None:
        if self._open:
            self._open = False
            self._pipes.kill()
            close_all(self._pipes.stdout, self._pipes.stderr)


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

    def resize(self, rows: int, columns: int) -> None:
        if self.input >= 0:
            self._connection.resize(rows, columns)

    def forward(self, number: int) -> None:
        """Signals have no way through a socket."""

    def backlog(self) -> int:
        return unread(self.input, termios.TIOCOUTQ)

    def end(self) -> int | None:
        return 0

    def said(self) -> bytes:
        return b""

    def leave(self) -> None:
        self._connection.close()
        close_all(self._greeting)
        self._greeting = -1
