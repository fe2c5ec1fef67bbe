"""Child processes but for their start: waiting, ending, what they read and write."""

import fcntl
import os
import select
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TextIO

from kuke_ctr.errors import Forbidden
from kuke_ctr.processes.calls import Call, Result, mask, time_limit, write_all

POLL_SECONDS = 0.002
"""How often an end is looked for where the kernel has no pidfd (Linux before 5.3)."""

IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""A child would inherit that."""

BLOCK = 65536
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1
_FIRST_OWN = 3
_ROOM = 1 << 20
_FIRST = -20
_HOUR = 3600.0  # poll takes 24 days, and a limit may be longer
_NOT_PASSED_ON = ("CONTAINERD_ADDRESS", "CONTAINERD_NAMESPACE", "PYDANTIC_DISABLE_PLUGINS")


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
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except PermissionError:
                raise Forbidden(
                    f"process {self.pid} runs as another user and can't be ended",
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
        seconds = time.monotonic() - self.started
        return Result(self.call.argv, self.exit_code, stdout, stderr, seconds)

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
    """The time until then for `poll`, rounded up, at most an hour; None for ever."""
    if until == float("inf"):
        return None
    return int(min(max(0.0, until - time.monotonic()), _HOUR) * 1000) + 1


def chunks(descriptor: int, child: Child) -> Iterator[bytes]:
    """What the child writes into a pipe, as it comes; TimeLimit where its limit passes."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while True:
        if poll.poll(_milliseconds(child.deadline)):
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


def say(stream: TextIO | None, line: str) -> None:
    """Print a line, in the very bytes of the command where the stream takes bytes."""
    if stream is None:  # closed by whoever started us
        return
    stream.flush()
    if hasattr(stream, "buffer"):
        stream.buffer.write(os.fsencode(line) + b"\n")
    else:
        stream.write(f"{line}\n")
    stream.flush()


@cache
def open_standard_streams() -> None:
    """Open those that whoever started us had closed: a file of ours must not get their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < _FIRST_OWN:
        pass
    os.close(descriptor)


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment that a ctr gets: without what would change the meaning of its argv.

    And without what our own start set.
    """
    return {name: value for name, value in environ.items() if name not in _NOT_PASSED_ON}


class Word(str):
    """An argument that sh hands on as the bytes that it stands for, be they UTF-8 or not."""

    __slots__ = ()

    def encode(self, encoding: str = "", errors: str = "") -> bytes:
        return os.fsencode(str(self))


def roomy_pipe() -> tuple[int, int]:
    """A pipe's read and write end, with a MiB of room where this user may have that.

    A ctr that can't write the end of a task's output at once, because we are slow, may lose it.
    """
    read_end, write_end = os.pipe()
    with suppress(OSError):
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, _ROOM)
    return read_end, write_end


def close_all(*descriptors: int) -> None:
    """Close those that are descriptors; -1 stands for none."""
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)


@contextmanager
def interrupts_held() -> Iterator[set[int]]:
    """Ctrl-C, TERM and HUP wait until a child that is being started stands where it can be ended.

    Gives the signals that were blocked before, which is what the child has to start with.
    """
    came: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
    raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if raises:  # another thread of a program may take the signal, and Python raise it here
        signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield {int(number) for number in before}
    finally:
        if raises:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number in came[:1]:
            signal.raise_signal(number)


class Ahead:
    """This thread goes before others, as far as that is allowed (nice -20); no child does."""

    _usual: int | None = None

    @classmethod
    def begin(cls) -> None:
        """Go before others."""
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        with suppress(OSError):  # not root
            os.setpriority(os.PRIO_PROCESS, 0, _FIRST)
            cls._usual = usual

    @classmethod
    def end(cls) -> None:
        """Be as before; a child too, between fork and exec."""
        usual, cls._usual = cls._usual, None
        if usual is not None:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, 0, usual)


@cache
def _prctl() -> Callable[..., int]:
    import ctypes

    function: Callable[..., int] = ctypes.CDLL(None).prctl
    return function


def dies_with_us(blocked: Collection[int]) -> Callable[[], None]:
    """What a child runs between fork and exec: it dies when the thread that forked it ends.

    `blocked` are the signals that it shall start with as blocked ones. The death signal is SIGKILL,
    which a ctr can't forward to a workload. What sh and Python ignore is undone.
    """
    prctl = _prctl()  # loaded before the fork: a child can't wait for the import lock
    parent = os.getpid()
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    hangup = signal.SIG_IGN if ignored else signal.SIG_DFL

    def prepare() -> None:  # pragma: no cover (runs in the child)
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # we were gone before the line above
            os.kill(os.getpid(), signal.SIGKILL)
        Ahead.end()
        signal.signal(signal.SIGHUP, hangup)
        for number in IGNORED_BY_PYTHON:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    return prepare


@dataclass(slots=True)
class Job:
    """A child whose output is collected in nameless files; `stdout` is -1 if it goes elsewhere."""

    child: Child
    stdout: int
    stderr: int

    def result(self) -> Result:
        stdout = content_of(self.stdout) if self.stdout >= 0 else b""
        return self.child.result(stdout, content_of(self.stderr))

    def close(self) -> None:
        """End the child if it runs, and let its output go."""
        self.child.kill()
        close_all(self.stdout, self.stderr)
        self.stdout = self.stderr = -1


@dataclass(slots=True)
class Pipes:
    """A running child and our ends of its pipes, which are the caller's to close.

    `stdin` is -1 where the call brought its own. The child keeps a copy of the read ends, so that
    it never gets SIGPIPE, which ctr would forward to the workload.
    """

    pid: int
    stdin: int
    stdout: int
    stderr: int
    _child: Child = field(repr=False)
    _ended: Callable[[Result], None] = field(repr=False)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; TimeLimit, with the child still running, where the seconds pass first."""
        until = float("inf") if timeout is None else time.monotonic() + timeout
        return self._exit_code(lambda: self._child.wait(until))

    def kill(self) -> None:
        """End the child by SIGKILL, which no ctr can forward to a workload."""
        self._exit_code(self._child.kill)

    def _exit_code(self, end: Callable[[], None]) -> int:
        if self._child.exit_code is None:
            end()
            self._ended(self._child.result(b"", b""))
        assert self._child.exit_code is not None
        return self._child.exit_code
