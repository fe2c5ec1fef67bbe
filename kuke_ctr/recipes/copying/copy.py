"""One copy, from one side to the other; raises what a person can understand."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

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
    """How it is copied: `keep` the owners (as numbers), `follow` a link that is the source.

    `dry`: only look at both sides.
    """

    keep: bool = False
    follow: bool = False
    dry: bool = False


def out_of(files: Files, source: Side, target: Side, manner: Manner, skipped: Skipped) -> Copied:
    """Copy out of a container, to a path of this host. NotFound, Forbidden, UsageError."""
    owner = Owner(files.ids.inside if manner.keep else _ours, set_id=manner.keep)
    with (
        _found(files.root, source, manner) as place,
        _on_host(target, follow=True) as (there, root),
    ):
        tree = Tree(skipped, _kernels(files.root))
        writer = TreeWriter(root, there.path, owner)
        return _copy(Copying(tree, place, source, writer, there, target), dry=manner.dry)


def to_archive(
    files: Files, source: Side, stream: BinaryIO, manner: Manner, skipped: Skipped
) -> Copied:
    """Write what is in a container as a tar archive. NotFound, Forbidden."""
    with _found(files.root, source, manner) as place:
        top = "." if source.is_content else source.name
        if manner.dry:
            return Copied()
        entries = _read(source, Tree(skipped, _kernels(files.root)), place)
        return write_archive(entries, top, stream, files.ids.inside)


def into(files: Files, source: Side, target: Side, manner: Manner, skipped: Skipped) -> Copied:
    """Copy a path of this host into a container. NotFound, Forbidden, UsageError."""
    owner = Owner(_owner_in(files, manner), set_id=manner.keep)
    follow = manner.follow or source.names_folder
    with _on_host(source, follow=follow) as (place, _), _looked_up(files.root, target) as there:
        if place.found is None:
            raise NotFound(f"{source} does not exist")
        writer = TreeWriter(files.root, there.path, owner)
        what = Copying(Tree(skipped), place, source, writer, there, target)
        return _copy(what, dry=manner.dry)


def from_archive(
    files: Files, stream: BinaryIO, target: Side, manner: Manner, skipped: Skipped
) -> Copied:
    """Unpack a tar archive in a folder of a container. NotFound, Forbidden, KukeCtrError."""
    owner = Owner(_owner_in(files, manner), set_id=manner.keep)
    with _looked_up(files.root, target) as there, archive_errors(), explained(target):
        if there.found is None:
            raise NotFound(f"{target} does not exist", hint="name a directory that exists")
        if not there.is_folder:
            raise KukeCtrError(f"{target} is not a directory", hint="an archive needs a directory")
        if manner.dry:
            return Copied()
        return TreeWriter(files.root, there.path, owner).write(in_archive(stream, skipped))


class Copying(NamedTuple):
    """A tree that is read at a place, and what its writer's base is now."""

    tree: Tree
    place: Place
    source: Side
    writer: TreeWriter
    there: Place
    target: Side


def _copy(what: Copying, *, dry: bool) -> Copied:
    name = place_of_copy(
        what.source,
        of_folder=what.place.is_folder,
        target=what.target,
        exists=what.there.found is not None,
        is_folder=what.there.is_folder,
    )
    if what.there.is_folder:
        what.writer.base = "/".join([what.writer.base, *name])
    if dry:
        return Copied()
    with explained(what.target):
        return what.writer.write(_read(what.source, what.tree, what.place))


def _read(source: Side, tree: Tree, place: Place) -> Iterator[Entry]:
    with explained(source):
        yield from tree.entries(place)


def _ours(user: int, group: int) -> tuple[int, int]:
    """Whoever has started us: under sudo that is not root."""
    caller = [os.environ.get(name, "") for name in ("SUDO_UID", "SUDO_GID")]
    if os.geteuid() == 0 and all(one.isascii() and one.isdigit() for one in caller):
        return int(caller[0]), int(caller[1])
    return os.geteuid(), os.getegid()


def _owner_in(files: Files, manner: Manner) -> Callable[[int, int], tuple[int, int]]:
    """The container's root, or with `keep` who has the same number in there."""
    return files.ids.outside if manner.keep else lambda user, group: files.ids.outside(0, 0)


def _kernels(root: int) -> set[int]:
    """The devices of the container's procfs and sysfs."""
    found = set()
    for name in ("proc", "sys"):
        with suppress(OSError):
            found.add(os.stat(name, dir_fd=root, follow_symlinks=False).st_dev)
    return found - {os.fstat(root).st_dev}


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
        sudo = None if os.geteuid() == 0 else "run the same command with --sudo"
        raise Forbidden(f"permission denied at {side}: {error.strerror}", hint=sudo) from None
    except OSError as error:
        reason = Reason.NO_SPACE if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
        raise KukeCtrError(f"{side}: {error.strerror or error}", reason=reason) from None
