"""Descriptors: files in memory, pipes, standard streams, and how they are closed."""

import fcntl
import os
from contextlib import suppress
from functools import cache

from kuke_ctr.processes.calls import Call, write_all

BLOCK = 65536
"""Bytes that are read at once."""

_FIRST_OWN = 3
_ROOM = 1 << 20


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


def input_of(call: Call) -> tuple[int, int]:
    """The same, and our end of it: -1, or that of the pipe that holds a far call alive."""
    if call.far is not None and call.stdin is None:
        return os.pipe()
    return stdin_of(call), -1


@cache
def open_standard_streams() -> None:
    """Open those that whoever started us had closed: a file of ours must not get their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < _FIRST_OWN:
        pass
    os.close(descriptor)


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
