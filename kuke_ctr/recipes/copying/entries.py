"""What is copied, one entry after the other: from a tree of files, or from a tar archive."""

import lzma
import os
import stat
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.recipes.copying.inside import FOLDER, Place

_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_DEEPEST = 200
"""Folders in one another; each takes a descriptor."""

Names = tuple[str, ...]
Skipped = Callable[[str, str], None]
"""Is told what is not copied, and why."""


class Kind(Enum):
    """What an entry is; what is none of these is not copied."""

    FOLDER = "folder"
    FILE = "file"
    LINK = "link"
    HARD_LINK = "hard link"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to copy.

    `path` is relative to what is copied, which itself is `()`. `leads_to` is the text of a link;
    of a hard link `same_as` is the path of an earlier entry. `data` is open as long as nobody asks
    for the next entry.
    """

    path: Names
    kind: Kind
    mode: int
    owner: int
    group: int
    changed_ns: int
    size: int = 0
    leads_to: str = ""
    same_as: Names = ()
    data: BinaryIO | None = None


class Tree:
    """The entries of a tree of files. Links are copied as links, and never followed.

    `kernels` are the devices of file systems that are the kernel's own (procfs, sysfs): reading all
    of one never ends well.
    """

    def __init__(self, skipped: Skipped, kernels: Collection[int] = ()) -> None:
        self._skipped = skipped
        self._kernels = kernels
        self._known: dict[tuple[int, int], Names] = {}

    def entries(self, top: Place) -> Iterator[Entry]:
        """What is at a place, and all below it: a folder comes before what is in it. OSError."""
        yield from self._at(top.folder, top.name, ())

    def _at(self, folder: int, name: str, path: Names) -> Iterator[Entry]:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if found.st_dev in self._kernels:
            self._skipped("/".join(path) or name, "the kernel's, as /proc and /sys")
        elif stat.S_ISDIR(found.st_mode):
            yield _entry(path, Kind.FOLDER, found)
            yield from self._below(folder, name, path)
        elif stat.S_ISLNK(found.st_mode):
            text = os.readlink(name, dir_fd=folder)
            yield _entry(path, Kind.LINK, found, leads_to=text)
        elif stat.S_ISREG(found.st_mode):
            yield from self._file(folder, name, path)
        else:
            self._skipped("/".join(path) or name, _what(found.st_mode))

    def _below(self, folder: int, name: str, path: Names) -> Iterator[Entry]:
        if len(path) >= _DEEPEST:
            raise KukeCtrError(f"{'/'.join(path[:3])}/... has more than {_DEEPEST} nested folders")
        inner = os.open(name, FOLDER, dir_fd=folder)
        try:
            reading = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=inner)
            try:
                names = sorted(os.listdir(reading))  # noqa: PTH208 (of a descriptor)
            finally:
                os.close(reading)
            for one in names:
                with suppress(FileNotFoundError):  # it has gone meanwhile
                    yield from self._at(inner, one, (*path, one))
        finally:
            os.close(inner)

    def _file(self, folder: int, name: str, path: Names) -> Iterator[Entry]:
        seen = os.open(name, _LOOK, dir_fd=folder)
        try:
            found = os.fstat(seen)
            if not stat.S_ISREG(found.st_mode):  # to open a device can act at once
                self._skipped("/".join(path) or name, _what(found.st_mode))
                return
            descriptor = os.open(f"/proc/self/fd/{seen}", _READ)
        finally:
            os.close(seen)
        with os.fdopen(descriptor, "rb", buffering=0) as data:
            same = self._known.setdefault((found.st_dev, found.st_ino), path)
            if found.st_nlink > 1 and same != path:
                yield _entry(path, Kind.HARD_LINK, found, same_as=same)
            else:
                yield _entry(path, Kind.FILE, found, size=found.st_size, data=data)


def _entry(
    path: Names,
    kind: Kind,
    found: os.stat_result,
    *,
    size: int = 0,
    leads_to: str = "",
    same_as: Names = (),
    data: BinaryIO | None = None,
) -> Entry:
    return Entry(
        path=path,
        kind=kind,
        mode=stat.S_IMODE(found.st_mode),
        owner=found.st_uid,
        group=found.st_gid,
        changed_ns=found.st_mtime_ns,
        size=size,
        leads_to=leads_to,
        same_as=same_as,
        data=data,
    )


def _what(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def in_archive(stream: BinaryIO, skipped: Skipped) -> Iterator[Entry]:
    """The entries of a tar archive, compressed or not, in its order.

    Raises KukeCtrError for a name with `..` in it, and what `archive_errors` explains.
    """
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            entry = _of_member(archive, member)
            if entry is not None:
                yield entry
            else:
                skipped(member.name, "neither a file, a folder nor a link")


@contextmanager
def archive_errors() -> Iterator[None]:
    """KukeCtrError for what is no archive, or is cut off: that shows while its files are read."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise KukeCtrError(
            f"this is not a tar archive, or it is cut off: {error}",
            hint="it must come from `tar -cf -` or `kuke-ctr cp ID:PATH -`",
        ) from None


def _of_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry | None:
    kinds = {
        member.isdir(): Kind.FOLDER,
        member.isreg(): Kind.FILE,
        member.issym(): Kind.LINK,
        member.islnk(): Kind.HARD_LINK,
    }
    kind = kinds.get(True)
    if kind is None:
        return None
    data = archive.extractfile(member) if kind is Kind.FILE else None
    return Entry(
        path=_path(member.name),
        kind=kind,
        mode=stat.S_IMODE(member.mode),
        owner=member.uid,
        group=member.gid,
        changed_ns=int(member.mtime * 1_000_000_000),
        size=member.size if kind is Kind.FILE else 0,
        leads_to=member.linkname if kind is Kind.LINK else "",
        same_as=_path(member.linkname) if kind is Kind.HARD_LINK else (),
        data=data,  # type: ignore[arg-type]
    )


def _path(name: str) -> Names:
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        said = f"the archive has the name {name!r}, which leads out of it"
        raise KukeCtrError(said, hint="what stands before it in the archive was copied")
    return parts
