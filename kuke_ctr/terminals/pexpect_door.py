"""The one door to terminals, on pexpect: attach to a task, with a person or a script at it.

Leaving a task must not hurt it. A ctr on pipes passes every signal on to the workload, so that only
SIGKILL ends it; a ctr on a pseudo terminal passes none on. Both die when we do.
"""

import fcntl
import os
import signal
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kuke_ctr.errors import Interrupted
from kuke_ctr.processes.calls import Call, Result, time_limit, write_all
from kuke_ctr.processes.child_setup import child_environment, dies_with_us, interrupts_held
from kuke_ctr.processes.descriptors import close_all, content_of, nameless_file
from kuke_ctr.processes.pipes import Pipes
from kuke_ctr.processes.preflight import check_socket, find_program, not_started
from kuke_ctr.terminals.attachment import Attachment, AttachOptions, Ending, EndKind, Step, attach
from kuke_ctr.terminals.clients import END_LIMIT, PipesPeer, SocketPeer
from kuke_ctr.terminals.relay import unread
from kuke_ctr.terminals.user_terminal import Mode, make_raw, window_size

if TYPE_CHECKING:
    import pexpect
    from pexpect.spawnbase import SpawnBase

    from kuke_ctr.terminals.kuketty import Connection

__all__ = [
    "AttachOptions",
    "EndKind",
    "Ending",
    "Step",
    "answer_password",
    "attach_pty",
    "attach_socket",
    "relay_pipes",
    "watch",
]

_TIOCGPTPEER = 0x5441
_SEEN_LIMIT = 4096
_WINDOW = 65536
"""Bytes in which a regular expression is looked for."""
_PIECE = 16384
_REMEMBERED = 1 << 20


def attach_pty(call: Call, options: AttachOptions) -> Ending:
    """Run a ctr on a terminal of its own, for a task or process with a terminal.

    The user's terminal is raw meanwhile; neither stdin nor stdout needs to be one. Raises
    CtrMissing, Forbidden and CtrFailed before anything is started.
    """
    return attach(
        options, Mode.RAW, lambda size: _PtyPeer(call, size), _conversation(options.script)
    )


def relay_pipes(start: Callable[[], Pipes], options: AttachOptions) -> Ending:
    """Relay a ctr on pipes (`Processes.open_pipes`), for a task without a terminal.

    It is started when the user's terminal and the signals are ready; raises what `start` raises.
    """
    return attach(
        options, Mode.KEYS, lambda size: PipesPeer(start()), _conversation(options.script)
    )


def attach_socket(connect: Callable[[], "Connection"], options: AttachOptions) -> Ending:
    """Attach to a terminal that kuketty holds (`kuketty.attach`); raises what `connect` raises.

    An ENDED has the status 0: nobody tells the real one.
    """
    return attach(
        options,
        Mode.RAW,
        lambda size: SocketPeer(connect(), size),
        _conversation(options.script),
    )


def answer_password(call: Call, secret: str, *, show: int | None = None) -> Result:
    """Run a ctr that asks for a password, and answer it: the secret stands in no argv.

    `show` is a terminal that gets ctr's output from then on, the result has its end too. Raises
    CtrMissing and Forbidden before anything is started, TimeLimit and Interrupted once ctr is gone.
    """
    return _converse(call, secret, show)


def watch(call: Call, *, show: int) -> Result:
    """Run a ctr that draws its progress, on a terminal of its own, and show that on `show`.

    The result has the end of it. Raises as `answer_password`.
    """
    return _converse(call, None, show)


def _converse(call: Call, secret: str | None, show: int | None) -> Result:
    rows, columns = (show is not None and window_size([show])) or (24, 80)
    program, errors, started = find_program(call.argv), nameless_file(), time.monotonic()
    try:
        with interrupts_held() as blocked:
            child = _spawn(program, call, (rows, columns), errors, blocked)
        try:
            output = _read_all(child, call, secret, show)
            child.wait()
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        finally:
            _end(child)
        ended = child.exitstatus if child.signalstatus is None else -child.signalstatus
        seconds = time.monotonic() - started
        return Result(call.argv, ended or 0, output, content_of(errors), seconds)
    finally:
        close_all(errors)


def _read_all(
    child: "pexpect.spawn[bytes]", call: Call, secret: str | None, show: int | None
) -> bytes:
    """The end of what ctr prints, once it has the secret; nothing where it never asked for it."""
    import pexpect

    until = float("inf") if call.timeout is None else time.monotonic() + call.timeout
    child.delaybeforesend = None
    kept, piece = b"", b""
    try:
        if secret is not None:
            child.expect_exact(b"Password: ", timeout=_rest(until))
            child.send(secret.encode(errors="surrogateescape") + b"\n")
            piece = child.buffer
        while True:
            kept = (kept + piece)[-_REMEMBERED:]
            if show is not None:
                write_all(show, piece)
            piece = child.read_nonblocking(_PIECE, timeout=_rest(until))
    except pexpect.TIMEOUT:
        raise time_limit(call) from None
    except pexpect.EOF:
        return kept


