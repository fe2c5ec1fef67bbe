"""Writes entries into a tree of files, or into a tar archive.

A file is written beside its name and then takes its place, so that nobody sees half of it and an
interruption leaves what was there before.
"""

import os
import secrets
import stat
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.recipes.copying.entries import Entry, Kind, Names
from kuke_ctr.recipes.copying.inside import Place, find

_BLOCK = 1 << 20
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OVER = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_WITHOUT_SET_ID = 0o1777


@dataclass(slots=True)
class Copied:
    """How much was copied."""

    files: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns what is written: `uid` and `gid`, or `kept` as it is in the source.

    `set_id`: whether the set-user-ID bits of a file are kept. What somebody in a container has made
    must not become a program of root's for all users of this host.
    """

    uid: int
    gid: int
    kept: bool = False
    set_id: bool = True


@dataclass(slots=True)
class TreeWriter:
    """Writes below a folder: links in it never lead out of `root`.

    `base` is where entries with an empty path come to lie, relative to `root`.
    """

    root: int
    base: str
    owner: Owner
    copied: Copied = field(default_factory=Copied)
    _times: list[tuple[str, int]] = field(default_factory=list)

    def write(self, entries: Iterable[Entry]) -> Copied:
        """Write all of them. Raises OSError and KukeCtrError; what was written stays."""
        try:
            for entry in entries:
                self._write(entry)
        finally:
            for path, changed in reversed(self._times):  # writing in a folder changes its time
                with suppress(OSError), find(self.root, path) as place:
                    self._set_time(place, changed)
        return self.copied

    def _write(self, entry: Entry) -> None:
        path = self._path(entry.path)
        with self._find(path) as place:
            if entry.kind is Kind.FOLDER:
                self._folder(entry, place, path)
            elif place.is_folder:
                raise KukeCtrError(f"{path} is a directory there, and a {entry.kind.value} here")
            elif _is_mounted(place):
                self._over_mounted(entry, place)
            elif entry.kind is Kind.FILE:
                self._file(entry, place)
            elif entry.kind is Kind.LINK:
                with _beside(place) as name:
                    os.symlink(entry.leads_to, name, dir_fd=place.folder)
                    self._own(entry, place.folder, name)
                    _take_place(name, place)
            else:
                self._hard_link(entry, place)

    def _path(self, path: Names) -> str:
        return "/".join([*([self.base] if self.base else []), *path]) or "."

    def _find(self, path: str) -> Place:
        """Where an entry goes; folders on the way that an archive does not name are made."""
        try:
            return find(self.root, path, follow=False)
        except FileNotFoundError:
            parent = path.rpartition("/")[0]
            if not parent:
                raise
            with self._find(parent) as place:
                if place.found is not None:
                    raise KukeCtrError(f"{parent} is a link there that leads nowhere") from None
                os.mkdir(place.name, 0o755, dir_fd=place.folder)
                if not self.owner.kept:
                    self._give(place.folder, place.name, (self.owner.uid, self.owner.gid))
            return self._find(path)

    def _folder(self, entry: Entry, place: Place, path: str) -> None:
        if place.found is None:
            os.mkdir(place.name, 0o700, dir_fd=place.folder)
        elif not place.is_folder:
            if not self._leads_to_folder(path):
                raise KukeCtrError(f"{path} is no directory there, and one here")
            return
        elif not entry.path:  # the content of a folder that was there before
            return
        self._own(entry, place.folder, place.name)
        self._chmod(entry, place)
        self._times.append((path, entry.changed_ns))

    def _leads_to_folder(self, path: str) -> bool:
        """Whether it is a link to a folder, which everybody takes for one."""
        try:
            with find(self.root, path) as real:
                return real.is_folder
        except FileNotFoundError:
            return False

    def _chmod(self, entry: Entry, place: Place) -> None:
        descriptor = os.open(
            place.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place.folder
        )
        try:
            os.fchmod(descriptor, self._mode(entry))
        finally:
            os.close(descriptor)

    def _file(self, entry: Entry, place: Place) -> None:
        with (
            _beside(place) as name,
            os.fdopen(os.open(name, _NEW, 0o600, dir_fd=place.folder), "w+b", buffering=0) as file,
        ):
            if entry.data is not None:
                self.copied.size += _copy(entry.data, file, entry.size)
            self._own(entry, file.fileno())
            os.fchmod(file.fileno(), self._mode(entry))
            os.utime(file.fileno(), ns=(entry.changed_ns, entry.changed_ns))
            _take_place(name, place)
        self.copied.files += 1

    def _over_mounted(self, entry: Entry, place: Place) -> None:
        """Write over a file that is mounted there, as /etc/hosts.

        The kernel would let another one take its place, and take the mount away in the container.
        """
        if entry.kind is not Kind.FILE:
            raise KukeCtrError(f"{place.path} is mounted there; only a file can be written over it")
        descriptor = os.open(place.name, _OVER, dir_fd=place.folder)
        with os.fdopen(descriptor, "wb", buffering=0) as target:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise KukeCtrError(f"{place.path} is not a regular file there")
            target.truncate(0)
            if entry.data is not None:
                self.copied.size += _copy(entry.data, target, entry.size)
        self.copied.files += 1

    def _hard_link(self, entry: Entry, place: Place) -> None:
        earlier = self._path(entry.same_as)
        with find(self.root, earlier, follow=False) as first, _beside(place) as name:
            os.link(
                first.name,
                name,
                src_dir_fd=first.folder,
                dst_dir_fd=place.folder,
                follow_symlinks=False,
            )
            _take_place(name, place)
        self.copied.files += 1

    def _own(self, entry: Entry, where: int, name: str | None = None) -> None:
        """Give it its owner, by its descriptor or by its name in a folder."""
        owner = (entry.owner, entry.group) if self.owner.kept else (self.owner.uid, self.owner.gid)
        self._give(where, name, owner)

    def _give(self, where: int, name: str | None, owner: tuple[int, int]) -> None:
        if os.geteuid() != 0:
            return
        if name is None:
            os.fchown(where, *owner)
        else:
            os.chown(name, *owner, dir_fd=where, follow_symlinks=False)

    def _mode(self, entry: Entry) -> int:
        return entry.mode if self.owner.set_id else entry.mode & _WITHOUT_SET_ID

    def _set_time(self, place: Place, changed: int) -> None:
        os.utime(place.name, ns=(changed, changed), dir_fd=place.folder, follow_symlinks=False)


@contextmanager
def _beside(place: Place) -> Iterator[str]:
    """A name that nobody has, for what is to take a place; nothing has it afterwards."""
    name = f".kuke-ctr-{secrets.token_hex(8)}"
    try:
        yield name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=place.folder)


def _take_place(name: str, place: Place) -> None:
    os.rename(name, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)


def _is_mounted(place: Place) -> bool:
    """Whether what is there comes from another mount than its folder."""
    if place.found is None:
        return False
    descriptor = os.open(place.name, _LOOK, dir_fd=place.folder)
    try:
        return _mount_of(descriptor) != _mount_of(place.folder)
    finally:
        os.close(descriptor)


def _mount_of(descriptor: int) -> str:
    """The kernel's number of the mount that a descriptor was opened through (proc(5))."""
    lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines()
    return next(line for line in lines if line.startswith("mnt_id:"))


