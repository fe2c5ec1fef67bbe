"""What /proc says of the processes of this host; only root sees the files of another user's.

A `folder` is /proc/PID. A process that has ended, or that may not be looked at, has nothing in it.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


def status_of(folder: Path) -> dict[str, str]:
    """The fields of proc(5)'s `status`: `PPid`, `SigCgt`."""
    return _fields(folder / "status")


def parent_of(folder: Path) -> int | None:
    """The pid of its parent."""
    parent = status_of(folder).get("PPid", "")
    return int(parent) if parent.isdecimal() else None


def words_of(folder: Path) -> list[str]:
    """Its command line, one empty word where there is none."""
    with suppress(OSError):
        return (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    return [""]


def cgroups_of(folder: Path) -> dict[str, str]:
    """The cgroups that it is in: controllers -> path; no controllers are named in version 2."""
    with suppress(OSError):
        lines = (folder / "cgroup").read_text(errors="replace").splitlines()
        found = (line.split(":", 2) for line in lines if line.count(":") > 1)
        return {controllers: path for _, controllers, path in found}
    return {}


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that a process has open; `entry` is its name below /proc, which opens it once more."""

    name: str
    reads: bool
    writes: bool
    entry: Path


def open_files(folder: Path) -> Iterator[OpenFile]:
    """Its open files."""
    with suppress(OSError):
        for entry in (folder / "fd").iterdir():
            name = link_of(entry)
            if name is None:
                continue
            flags = _fields(folder / "fdinfo" / entry.name).get("flags")
            mode = os.O_RDWR if flags is None else int(flags, 8) & os.O_ACCMODE
            yield OpenFile(name, mode != os.O_WRONLY, mode != os.O_RDONLY, entry)


def _fields(file: Path) -> dict[str, str]:
    """The lines `NAME: VALUE` of a file."""
    with suppress(OSError):
        lines = file.read_text(errors="replace").splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return {}


def link_of(entry: Path) -> str | None:
    """What a link leads to."""
    with suppress(OSError):
        return str(entry.readlink())
    return None
