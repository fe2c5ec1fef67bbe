"""Files that anybody may have put there: only regular ones are opened, and only so much is read."""

import os
import stat
from pathlib import Path

from kuke_ctr.errors import UsageError

_LEAST = 4096
"""Bytes; the files of /proc say that they have none."""


def read_regular(path: Path, most: int, what: str) -> bytes:
    """The bytes of a regular file; UsageError where it is none, or has more than `most` bytes.

    `what` says for a person what the file should be. It is looked at before it is opened for
    reading: to open a FIFO can take for ever, and some devices act on it (a watchdog restarts the
    host). Raises OSError where the system says no.
    """
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        found = os.fstat(place)
        _check(path, found, most, what)
        descriptor = os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    finally:
        os.close(place)
    try:
        return os.read(descriptor, min(max(found.st_size, _LEAST), most))
    finally:
        os.close(descriptor)


def _check(path: Path, found: os.stat_result, most: int, what: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise UsageError(
            f"{path} is a directory, not a file", hint="name the file in this directory"
        )
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{path} is not a regular file")
    if found.st_size > most:
        size = f"{found.st_size / 1e6:.0f} MB"
        raise UsageError(f"{path} has {size}, which is too large for {what}")
