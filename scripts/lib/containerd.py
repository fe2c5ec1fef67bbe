"""A containerd of one's own, for tests and the demo, that leaves the machine as it was.

It has its own root, state, socket and configuration in one short folder, and no CRI, NRI or `opt`
plugin, which would touch the whole host's `/var/run/nri` and `/opt/containerd`. A container that
`run` starts keeps runc's state in that folder too: runc's default place is shared by every daemon
of a host, and two containers of the same namespace and id there kill each other.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import tempfile
import uuid
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from scripts.lib import images, processes, programs

SOCKET_PATH_LIMIT = 107 - len(".ttrpc")
START_LIMIT = 30.0
STOP_LIMIT = 10.0

DISABLED_PLUGINS = [
    "io.containerd.grpc.v1.cri",  # all of CRI in 1.x, its gRPC half in 2.x
    "io.containerd.cri.v1.images",
    "io.containerd.cri.v1.runtime",
    "io.containerd.nri.v1.nri",
    "io.containerd.internal.v1.opt",
]

_TEMPORARY = Path("/tmp")  # noqa: S108 (TMPDIR may be too long for a socket's path)
_PREFIX = "kuke-ctr-"


class NotStarted(Exception):
    """containerd ended, or did not answer, before it was ready; the text has its log's end."""


def unique(stem: str) -> str:
    """A container id or namespace that nothing else on this host has."""
    return f"{stem}-{uuid.uuid4().hex[:8]}"


def version_of(programs_folder: Path) -> str:
    """The version of the containerd in a folder: `1.6.20`."""
    words = [str(programs_folder / "containerd"), "--version"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = re.search(r"\b(\d+\.\d+\.\d+)", told)
    return found[1] if found else told


@contextlib.contextmanager
def temporary(programs_folder: Path) -> Iterator["PrivateContainerd"]:
    """A daemon in a folder of its own under /tmp. What a killed run left there is ended first."""
    for folder in _TEMPORARY.glob(f"{_PREFIX}*"):
        if _abandoned(folder):
            PrivateContainerd(programs_folder, folder).stop()
    base = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_TEMPORARY))
    _owner(base).write_text(f"{os.getpid()} {processes.started(os.getpid())}")
    with PrivateContainerd(programs_folder, base) as daemon:
        yield daemon


def _owner(base: Path) -> Path:
    return base / "owner"


def _abandoned(base: Path) -> bool:
    """Whether it is ours and its maker is gone; no error where it goes away meanwhile."""
    try:
        ours = base.stat().st_uid == os.geteuid()
        pid, started = _owner(base).read_text().split()
    except (OSError, ValueError):
        return False
    return ours and processes.started(int(pid)) != started


