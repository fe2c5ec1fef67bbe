"""One log file: opened with care, its last lines, and what is appended to it from now on.

Whoever is root in a container may own the folder that its output lies in, and put a link, a FIFO or
a device where the log was. So a file is only read when it is a regular one, without following a
link below the folder that is trusted, and is looked at before it is opened.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kuke_ctr.errors import Forbidden, NotFound

BLOCK = 1 << 18
"""Bytes that are read at once."""

_REMEMBERED = 64
"""Bytes before the place that was read to: others there mean that the file was written anew."""

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

Identity = tuple[int, int]
"""Device and inode: what a file is, whatever its name."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """Where a log is. Links are followed in `base` and never below it.

    `held` is the same file as the shim has it open (`/proc/PID/fd/N`): that is what is read first,
    and it can be read when the name is gone.
    """

    path: Path
    base: Path
    held: Path | None = None


def open_log(file: LogFile) -> int | None:
    """A descriptor for reading; None where there is no such file.

    Raises Forbidden where it may not be read by this user, is a link or lies behind one, or is no
    regular file; nothing but a regular file is ever opened for reading.
    """
    try:
        return _open_regular(file)
    except FileNotFoundError:
        return None
    except PermissionError:
        raise Forbidden(
            f"permission denied reading {file.path}", hint="run the same command with --sudo"
        ) from None
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
        raise _refused(file, "is a symbolic link, or reached through one") from None


def _open_regular(file: LogFile) -> int:
    with ExitStack() as opened:

        def keep(descriptor: int) -> int:
            opened.callback(os.close, descriptor)
            return descriptor

        folder = keep(os.open(file.base, _FOLDER))
        *folders, name = file.path.relative_to(file.base).parts
        for each in folders:
            folder = keep(os.open(each, _FOLDER | os.O_NOFOLLOW, dir_fd=folder))
        found = keep(os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder))
        mode = os.fstat(found).st_mode
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if not stat.S_ISREG(mode):
            raise _refused(file, "is not a regular file")
        return os.open(f"/proc/self/fd/{found}", _READ)


def _refused(file: LogFile, what: str) -> Forbidden:
    return Forbidden(
        f"{file.path} {what}; it was not read, because somebody in the container may have put it "
        "there",
        hint=f"look at it with `ls -l {file.path}`",
    )


def _open_held(held: Path) -> int | None:
    """The file that a shim has open; None where it has let go of it, or we may not see it."""
    with suppress(OSError):
        if stat.S_ISREG(held.stat().st_mode):
            return os.open(held, _READ)
    return None


class Reader:
    """An open log: first `last`, then `new` as often as wanted.

    After a rotation the file before it is read as well, because a shim goes on writing into the one
    that it has open. Raises NotFound where there is no file, otherwise as `open_log`.
    """

    def __init__(self, file: LogFile) -> None:
        self.file = file
        descriptor = _open_held(file.held) if file.held is not None else None
        if descriptor is None:
            descriptor = open_log(file)
        if descriptor is None:
            raise NotFound(f"the log {file.path} does not exist")
        self._open = [_Open(descriptor)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            self._open.pop().close()

    @property
    def identities(self) -> frozenset[Identity]:
        """The files that are open."""
        return frozenset(one.identity for one in self._open)

    def last(self, lines: int | None = None) -> Iterator[bytes]:
        """The last lines, or all (None), of what is there now, byte for byte."""
        one = self._open[-1]
        one.go_to(start_of_last(one.descriptor, lines))
        return one.more()

    def new(self) -> Iterator[bytes]:
        """What came since, also where the file was renamed, truncated or deleted meanwhile."""
        for one in self._open:
            yield from one.more()
        other = self._successor()
        if other is None:
            return
        yield from self._open[-1].more()  # what came before the new file was there
        for one in [one for one in self._open[:-1] if not one.stays]:
            self._open.remove(one)
            one.close()
        self._open.append(other)
        yield from other.more()

    def also(self, held: Path) -> bool:
        """Read a file that a shim has open as well, from its end on; False where it is read."""
        descriptor = _open_held(held)
        if descriptor is None:
            return False
        found = _Open(descriptor, stays=True)
        if found.identity in self.identities:
            found.close()
            return False
        found.go_to(os.fstat(descriptor).st_size)
        self._open.insert(0, found)
        return True

    def _successor(self) -> "_Open | None":
        """The file that has the name now, if it is another one."""
        descriptor = open_log(self.file)
        if descriptor is None:
            return None
        found = _Open(descriptor)
        if found.identity not in self.identities:
            return found
        found.close()
        return None


class _Open:
    """A descriptor, and how far it was read. One that `stays` is read through all rotations."""

    def __init__(self, descriptor: int, *, stays: bool = False) -> None:
        self.descriptor = descriptor
        self.stays = stays
        found = os.fstat(descriptor)
        self.identity: Identity = (found.st_dev, found.st_ino)
        self._position = 0
        self._before = b""

    def close(self) -> None:
        os.close(self.descriptor)

    def go_to(self, position: int) -> None:
        start = max(0, position - _REMEMBERED)
        self._position = position
        self._before = os.pread(self.descriptor, position - start, start)

    def more(self) -> Iterator[bytes]:
        """The bytes up to the end that the file has now: one that grows quickly has no other."""
        end = os.fstat(self.descriptor).st_size
        if self._is_anew(end):
            self.go_to(_first_data(self.descriptor))
        while self._position < end:
            size = min(BLOCK, end - self._position)
            data = os.pread(self.descriptor, size, self._position)
            if not data:  # truncated just now
                return
            self._position += len(data)
            self._before = (self._before + data[-_REMEMBERED:])[-_REMEMBERED:]
            yield data

    def _is_anew(self, end: int) -> bool:
        """Whether the file was truncated, though it may have grown again since."""
        if end < self._position:
            return True
        size = len(self._before)
        return os.pread(self.descriptor, size, self._position - size) != self._before


def _first_data(descriptor: int) -> int:
    """Where the first bytes are: one who does not append leaves a hole after a truncation."""
    try:
        return os.lseek(descriptor, 0, os.SEEK_DATA)
    except OSError:  # it is empty, or its file system knows no holes
        return 0


def start_of_last(descriptor: int, lines: int | None) -> int:
    """Where the last lines of a file start; a line without a newline at the end is one as well.

    The file is read from its end, and only as far as that.
    """
    position = os.fstat(descriptor).st_size
    if lines is None:
        return 0
    if lines == 0 or position == 0:
        return position
    ends = os.pread(descriptor, 1, position - 1) == b"\n"
    missing = lines + ends
    while position > 0:
        start = max(0, position - BLOCK)
        data = os.pread(descriptor, position - start, start)
        count = data.count(b"\n")
        if count >= missing:
            return start + _nth_from_end(data, missing) + 1
        missing -= count
        position = start
    return 0


def _nth_from_end(data: bytes, number: int) -> int:
    at = len(data)
    for _ in range(number):
        at = data.rfind(b"\n", 0, at)
    return at


def follow(reader: Reader, over: Callable[[], bool]) -> Iterator[bytes]:
    """What comes from now on. `over` waits a moment each time, and says when to read once more and
    end."""
    while True:
        ends = over()
        yield from reader.new()
        if ends:
            return
