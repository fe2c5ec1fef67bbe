"""What /proc says of the processes of this host; only root sees the files of another user's.

A `folder` is /proc/PID. A process that has ended, or that may not be looked at, has nothing in it.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")

_UNIFIED = "unified"
"""The name that systemd gives the hierarchy of version 2, for which the kernel has none."""

_RECEIVED, _SENT = 0, 8
"""Where the two counters of bytes stand in a line of `net/dev`."""


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
    """The cgroups that it is in: controllers -> path; `unified` is the hierarchy of version 2."""
    with suppress(OSError):
        lines = (folder / "cgroup").read_text(errors="replace").splitlines()
        found = (line.split(":", 2) for line in lines if line.count(":") > 1)
        return {controllers or _UNIFIED: path for _, controllers, path in found}
    return {}


class Traffic(NamedTuple):
    """Bytes that went through the interfaces of a network, but for `lo`."""

    received: int
    sent: int


def traffic_of(folder: Path) -> Traffic | None:
    """What its network has carried so far; None where it is ours (the host's), or can't be told."""
    own = link_of(folder.parent / "self/ns/net")
    if own is None or link_of(folder / "ns/net") in (None, own):
        return None
    counters = {name.strip(): text.split() for name, text in _fields(folder / "net/dev").items()}
    if "lo" not in counters:  # it has ended
        return None
    others = [numbers for name, numbers in counters.items() if name != "lo" and numbers]
    return Traffic(
        received=sum(int(numbers[_RECEIVED]) for numbers in others),
        sent=sum(int(numbers[_SENT]) for numbers in others),
    )


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


def position_of(folder: Path, file: os.stat_result) -> int | None:
    """How far it has read in a file that it has open; None where it has not, or that is unknown."""
    with suppress(OSError):
        for entry in (folder / "fd").iterdir():
            with suppress(OSError):
                if os.path.samestat(entry.stat(), file):
                    position = _fields(folder / "fdinfo" / entry.name).get("pos", "")
                    return int(position) if position.isdecimal() else None
    return None


def counts_of(folder: Path) -> tuple[int, int] | None:
    """The bytes that it has read and written so far, by whatever way; None where not known."""
    fields = _fields(folder / "io")
    counts = fields.get("rchar", ""), fields.get("wchar", "")
    return (int(counts[0]), int(counts[1])) if all(map(str.isdecimal, counts)) else None


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