def _rest(until: float) -> float | None:
    return None if until == float("inf") else max(0.0, until - time.monotonic())


def _end(child: "pexpect.spawn[bytes]") -> None:
    if child.isalive():
        with suppress(PermissionError):  # `sudo ctr`: it ends with its terminal
            os.killpg(int(child.pid or 0), signal.SIGKILL)
            child.wait()
    child.ptyproc.fileobj.close()  # type: ignore[attr-defined]


class _PtyPeer:
    """A ctr on a pseudo terminal, which is raw before ctr looks at it: every byte is exact.

    What an attached task prints comes by a pipe: ctr writes it to its stdout, and looks for its
    terminal at stdin, too. A second pseudo terminal would take a fifth of the speed. A process that
    ctr starts itself (exec, run) prints to the terminal.
    """

    def __init__(self, call: Call, size: tuple[int, int]) -> None:
        program = find_program(call.argv)
        if call.socket is not None:
            check_socket(call.socket, call.argv)
        self._errors = nameless_file()
        self._printed, printing = _small_pipe()
        try:
            with interrupts_held() as blocked:
                self._child = _spawn(program, call, size, self._errors, blocked, stdout=printing)
        except BaseException:
            close_all(self._errors, self._printed)
            raise
        finally:
            close_all(printing)
        self._pty = self._child.child_fd
        self._size = size
        self.outputs = [(self._printed, False), (self._pty, False)]
        self.input = os.dup(self._pty)
        self.pid = self._child.pid

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
        return self._child.exitstatus if not self._child.signalstatus else -self._child.signalstatus

    def said(self) -> bytes:
        return content_of(self._errors)

    def leave(self) -> None:
        if self._errors < 0:
            return
        _end(self._child)
        close_all(self._errors, self._printed)
        self._errors = -1


def _small_pipe() -> tuple[int, int]:
    """A pipe with little room: what stands in it is lost to the task when the user leaves."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, _PIECE)
    return read_end, write_end


def _spawn(
    program: str,
    call: Call,
    size: tuple[int, int],
    errors: int,
    blocked: set[int],
    *,
    stdout: int = -1,
) -> "pexpect.spawn[bytes]":
    """Start a ctr on a pseudo terminal, but for its stderr and, where one is given, its stdout."""
    import pexpect

    ours = f"/proc/{os.getpid()}/fd"  # pexpect closes all that a child would inherit
    dies = dies_with_us(blocked)

    def prepare() -> None:  # pragma: no cover (runs in the child)
        make_raw(0)
        if stdout >= 0:
            os.dup2(os.open(f"{ours}/{stdout}", os.O_WRONLY), 1)
        os.dup2(os.open(f"{ours}/{errors}", os.O_WRONLY | os.O_APPEND), 2)
        dies()

    try:
        return pexpect.spawn(
            program,
            list(call.argv[1:]),
            timeout=None,
            env=child_environment(os.environ),
            dimensions=size,
            preexec_fn=prepare,
        )
    except (pexpect.ExceptionPexpect, OSError) as error:
        raise not_started(call.argv, program, getattr(error, "errno", None) or 0) from None


def _conversation(script: tuple[Step, ...]) -> Callable[[Attachment], None] | None:
    if not script:
        return None

    def play(attachment: Attachment) -> None:
        _play(attachment, script)

    return play


def _play(attachment: Attachment, script: tuple[Step, ...]) -> None:
    """Expect and send, step by step, on pexpect."""
    import pexpect

    heard = _listener(attachment)
    try:
        for step in script:
            attachment.awaited = step.expect
            heard.expect(step.expect)
            if step.send is not None:
                attachment.send(step.send)
    except pexpect.EOF:
        attachment.seen = (heard.before or b"")[-_SEEN_LIMIT:]
    else:
        assert isinstance(heard.after, bytes)
        attachment.awaited = None
        attachment.seen = heard.after[-_SEEN_LIMIT:]
        attachment.leave(EndKind.EXPECTED, 0, "what was expected was seen")


def _listener(attachment: Attachment) -> "SpawnBase[bytes]":
    """A pexpect whose input is what the relay brings: signals and time limits stay the relay's."""
    import pexpect
    from pexpect.spawnbase import SpawnBase

    came = bytearray()
    attachment.hear(came.extend)

    def read(listener: Any, size: int = 1, timeout: float | None = None) -> bytes:
        while not came and attachment.go_on():
            pass
        if not came:
            raise pexpect.EOF("the attachment is over")
        if listener._before.tell() > _REMEMBERED:  # pexpect would keep all output for ever
            kept = listener._before.getvalue()[-_WINDOW:]
            listener._before = listener.buffer_type()
            listener._before.write(kept)
        piece = bytes(came[:size])
        del came[:size]
        return piece

    listener: SpawnBase[bytes] = type("Listener", (SpawnBase,), {"read_nonblocking": read})(
        timeout=None, maxread=_PIECE, searchwindowsize=_WINDOW
    )
    listener.delayafterread = None
    return listener
