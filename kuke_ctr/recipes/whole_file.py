"""A file that is there when it is whole, and not before: what an export writes."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kuke_ctr.errors import Forbidden, UsageError
from kuke_ctr.processes.descriptors import close_all
from kuke_ctr.processes.others_files import refuse_others


@contextmanager
def whole_or_nothing(target: Path) -> Iterator[int]:
    """A descriptor to write to; at the end of the block what was written becomes `target`.

    Where the block fails, `target` stays as it was and nothing else is left: the file has no name
    until then, or a temporary one beside it where the file system knows no files without a name. A
    device or a FIFO is written to itself. Raises UsageError and Forbidden for a place where no file
    can be made, or where another user has left something in a folder that all may write.
    """
    refuse_others(target)
    target = Path(os.path.realpath(target))
    before = _status(target)
    if before is not None and not stat.S_ISREG(before.st_mode):
        descriptor = _opened(target, target, os.O_WRONLY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
        return
    named = target.with_name(f".{target.name[:200]}.{os.getpid()}.part")
    folder = _opened(target.parent, target, os.O_RDONLY | os.O_DIRECTORY)
    descriptor = -1
    try:
        descriptor, nameless = _new_file(folder, named, target)
        yield descriptor
        if before is not None:
            _as_before(descriptor, before)
        os.fsync(descriptor)
        if nameless:
            source = f"/proc/self/fd/{descriptor}"
            os.link(source, named.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.replace(named.name, target.name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(named.name, dir_fd=folder)
        close_all(folder, descriptor)


def _status(target: Path) -> os.stat_result | None:
    try:
        found = target.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise _forbidden(target) from None
    if stat.S_ISDIR(found.st_mode):
        raise UsageError(
            f"{target} is a directory, not a file", hint="name the file in this directory"
        )
    return found


def _new_file(folder: int, named: Path, target: Path) -> tuple[int, bool]:
    """A new file of this folder, and whether it has no name yet."""
    try:
        return os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666, dir_fd=folder), True
    except PermissionError:
        raise _forbidden(target) from None
    except OSError:  # this file system has none of that kind
        pass
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(named.name, flags, 0o666, dir_fd=folder), False
    except PermissionError:
        raise _forbidden(target) from None


def _opened(path: Path, target: Path, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"the directory {path} does not exist", hint="create it first") from None
    except PermissionError:
        raise _forbidden(target) from None


def _forbidden(target: Path) -> Forbidden:
    return Forbidden(
        f"permission denied writing {target}", hint="choose another place, or use sudo"
    )


def _as_before(descriptor: int, before: os.stat_result) -> None:
    """The owner and the mode of the file that is replaced."""
    with suppress(OSError):
        os.fchown(descriptor, before.st_uid, before.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