class PrivateContainerd:
    """One daemon under `base`, with the programs of a folder that `programs.ensure` gave.

    As a context manager it ends with the block, and with its process whatever happens. With
    `start(outlive=True)` it stays until somebody calls `stop` on an object with the same `base`.
    """

    def __init__(self, programs_folder: Path, base: Path) -> None:
        self.programs = programs_folder
        self.base = base
        self.address = str(base / "c.sock")
        self.log = base / "containerd.log"
        self.runc_root = base / "runc"
        self._config = base / "config.toml"
        self._pid_file = base / "containerd.pid"
        self._cgroup = f"/kuke-ctr-{base.name}"
        self._daemon: subprocess.Popen[bytes] | None = None
        if len(self.address) > SOCKET_PATH_LIMIT:
            raise ValueError(f"{self.address}: longer than a socket's path may be")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @cached_property
    def version(self) -> str:
        """containerd's version: `1.6.20`."""
        return version_of(self.programs)

    @cached_property
    def snapshotter(self) -> str:
        """The default one, or one that needs no overlay where there is none (in a container)."""
        probe = self.base / "probe"
        works = processes.mount_overlay(probe)
        shutil.rmtree(probe)
        return "overlayfs" if works else "native"

    @property
    def environment(self) -> dict[str, str]:
        """The environment for the daemon and for ctr: our programs first, nobody's address."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CONTAINERD_", "KUKE"))}
        if self.snapshotter != "overlayfs":
            kept["CONTAINERD_SNAPSHOTTER"] = self.snapshotter
        return {**kept, "PATH": programs.search_path(self.programs)}

    @property
    def pid(self) -> int | None:
        """The daemon's pid while it runs."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self._pid_file.read_text())
            return pid if str(self._config) in processes.command_line(pid) else None
        return None

    def start(self, *, outlive: bool = False) -> None:
        """Start the daemon and wait until it answers. Raises NotStarted."""
        for folder in (self.base, self.base / "tmp", self.runc_root):
            folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._config.write_text(self._configuration())
        if self._daemon is not None:  # it was stopped, and starts anew
            self._daemon.wait()
        with self.log.open("ab") as log:
            daemon = subprocess.Popen(
                [self.programs / "containerd", "--config", self._config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self.environment, "TMPDIR": str(self.base / "tmp")},
                start_new_session=True,
                preexec_fn=None if outlive else processes.end_with(os.getpid()),  # noqa: PLW1509
            )
        self._pid_file.write_text(str(daemon.pid))
        self._daemon = daemon
        processes.until(lambda: daemon.poll() is not None or self.answers(), START_LIMIT)
        if not self.answers():
            said = self.log.read_text(errors="replace")[-2000:]
            self.stop()
            raise NotStarted(f"containerd did not start:\n{said}")

    def answers(self) -> bool:
        """Whether something accepts connections on its socket."""
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(self.address) == 0

    def stop(self) -> None:
        """End its tasks, the daemon and the shims, unmount what is left, delete the folder."""
        if self.pid is not None:
            with contextlib.suppress(OSError, subprocess.SubprocessError, RuntimeError):
                self.remove_tasks()
        self._end_daemon()
        for shim in list(self.shims()):
            for pid in [*processes.children(shim), shim]:
                processes.end(pid, signal.SIGKILL, STOP_LIMIT)
        for point in processes.mounts_below(self.base):
            processes.unmount(point)
        self._remove_cgroups()
        shutil.rmtree(self.base, ignore_errors=True)

    def remove_tasks(self) -> None:
        """Kill and delete every task of every namespace."""
        for namespace in self.ctr("namespaces", "ls", "-q").stdout.split():
            for task in self.ctr("tasks", "ls", "-q", namespace=namespace).stdout.split():
                self.ctr("tasks", "rm", "--force", task, namespace=namespace, check=False)

    def ctr(
        self,
        *argv: str,
        namespace: str = "default",
        check: bool = True,
        stdin: str = "",
        timeout: float = 60.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run ctr on this daemon. With `check`, a failure raises with what ctr said."""
        words = (str(self.programs / "ctr"), "-a", self.address, "-n", namespace, *argv)
        return self._run(*words, check=check, stdin=stdin, timeout=timeout)

    def import_image(self, archive: Path, *flags: str, namespace: str = "default") -> None:
        """Import an archive; `flags` are `ctr images import`'s."""
        self.ctr("images", "import", *flags, str(archive), namespace=namespace)

    def run(
        self,
        reference: str,
        *command: str,
        namespace: str = "default",
        container: str | None = None,
        flags: tuple[str, ...] = (),
    ) -> str:
        """Start a container in the background, runc's state and its cgroup ours; its id."""
        name = container or unique("c")
        flags = (*self.own_flags(namespace, name), *flags)
        self.ctr("run", "-d", *flags, reference, name, *command, namespace=namespace)
        return name

    def own_flags(self, namespace: str, container: str) -> tuple[str, ...]:
        """What `ctr run` needs to keep runc's state and the cgroup apart from the host's."""
        cgroup = f"{self._cgroup}/{namespace}-{container}"
        return ("--runc-root", str(self.runc_root), "--cgroup", cgroup)

    def shims(self) -> Iterator[int]:
        """The pids of this daemon's shims."""
        for pid in processes.pids():
            words = processes.command_line(pid)
            if self.address in words and "-address" in words and "shim" in words[0]:
                yield pid

    def _configuration(self) -> str:
        """Version 2: containerd 1.6, 1.7 and 2.x read it. A JSON text or list is TOML as well."""
        lines = [
            "version = 2",
            f"root = {json.dumps(str(self.base / 'root'))}",
            f"state = {json.dumps(str(self.base / 'state'))}",
            f"disabled_plugins = {json.dumps(DISABLED_PLUGINS)}",
            "[grpc]",
            f"address = {json.dumps(self.address)}",
        ]
        if self.snapshotter != "overlayfs" and not self.version.startswith("1."):
            lines += [  # its imports unpack by this list, not by what ctr says
                '[plugins."io.containerd.transfer.v1.local"]',
                '[[plugins."io.containerd.transfer.v1.local".unpack_config]]',
                f"platform = {json.dumps(images.host_platform())}",
                f"snapshotter = {json.dumps(self.snapshotter)}",
            ]
        return "\n".join(lines) + "\n"

    def _run(
        self, *argv: str, check: bool, stdin: str = "", timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            argv,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=timeout,
            check=False,
            env=self.environment,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{argv} exited {done.returncode}: {done.stderr}{done.stdout}")
        return done

    def _end_daemon(self) -> None:
        pid = self.pid
        for number in (signal.SIGTERM, signal.SIGKILL):
            if pid is not None and processes.end(pid, number, STOP_LIMIT):
                break
        if self._daemon is not None:
            self._daemon.wait()

    def _remove_cgroups(self) -> None:
        """The folders that runc makes above a container's own cgroup; they are empty by now."""
        top = Path("/sys/fs/cgroup")
        name = self._cgroup.strip("/")
        for folder in [top / name, *top.glob(f"*/{name}")]:
            with contextlib.suppress(OSError):
                folder.rmdir()
