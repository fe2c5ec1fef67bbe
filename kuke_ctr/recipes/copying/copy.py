"""One copy, from one side to the other; raises what a person can understand."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kuke_ctr.errors import Forbidden, KukeCtrError, NotFound, Reason
from kuke_ctr.parse.copy_words import Side, place_of_copy
from kuke_ctr.recipes.copying.entries import (
    Entry,
    Skipped,
    Tree,
    archive_errors,
    in_archive,
)
from kuke_ctr.recipes.copying.inside import Place, find
from kuke_ctr.recipes.copying.root import Files
from kuke_ctr.recipes.copying.writing import Copied, Owner, TreeWriter, write_archive

_HERE = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is copied: `keep` the owners (as numbers), `follow` a link that is the source."""

    keep: bool = False
    follow: bool = False


def out_of(files: Files, source: Side, target: Side, manner: Manner, skipped: Skipped) -> Copied:
    """Copy out of a container, to a path of this host. NotFound, Forbidden, UsageError."""
    owner = Owner(os.geteuid(), os.getegid(), kept=manner.keep, set_id=manner.keep)
    with (
        _found(files.root, source, manner) as place,
        _on_host(target, follow=True) as (there, root),
    ):
        return _copy(place, source, TreeWriter(root, there.path, owner), there, target, skipped)


def to_archive(
    files: Files, source: Side, stream: BinaryIO, manner: Manner, skipped: Skipped
) -> Copied:
    """Write what is in a container as a tar archive. NotFound, Forbidden."""
    with _found(files.root, source, manner) as place:
        top = "." if source.is_content else source.name
        return write_archive(_read(source, place, skipped), top, stream)


def into(files: Files, source: Side, target: Side, manner: Manner, skipped: Skipped) -> Copied:
    """Copy a path of this host into a container. NotFound, Forbidden, UsageError."""
    owner = Owner(files.uid, files.gid, kept=manner.keep)
    follow = manner.follow or source.names_folder
    with _on_host(source, follow=follow) as (place, _), _looked_up(files.root, target) as there:
        if place.found is None:
            raise NotFound(f"{source} does not exist")
        writer = TreeWriter(files.root, there.path, owner)
        return _copy(place, source, writer, there, target, skipped)


def from_archive(
    files: Files, stream: BinaryIO, target: Side, manner: Manner, skipped: Skipped
) -> Copied:
    """Unpack a tar archive in a folder of a container. NotFound, Forbidden, KukeCtrError."""
    owner = Owner(files.uid, files.gid, kept=manner.keep)
    with _looked_up(files.root, target) as there, archive_errors(), explained(target):
        if there.found is None:
            raise NotFound(f"{target} does not exist", hint="name a directory that exists")
        if not there.is_folder:
            raise KukeCtrError(f"{target} is not a directory", hint="an archive needs a directory")
        return TreeWriter(files.root, there.path, owner).write(in_archive(stream, skipped))


def _copy(
    place: Place, source: Side, writer: TreeWriter, there: Place, target: Side, skipped: Skipped
) -> Copied:
    """`there` is what the writer's base is now."""
    name = place_of_copy(
        source,
        of_folder=place.is_folder,
        target=target,
        exists=there.found is not None,
        is_folder=there.is_folder,
    )
    if there.is_folder:
        writer.base = "/".join([writer.base, *name])
    with explained(target):
        return writer.write(_read(source, place, skipped))


def _read(source: Side, place: Place, skipped: Skipped) -> Iterator[Entry]:
    with explained(source):
        yield from Tree(skipped).entries(place)


@contextmanager
def _found(root: int, side: Side, manner: Manner) -> Iterator[Place]:
    """A source in a container."""
    with _looked_up(root, side, follow=manner.follow or side.names_folder) as place:
        if place.found is None:
            raise NotFound(f"{side} does not exist")
        yield place


@contextmanager
def _on_host(side: Side, *, follow: bool) -> Iterator[tuple[Place, int]]:
    """A path of this host, where it is the user who says what links mean, and its root.

    The root is the folder itself, or the one that it lies in.
    """
    path = Path(os.path.realpath(side.path)) if follow else _itself(side.path)
    with explained(side):
        found = path.stat(follow_symlinks=False) if os.path.lexists(path) else None
        is_folder = found is not None and stat.S_ISDIR(found.st_mode)
        folder, name = (path, ".") if is_folder else (path.parent, path.name)
        root = os.open(folder, _HERE)
    try:
        with Place(os.dup(root), name, found, name) as place:
            yield place, root
    finally:
        os.close(root)


def _itself(path: str) -> Path:
    """The path with all links resolved but for the last part."""
    folder, name = os.path.split(path.rstrip("/"))
    return Path(os.path.realpath(folder or "."), name)


@contextmanager
def _looked_up(root: int, side: Side, *, follow: bool = True) -> Iterator[Place]:
    with explained(side):
        place = find(root, side.path, follow=follow)
    with place:
        yield place


@contextmanager
def explained(side: Side) -> Iterator[None]:
    """What the system says about a side becomes an error for people."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound(f"{side} does not exist: a directory on the way is missing") from None
    except PermissionError as error:
        raise Forbidden(
            f"permission denied at {side}: {error.strerror}", hint="run the same command with sudo"
        ) from None
    except OSError as error:
        reason = Reason.NO_SPACE if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
        raise KukeCtrError(f"{side}: {error.strerror or error}", reason=reason) from None