def _copy(source: BinaryIO, target: BinaryIO, most: int) -> int:
    """Copy the bytes, no more than `most`, for a log may grow all the time (0: to the end)."""
    done = 0
    while block := source.read(min(_BLOCK, most - done) if most else _BLOCK):
        view = memoryview(block)
        while view:
            view = view[target.write(view) :]
        done += len(block)
    return done


def write_archive(entries: Iterable[Entry], top: str, stream: BinaryIO) -> Copied:
    """Write a tar archive; names begin with `top`, the name of what is copied."""
    copied = Copied()
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for entry in entries:
            member = _member(entry, top)
            archive.addfile(member, _Exactly(entry.data) if entry.data is not None else None)
            if entry.kind in (Kind.FILE, Kind.HARD_LINK):
                copied.files += 1
                copied.size += entry.size
    return copied


def _member(entry: Entry, top: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo("/".join((top, *entry.path)))
    kinds = {
        Kind.FOLDER: tarfile.DIRTYPE,
        Kind.FILE: tarfile.REGTYPE,
        Kind.LINK: tarfile.SYMTYPE,
        Kind.HARD_LINK: tarfile.LNKTYPE,
    }
    member.type = kinds[entry.kind]
    member.mode, member.uid, member.gid = entry.mode, entry.owner, entry.group
    member.mtime = entry.changed_ns / 1_000_000_000
    member.size = entry.size
    member.linkname = entry.leads_to
    if entry.kind is Kind.HARD_LINK:
        member.linkname = "/".join((top, *entry.same_as))
    return member


class _Exactly:
    """As many bytes as the entry has: a file that grows is cut, one that shrinks ends in zeros."""

    def __init__(self, data: BinaryIO) -> None:
        self._data = data

    def read(self, size: int = 0, /) -> bytes:
        """So many bytes, whatever is there."""
        block = self._data.read(size)
        return block + bytes(size - len(block))
