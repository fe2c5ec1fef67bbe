"""Child processes but for their start: waiting, ending, what they read and write.

Also the looks beforehand: is the program there, does a daemon listen.
"""

import os
import select
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from kuke_ctr.calls import Call, mask, time_limit, write_all
from kuke_ctr.errors import CtrFailed, CtrMissing, Forbidden

POLL_SECONDS = 0.002
"""How often an end is looked for where the kernel has no pidfd (Linux before 5.3)."""

BLOCK = 65536
CONNECT_SECONDS = 0.2
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """A running child, leader of a session of its own. `exit_code` is -9 where SIGKILL ended it."""

    call: Call
    pid: int
    exit_code: int | None = None
    started: float = field(default_factory=time.monotonic)
    _watch: int = -1

    def __post_init__(self) -> None:
        if self.exit_code is None:
            self._watch = _open_pidfd(self.pid)

    @property
    def deadline(self) -> float:
        """When its time limit passes, in seconds of the monotonic clock."""
        limit = self.call.timeout
        return float("inf") if limit is None else self.started + limit

    def ended(self) -> bool:
        """Whether it has ended; its exit code is known from then on."""
        if self.exit_code is None:
            self._reap(os.WNOHANG)
        return self.exit_code is not None

    def kill(self) -> None:
        """End it and whatever it started by SIGKILL, which no ctr can forward to a workload."""
        if not self.ended():
            os.killpg(self.pid, signal.SIGKILL)
            self._reap(0)

    def wait(self, until: float) -> None:
        """Wait for its end; TimeLimit where `until` passes first, with the child still running."""
        while not self.ended():
            if time.monotonic() >= until:
                raise time_limit(self.call)
            wait_for_one([self], until)

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


def wait_for_one(children: Collection[Child], until: float) -> None:
    """Return when one of the children has ended, or at `until`; sometimes for no reason."""
    poll = select.poll()
    for child in children:
        if child.exit_code is not None:
            return
        if child._watch < 0:
            time.sleep(POLL_SECONDS)
            return
        poll.register(child._watch, select.POLLIN)
    poll.poll(_milliseconds(until))


def _milliseconds(until: float) -> int | None:
    """The time until then for `poll`, rounded up; None for ever."""
    if until == float("inf"):
        return None
    return max(0, int((until - time.monotonic()) * 1000) + 1)


def chunks(descriptor: int, child: Child) -> Iterator[bytes]:
    """What the child writes into a pipe, as it comes; TimeLimit where its limit passes."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while True:
        if not poll.poll(_milliseconds(child.deadline)):
            raise time_limit(child.call)
        chunk = os.read(descriptor, BLOCK)
        if not chunk:
            return
        yield chunk


def lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a text that comes in pieces, with their newlines."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def nameless_file(content: bytes = b"") -> int:
    """A file in memory: it takes a child's output however much that is, and needs no pump."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("kuke-ctr")
    else:  # a Python built for an old C library
        import tempfile

        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    write_all(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def content_of(descriptor: int) -> bytes:
    """All that a file holds, wherever its offset stands."""
    content = b""
    while piece := os.pread(descriptor, os.fstat(descriptor).st_size, len(content)):
        content = content + piece if content else piece
    return content


def stdin_of(call: Call) -> int:
    """A descriptor of our own for what the call reads."""
    if isinstance(call.stdin, int):
        return os.dup(call.stdin)
    if call.stdin is not None:
        return nameless_file(call.stdin)
    return os.open(os.devnull, os.O_RDONLY)


def close_all(*descriptors: int) -> None:
    """Close those that are descriptors; -1 stands for none."""
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)


@contextmanager
def interrupts_held() -> Iterator[set[int]]:
    """Ctrl-C waits until a child that is being started stands where it can be ended.

    Gives the signals that were blocked before, which is what the child has to start with.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield {int(number) for number in before}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@cache
def _prctl() -> Callable[..., int]:
    import ctypes

    function: Callable[..., int] = ctypes.CDLL(None).prctl
    return function


def dies_with_us(blocked: Collection[int]) -> Callable[[], None]:
    """What a child runs between fork and exec: it dies when the thread that forked it ends.

    `blocked` are the signals that it shall start with as blocked ones. The death signal is SIGKILL,
    which a ctr can't forward to a workload. It also undoes that sh has SIGHUP ignored.
    """
    prctl = _prctl()  # loaded before the fork: a child can't wait for the import lock
    parent = os.getpid()
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    hangup = signal.SIG_IGN if ignored else signal.SIG_DFL

    def prepare() -> None:  # pragma: no cover (runs in the child)
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # we were gone before the line above
            os.kill(os.getpid(), signal.SIGKILL)
        signal.signal(signal.SIGHUP, hangup)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    return prepare


def find_program(argv: Sequence[str]) -> str:
    """The absolute path of argv's program; raises CtrMissing (127) or Forbidden (126)."""
    name = argv[0] if argv else ""
    if "/" in name:
        candidates = [name]
    else:
        folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
        candidates = [os.path.join(folder or ".", name) for folder in folders]  # noqa: PTH118
    found = [path for path in candidates if name and os.path.exists(path)]  # noqa: PTH110
    for path in found:
        if os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113
            return os.path.abspath(path)  # noqa: PTH100 (links stay: a name may have a meaning)
    if not found:
        where = "does not exist" if "/" in name else "is not installed (not on PATH)"
        raise CtrMissing(
            f"{name or 'the program'} {where}",
            hint="install containerd, which brings ctr, or name the program with --ctr",
            command=mask(argv),
        )
    what = "is a folder" if os.path.isdir(found[0]) else "is not executable"  # noqa: PTH112
    raise Forbidden(
        f"{found[0]} {what}", hint="name another program with --ctr", command=mask(argv)
    )


def check_socket(path: str, argv: Sequence[str]) -> None:
    """Connect to containerd's socket, so that a dead daemon is known at once.

    Raises CtrFailed where nobody listens, Forbidden where we may not connect. A daemon that is too
    busy to accept is none of our business: ctr waits for it.
    """
    import socket

    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(CONNECT_SECONDS)
    try:
        client.connect(path)
    except PermissionError:
        raise Forbidden(
            f"no permission to use containerd's socket {path}",
            hint="run the same command with sudo",
            command=mask(argv),
        ) from None
    except (FileNotFoundError, NotADirectoryError):
        raise _no_daemon(path, "does not exist", argv) from None
    except ConnectionRefusedError:
        import stat

        is_socket = stat.S_ISSOCK(os.stat(path).st_mode)  # noqa: PTH116
        what = "has no daemon listening" if is_socket else "is not a socket"
        raise _no_daemon(path, what, argv) from None
    except OSError:  # busy, or a path that is too long for connect(2): ctr will tell
        pass
    finally:
        client.close()


def _no_daemon(path: str, what: str, argv: Sequence[str]) -> CtrFailed:
    return CtrFailed(
        f"containerd's socket {path} {what}",
        hint="is containerd running (`systemctl status containerd`)? "
        "--address names a socket elsewhere",
        command=mask(argv),
    )
