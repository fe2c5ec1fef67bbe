"""The files of a container: through its process while there is one, else its snapshot, mounted."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kuke_ctr.backends.ctr import containers, snapshots, tasks
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import CtrFailed, Forbidden, KukeCtrError
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.proc import PROC
from kuke_ctr.recipes.process_facts import seen_by_us
from kuke_ctr.recipes.snapshot_mounts import mount
from kuke_ctr.records import Task, TaskStatus

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a container: the descriptor of its `/`, and who is root in there."""

    root: int
    uid: int = 0
    gid: int = 0


@contextmanager
def files_of(scope: Scope, container: str, *, writing: bool) -> Iterator[Files]:
    """The files of a container as it sees them; without a running process those of its snapshot.

    `ctr containers info`, `tasks ls`; without a process `snapshots mounts` and the system's mount
    program. Raises NotFound for no such container, Forbidden for who is not root, and KukeCtrError
    where the files can't be got at.
    """
    info = containers.facts(scope, container)
    task = tasks.find(scope, container)
    if os.geteuid() != 0:
        raise Forbidden(
            "only root can reach the files of a container", hint="run the same command with sudo"
        )
    if task is not None and task.pid > 0 and task.status != TaskStatus.STOPPED:
        found = _of_process(scope, info, task)
    else:
        found = _of_snapshot(scope, info, writing=writing)
    try:
        yield found
    finally:
        os.close(found.root)


def _of_process(scope: Scope, info: ContainerInfo, task: Task) -> Files:
    """Through /proc/PID/root, with all that is mounted in the container."""
    if not seen_by_us(scope.ctr.socket):
        raise KukeCtrError(
            f"the processes of {info.id} are not in this /proc, so its files cannot be reached",
            hint=f"containerd runs elsewhere: {_by_tar(scope, info)}",
        )
    folder = PROC / str(task.pid)
    try:
        root = os.open(folder / "root", _FOLDER)
    except OSError as error:
        raise KukeCtrError(
            f"the files of {info.id} cannot be reached: {error.strerror}",
            hint=f"{scope.line('tasks', 'ls')} shows whether it still runs",
        ) from None
    try:
        _check_root(scope, info, task, root)
        return Files(root, _mapped(folder / "uid_map"), _mapped(folder / "gid_map"))
    except BaseException:
        os.close(root)
        raise


def _check_root(scope: Scope, info: ContainerInfo, task: Task, root: int) -> None:
    """Raise KukeCtrError where the process is another one by now, or has this host's files.

    A runtime with virtual machines names a process of this host.
    """
    now = tasks.find(scope, info.id)
    if now is None or now.pid != task.pid or now.status == TaskStatus.STOPPED:
        raise KukeCtrError(f"{info.id} has just stopped; nothing was copied", hint="try again")
    ours, theirs = Path("/").stat(), os.fstat(root)
    if (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino):
        raise KukeCtrError(
            f"the process of {info.id} has this host's own files (runtime {info.runtime}); nothing "
            "was copied",
            hint=_by_tar(scope, info),
        )


def _by_tar(scope: Scope, info: ContainerInfo) -> str:
    return f"{scope.line('exec', info.id, 'tar', '-cf', '-', 'PATH')} has tar read them inside"


def _mapped(table: Path) -> int:
    """The number on this host of root in a user namespace: `0 100000 65536`; 0 without one."""
    with suppress(OSError, ValueError):
        for line in table.read_text().splitlines():
            inside, outside, _ = map(int, line.split())
            if inside == 0:
                return outside
    return 0


def _of_snapshot(scope: Scope, info: ContainerInfo, *, writing: bool) -> Files:
    """Mount the snapshot where nobody sees it: only the descriptor is left, and ends with us."""
    if not info.snapshot:
        raise KukeCtrError(f"the container {info.id} has no files: it has no snapshot")
    with tempfile.TemporaryDirectory(prefix="kuke-ctr-", ignore_cleanup_errors=True) as place:
        target = Path(place) / "files"
        target.mkdir()
        given = info.snapshotter or None
        commands = snapshots.mount_commands(scope, info.snapshot, str(target), given)
        if not writing:
            commands = [command.without_writing() for command in commands]
        mount(scope.ctr, commands)
        try:
            root = os.open(target, _FOLDER)
        finally:
            for command in reversed(commands):
                _unmount(scope, command.target)
        found = os.fstat(root)
        return Files(root, found.st_uid, found.st_gid)


def _unmount(scope: Scope, target: str) -> None:
    """Take the mount out of sight; it ends with the last descriptor in it. CtrFailed."""
    said = scope.ctr.processes.run(Call(("umount", "-l", target), timeout=scope.ctr.timeout))
    if said.exit_code != 0:
        raise CtrFailed(
            said.stderr.decode(errors="replace").strip() or "umount failed",
            hint=f"`umount {target}` unmounts it",
            command=said.argv,
        )
