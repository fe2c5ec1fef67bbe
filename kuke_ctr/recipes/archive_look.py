"""A look at an archive before it is imported: how ctr can read it, and what has no name in it."""

import io
import os
import stat
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from kuke_ctr.backends.ctr import versions
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import UsageError
from kuke_ctr.parse.archive import (
    GZIP,
    HEAD,
    INDEX,
    MANIFEST,
    ZSTD,
    Compression,
    Named,
    compression_of,
    names_of,
    not_an_archive,
)

_ENTRIES = 10_000
_DOCUMENT = 4 << 20
_ALL = 32 << 20
"""What is read of an archive that anybody may have made: entries, bytes of a document, of all."""

_DAMAGED = (tarfile.TarError, EOFError, ValueError, LookupError, ArithmeticError, RecursionError)
"""What tarfile raises for made-up headers: a size of 2^87, a name after a name after a name ..."""


@dataclass(frozen=True, slots=True)
class ArchiveLook:
    """What a file is; `names` are those of an archive that is not compressed."""

    compression: Compression | None = None
    names: Named = field(default_factory=Named)


def look_at(path: str) -> ArchiveLook:
    """What a regular file is. Nothing is known of another one, and of what may not be read.

    UsageError for what is no archive: an empty file, an HTML page ...
    """
    with suppress(OSError), io.FileIO(path, opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return ArchiveLook()
        head = file.read(HEAD)
        what = not_an_archive(head)
        if what is not None:
            raise UsageError(
                f"{path} is {what}, not an image archive",
                hint="`docker save` and `images export` write image archives",
            )
        compression = compression_of(head)
        if compression is not None:
            return ArchiveLook(compression)
        file.seek(0)
        return ArchiveLook(names=names_of(_documents(file)))
    return ArchiveLook()


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


class _Bounded(io.BufferedReader):
    """A file that gives no more than _ALL bytes: a header alone may claim to be of any size."""

    def __init__(self, raw: io.FileIO) -> None:
        super().__init__(raw)
        self._left = _ALL

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most `size` bytes; tarfile.ReadError where that would be too much."""
        if size is None or not 0 <= size <= self._left:
            raise tarfile.ReadError
        data = super().read(size)
        self._left -= len(data)
        return data


def _documents(raw: io.FileIO) -> Iterator[tuple[str, bytes]]:
    """The documents that name images, in a tar file; none where it is damaged."""
    with (
        suppress(*_DAMAGED),
        _Bounded(raw) as bounded,
        tarfile.open(fileobj=bounded, mode="r:") as tar,
    ):
        for number, entry in enumerate(tar):
            name = entry.name.removeprefix("./")
            if name in (INDEX, MANIFEST) and entry.isreg() and entry.size <= _DOCUMENT:
                file = tar.extractfile(entry)
                if file is not None:
                    yield name, file.read()
            if number >= _ENTRIES:
                return


def unpacker(scope: Scope, look: ArchiveLook, words: Sequence[str]) -> Compression | None:
    """The compression that this ctr cannot read; None where it reads the file as it is.

    The transfer service of containerd 2 reads gzip and zstd; a ctr that imports by itself reads
    tar alone.
    """
    if look.compression is None:
        return None
    by_service = versions.client(scope.ctr) >= (2,) and "--local" not in words
    return None if by_service and look.compression in (GZIP, ZSTD) else look.compression


def hint_for_names(names: Named, words: Sequence[str]) -> str:
    """Why nothing of an archive has landed, by what is in it and the flags of the import."""
    if names.tags and "--base-name" not in words:
        return f"the archive has only tags ({', '.join(names.tags[:3])}): add --base-name NAME"
    if names.nameless and not names.names:
        return (
            "the image in the archive has no name: add --index-name NAME:TAG, or --digests "
            "--base-name NAME to name it by its digest"
        )
    given = [flag for flag in ("--base-name", "--platform", "--index-name") if flag in words]
    if given:
        has = f"; it has {', '.join(names.names[:3])}" if names.names else ""
        return f"does {' and '.join(given)} match what is in the archive{has}?"
    return "is it an image archive? `docker save` and `images export` write such archives"


def left_out(names: Named) -> str | None:
    """A sentence about images in an archive that ctr leaves out, as they have no name."""
    if not names.nameless or not (names.names or names.tags):
        return None
    count = len(names.nameless)
    images = "1 image has" if count == 1 else f"{count} images have"
    return (
        f"{images} no name in the archive, so ctr leaves out {', '.join(names.nameless[:3])}; "
        "--digests --base-name NAME names it by its digest"
    )


def owner_who_may_change(found: os.stat_result) -> str | None:
    """The user who can change a file while it is imported, where that is neither root nor us."""
    behind_sudo = os.environ.get("SUDO_UID", "")
    if found.st_uid in (0, os.geteuid()) or str(found.st_uid) == behind_sudo:
        return None
    import pwd

    with suppress(KeyError):
        return pwd.getpwuid(found.st_uid).pw_name
    return f"the user {found.st_uid}"
