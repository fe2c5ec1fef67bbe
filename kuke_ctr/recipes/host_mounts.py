"""What is mounted on this host, as the kernel says."""

import os
from pathlib import Path

from kuke_ctr.errors import Forbidden, UsageError
from kuke_ctr.parse.mounts import Mounted, parse_mountinfo
from kuke_ctr.processes.shell_words import shell_line, shell_word

_MOUNTS = Path("/proc/self/mountinfo")


def mounts_in(table: Path = _MOUNTS) -> list[Mounted]:
    """The mounts in a process's mountinfo, ours by default; OSError where it can't be read."""
    return list(parse_mountinfo(table.read_text(errors="surrogateescape")))


def count_at(path: str, mounts: Path = _MOUNTS) -> int:
    """How many mounts stand on a folder, one over the other.

    os.path.ismount does not see those that come from the same file system.
    """
    wanted = os.path.realpath(path)
    return sum(mounted.target == wanted for mounted in mounts_in(mounts))


def require_empty_folder(path: str) -> None:
    """Raise for what nothing may be mounted on: UsageError; Forbidden where that can't be seen."""
    try:
        entries = os.listdir(path)  # noqa: PTH208
    except FileNotFoundError:
        hint = shell_line(["mkdir", "-p", path])
        raise UsageError(f"{path} does not exist", hint=hint) from None
    except NotADirectoryError:
        raise UsageError(f"{path} is not a directory", hint="name an empty directory") from None
    except PermissionError:
        raise Forbidden(
            f"permission denied reading {path}", hint="run the same command with --sudo"
        ) from None
    if count_at(path):
        named = shell_word(path)
        raise UsageError(
            f"something is already mounted on {path}",
            hint=f"`findmnt {named}` shows what; `umount {named}` unmounts it, `kuke-ctr "
            f"images unmount {named}` if it is an image",
        )
    if entries:
        raise UsageError(
            f"{path} is not empty; a mount would hide its files",
            hint="name an empty directory",
        )
