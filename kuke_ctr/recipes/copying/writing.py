"""Writes entries into a tree of files, or into a tar archive.

A file is written beside its name and then takes its place, so that nobody sees half of it and an
interruption leaves what was there before; only what is mounted is written over.
"""

import os
import secrets
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.recipes.copying.entries import Entry, Kind, Names
from kuke_ctr.recipes.copying.inside import Place, find

_BLOCK = 1 << 20
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_WITHOUT_SET_ID = 0o1777


@dataclass(slots=True)
class Copied:
    """How much was copied."""

    files: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns what is written: `of` gives user and group for those of the source.

    `set_id`: whether the set-user-ID bits of a file are kept. What somebody has made must not
    become a program of root's.
    """

    of: Callable[[int, int], tuple[int, int]]
    set_id: bool = False


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
            elif place.found is not None and not _is_file_or_link(place.found.st_mode):
                raise KukeCtrError(
                    f"{path} is a device, a FIFO or a socket there; it was left alone"
                )
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
                self._make(place, 0o755, self.owner.of(os.geteuid(), os.getegid()))
            return self._find(path)

    def _folder(self, entry: Entry, place: Place, path: str) -> None:
        """Make it; one that is there stays as it is, with its owner and mode."""
        if place.found is None:
            self._make(place, self._mode(entry), self.owner.of(entry.owner, entry.group))
            self._times.append((path, entry.changed_ns))
        elif not place.is_folder and not self._leads_to_folder(path):
            raise KukeCtrError(f"{path} is no directory there, and one here")

    def _make(self, place: Place, mode: int, owner: tuple[int, int]) -> None:
        """A new folder, complete before it has its name: nobody else's can take its place."""
        name = f".kuke-ctr-{secrets.token_hex(8)}"
        os.mkdir(name, 0o700, dir_fd=place.folder)
        try:
            descriptor = os.open(name, _OPEN, dir_fd=place.folder)
            try:
                if os.listdir(descriptor):  # noqa: PTH208 (of a descriptor)
                    raise KukeCtrError(f"somebody else changes {place.path} at the same time")
                if os.geteuid() == 0:
                    os.fchown(descriptor, *owner)
                os.fchmod(descriptor, mode)
            finally:
                os.close(descriptor)
            _take_place(name, place)
        except BaseException:
            with suppress(OSError):
                os.rmdir(name, dir_fd=place.folder)
            raise

    def _leads_to_folder(self, path: str) -> bool:
        """Whether it is a link to a folder, which everybody takes for one."""
        try:
            with find(self.root, path) as real:
                return real.is_folder
        except FileNotFoundError:
            return False

    def _file(self, entry: Entry, place: Place) -> None:
        with (
            _beside(place) as name,
            os.fdopen(os.open(name, _NEW, 0o600, dir_fd=place.folder), "w+b", buffering=0) as file,
        ):
            if entry.data is not None:
                self.copied.size += _copy(entry, file)
            self._own(entry, file.fileno())
            os.fchmod(file.fileno(), self._mode(entry))
            os.utime(file.fileno(), ns=(entry.changed_ns, entry.changed_ns))
            _take_place(name, place)
        self.copied.files += 1

    def _over_mounted(self, entry: Entry, place: Place) -> None:
        """Write over a file that is mounted there, as /etc/hosts, once all of the new one is here.

        The kernel would let another one take its place, and take the mount away in the container.
        """
        if entry.kind is not Kind.FILE:
            raise KukeCtrError(f"{place.path} is mounted there; only a file can be written over it")
        with tempfile.TemporaryFile(buffering=0) as new:
            if entry.data is not None:
                self.copied.size += _copy(entry, new)
            new.seek(0)
            with os.fdopen(_regular(place), "wb", buffering=0) as target:
                target.truncate(0)
                while block := new.read(_BLOCK):
                    _write(target, block)
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
        if os.geteuid() != 0:
            return
        owner = self.owner.of(entry.owner, entry.group)
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


def _is_file_or_link(mode: int) -> bool:
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


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


def _regular(place: Place) -> int:
    """The file that is there, open for writing; nothing but a regular one is ever opened."""
    seen = os.open(place.name, _LOOK, dir_fd=place.folder)
    try:
        if not stat.S_ISREG(os.fstat(seen).st_mode):
            raise KukeCtrError(f"{place.path} is not a regular file there")
        return os.open(f"/proc/self/fd/{seen}", os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    finally:
        os.close(seen)


def _copy(entry: Entry, target: BinaryIO) -> int:
    """Copy as many bytes as there were at first, for a log may grow all the time.

    Blocks of zeros become holes: a file with a hole of a terabyte must not fill the disk.
    """
    done = 0
    while done < entry.size and (block := _read(entry, min(_BLOCK, entry.size - done))):
        if block.count(0) == len(block):
            target.seek(len(block), os.SEEK_CUR)
        else:
            _write(target, block)
        done += len(block)
    target.truncate(done)
    return done


def _read(entry: Entry, size: int) -> bytes:
    assert entry.data is not None
    try:
        return entry.data.read(size)
    except OSError as error:
        name = "/".join(entry.path) or "the file"
        raise KukeCtrError(f"{name} cannot be read: {error.strerror}") from None


def _write(target: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[target.write(view) :]


def write_archive(
    entries: Iterable[Entry], top: str, stream: BinaryIO, of: Callable[[int, int], tuple[int, int]]
) -> Copied:
    """Write a tar archive; names begin with `top`, the name of what is copied.

    `of` gives the user and the group that it names for those of the source.
    """
    copied = Copied()
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for entry in entries:
            member = _member(entry, top)
            member.uid, member.gid = of(entry.owner, entry.group)
            archive.addfile(member, _Exactly(entry) if entry.data is not None else None)
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
    member.mode = entry.mode
    member.mtime = entry.changed_ns / 1_000_000_000
    member.size = entry.size
    member.linkname = entry.leads_to
    if entry.kind is Kind.HARD_LINK:
        member.linkname = "/".join((top, *entry.same_as))
    return member


class _Exactly:
    """As many bytes as the entry has: a file that grows is cut, one that shrinks ends in zeros."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def read(self, size: int = 0, /) -> bytes:
        """So many bytes, whatever is there."""
        block = _read(self._entry, size)
        return block + bytes(size - len(block))
