"""The files of a container: through its process while there is one, else its snapshot, mounted."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kuke_ctr.backends.ctr import containers, snapshots, tasks
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import CtrFailed, Forbidden, Interrupted, KukeCtrError
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.parse.mounts import MountCommand
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.patience import patient
from kuke_ctr.processes.proc import PROC
from kuke_ctr.recipes.copying.ids import HOSTS_OWN, Ids, Range, ids_of
from kuke_ctr.recipes.process_facts import seen_by_us
from kuke_ctr.recipes.snapshot_mounts import mount
from kuke_ctr.records import Task, TaskStatus

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a container: the descriptor of its `/`, and the numbers of its users."""

    root: int
    ids: Ids = HOSTS_OWN


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
            "only root can reach the files of a container", hint="run the same command with --sudo"
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
        return Files(root, ids_of(folder))
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


def _of_snapshot(scope: Scope, info: ContainerInfo, *, writing: bool) -> Files:
    """Mount the snapshot, open it, unmount it at once: the descriptor keeps it, and ends with us.

    A signal waits until that is done. Nothing here deletes more than two empty folders: a delete of
    what is in them would go through the mount.
    """
    if not info.snapshot:
        raise KukeCtrError(f"the container {info.id} has no files: it has no snapshot")
    given = info.snapshotter or None
    with patient() as came:
        place = Path(tempfile.mkdtemp(prefix="kuke-ctr-"))
        target = place / "files"
        target.mkdir()
        try:
            commands = snapshots.mount_commands(scope, info.snapshot, str(target), given)
            if not writing:
                commands = [command.without_writing() for command in commands]
            root = _opened(scope, commands, target)
        finally:
            for folder in (target, place):
                with suppress(OSError):  # it is still mounted, and an error says so
                    folder.rmdir()
    try:
        if came:
            raise Interrupted("interrupted; nothing was copied")
        task = tasks.find(scope, info.id)
        if task is not None and task.status != TaskStatus.STOPPED:
            raise KukeCtrError(f"{info.id} has just started; nothing was copied", hint="try again")
    except BaseException:
        os.close(root)
        raise
    return Files(root, _ids(root))


def _ids(root: int) -> Ids:
    """Those of a container that does not run: `/` belongs to its root."""
    found = os.fstat(root)
    if not found.st_uid and not found.st_gid:
        return HOSTS_OWN
    count = 1 << 16
    return Ids([Range(0, found.st_uid, count)], [Range(0, found.st_gid, count)])


def _opened(scope: Scope, commands: Sequence[MountCommand], target: Path) -> int:
    """The descriptor of what the commands mount; it is not mounted any more."""
    mount(scope.ctr, commands)
    root = -1
    try:
        root = os.open(target, _FOLDER)
        return root
    finally:
        try:
            for command in reversed(commands):
                _unmount(scope, command.target)
        except BaseException:
            if root != -1:
                os.close(root)
            raise


def _unmount(scope: Scope, target: str) -> None:
    """Take the mount out of sight; it ends with the last descriptor in it. CtrFailed."""
    call = Call(("umount", "-l", target), timeout=scope.ctr.timeout)
    said = scope.ctr.processes.run(call)
    if said.exit_code != 0:
        raise CtrFailed(
            f"the files of the container are still mounted on {target}: "
            f"{said.stderr.decode(errors='replace').strip() or 'umount failed'}",
            hint=f"`umount {target}`; who deletes what is in there deletes the container's files",
            command=said.argv,
        )
