"""Mounting a snapshot on the host, by the commands that ctr prints for it."""

import os
from collections.abc import Sequence
from contextlib import suppress

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.errors import CtrFailed, Forbidden, KukeCtrError, UsageError
from kuke_ctr.parse.mounts import MountCommand
from kuke_ctr.processes.calls import Call, mask
from kuke_ctr.recipes import host_mounts

_LONGEST_OPTIONS = 4095
"""Bytes that mount(2) takes."""


def check_target(text: str) -> str:
    """The absolute path of an empty folder that nothing is mounted on; UsageError for others."""
    target = os.path.realpath(text)
    if any(space in target for space in " \t\n"):
        raise UsageError(
            f"{target!r} contains a space, which makes the mount command that ctr prints ambiguous",
            hint="use a directory without a space in its path",
        )
    host_mounts.require_empty_folder(target)
    return target


def require_root() -> None:
    """Raise Forbidden for a user who can't mount."""
    if os.geteuid() != 0:
        raise Forbidden("only root can mount", hint="run the same command with --sudo")


def mount(ctr: Ctr, commands: Sequence[MountCommand]) -> None:
    """Run the mount commands, and see that they did what they say; in a dry run they are printed.

    Raises CtrFailed, and then nothing of it is mounted.
    """
    try:
        for command in commands:
            _run(ctr, command)
            if not ctr.processes.dry_run:
                _check(command)
    except BaseException:
        for command in reversed(commands):
            _unmount(ctr, command.target)
        raise


def _run(ctr: Ctr, command: MountCommand) -> None:
    said = ctr.processes.run(Call(command.argv(), timeout=ctr.change_timeout))
    if said.exit_code == 0:
        return
    words = said.stderr.decode(errors="replace").split("\n")
    length = len(",".join(command.options))
    raise CtrFailed(
        words[0].strip() or f"mount failed with exit code {said.exit_code}",
        hint=f"the mount options have {length} bytes, and the kernel accepts {_LONGEST_OPTIONS}"
        if length > _LONGEST_OPTIONS
        else "nothing was mounted; `dmesg` may show the reason",
        command=mask(said.argv),
    )


def _check(command: MountCommand) -> None:
    found = [one for one in host_mounts.mounts_in() if one.target == command.target]
    if not found:
        raise CtrFailed(f"mount reported success, but nothing is mounted on {command.target}")
    if command.read_only and not found[-1].read_only:  # busybox's forgets it for a bind mount
        raise CtrFailed(
            f"this mount program ignored `ro`, so {command.target} was writable; it was unmounted",
            hint="nothing is mounted now; the mount program of util-linux works",
        )


def _unmount(ctr: Ctr, place: str) -> None:
    """Take back what a failure has left half done."""
    if ctr.processes.dry_run:
        return
    if any(mounted.target == place for mounted in host_mounts.mounts_in()):
        with suppress(KukeCtrError):
            ctr.processes.run(Call(("umount", place), timeout=ctr.timeout))
