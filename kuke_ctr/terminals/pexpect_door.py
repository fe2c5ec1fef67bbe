"""The one door to `pexpect`: a ctr on a pseudo terminal, a ctr that asks, output that is awaited.

One thing of its insides is used: the buffer `_before` of a SpawnBase, which would keep all output
for ever (`Listener`). tests/terminals/test_pexpect_door.py tells what to do where it has changed.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kuke_ctr.errors import Interrupted
from kuke_ctr.processes.calls import Call, Result, time_limit, write_all
from kuke_ctr.processes.child_setup import child_environment, dies_with_us, interrupts_held
from kuke_ctr.processes.clock import FOREVER
from kuke_ctr.processes.descriptors import close_all, content_of, nameless_file
from kuke_ctr.processes.preflight import find_program, not_started
from kuke_ctr.terminals.user_terminal import USUAL_SIZE, make_raw, window_size

if TYPE_CHECKING:
    import pexpect
    from pexpect.spawnbase import SpawnBase

_WINDOW = 65536
"""Bytes in which a regular expression is looked for."""
_PIECE = 16384
_REMEMBERED = 1 << 20


def spawn(
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
            list(call.process[1:]),
            timeout=None,
            env=child_environment(os.environ),
            dimensions=size,
            preexec_fn=prepare,
        )
    except (pexpect.ExceptionPexpect, OSError) as error:
        raise not_started(call.argv, program, getattr(error, "errno", None) or 0) from None


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
    rows, columns = (show is not None and window_size([show])) or USUAL_SIZE
    program, errors, started = find_program(call.process), nameless_file(), time.monotonic()
    try:
        with interrupts_held() as blocked:
            child = spawn(program, call, (rows, columns), errors, blocked)
        try:
            output = _read_all(child, call, secret, show)
            child.wait()
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        finally:
            end(child)
        ended = child.exitstatus if child.signalstatus is None else -child.signalstatus
        seconds = time.monotonic() - started
        said = own_words(call, content_of(errors), output)
        return Result(call.argv, ended or 0, output, said, seconds)
    finally:
        close_all(errors)


def own_words(call: Call, errors: bytes, output: bytes) -> bytes:
    """ctr's stderr; on another host that is its terminal, where its own line is the last."""
    if call.far is None:
        return errors
    last = output.rstrip().rpartition(b"\n")[2].rpartition(b"\r")[2].strip()
    return errors + last if last.startswith(b"ctr: ") else errors


def _read_all(
    child: "pexpect.spawn[bytes]", call: Call, secret: str | None, show: int | None
) -> bytes:
    """The end of what ctr prints, once it has the secret; nothing where it never asked for it."""
    import pexpect

    until = FOREVER if call.timeout is None else time.monotonic() + call.timeout
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
    return None if until == FOREVER else max(0.0, until - time.monotonic())


def end(child: "pexpect.spawn[bytes]") -> None:
    """End it by SIGKILL, and its terminal."""
    if child.isalive():
        with suppress(PermissionError):  # `sudo ctr`: it ends with its terminal
            os.killpg(int(child.pid or 0), signal.SIGKILL)
            child.wait()
    child.ptyproc.fileobj.close()  # type: ignore[attr-defined]


class Listener:
    """Awaits regular expressions in what `more` brings: at most so many bytes, none at the end.

    `seen` is what matched last, or all since then where the end came first.
    """

    def __init__(self, more: Callable[[int], bytes]) -> None:
        self.seen = b""
        self._base = _listening_to(more)

    def expect(self, pattern: bytes) -> bool:
        """Whether this came before the end."""
        import pexpect

        try:
            self._base.expect(pattern)
        except pexpect.EOF:
            self.seen = self._base.before or b""
            return False
        assert isinstance(self._base.after, bytes)
        self.seen = self._base.after
        return True


def _listening_to(more: Callable[[int], bytes]) -> "SpawnBase[bytes]":
    import pexpect
    from pexpect.spawnbase import SpawnBase

    def read(listener: Any, size: int = 1, timeout: float | None = None) -> bytes:
        piece = more(size)
        if not piece:
            raise pexpect.EOF("there is no more")
        if listener._before.tell() > _REMEMBERED:  # pexpect would keep all output for ever
            kept = listener._before.getvalue()[-_WINDOW:]
            listener._before = listener.buffer_type()
            listener._before.write(kept)
        return piece

    listener: SpawnBase[bytes] = type("Listening", (SpawnBase,), {"read_nonblocking": read})(
        timeout=None, maxread=_PIECE, searchwindowsize=_WINDOW
    )
    listener.delayafterread = None
    return listener
