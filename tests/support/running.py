"""What the tests of exec and run share: an image in a namespace, and kuke-ctr at a seat."""

import os
import subprocess  # noqa: TID251 (the tests start what the package is)
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scripts.lib import processes
from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.images import Archive, busybox
from scripts.lib.seat import Seat
from tests.support.runner import PROGRAM, KukeCtr

BUSYBOX = "docker.io/library/busybox:1.36"
LIMIT = 20.0
NOTHING = subprocess.DEVNULL
Stream = int | IO[bytes]


@dataclass
class Place:
    """A namespace of a daemon that has busybox, and kuke-ctr for it."""

    daemon: PrivateContainerd
    namespace: str
    kuke: KukeCtr

    def __call__(
        self, *words: str, stdin: str = "", timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run kuke-ctr in the namespace."""
        return self.kuke("-n", self.namespace, *words, stdin=stdin, timeout=timeout)

    def ctr(self, *words: str, check: bool = True) -> str:
        """What ctr itself prints: the independent witness."""
        return self.daemon.ctr(*words, namespace=self.namespace, check=check).stdout

    def sleeper(self, *command: str) -> str:
        """A container that runs until it is removed, or with this command."""
        words = command or ("sleep", "3600")
        return self.daemon.run(
            BUSYBOX, *words, namespace=self.namespace, flags=("--log-uri", "file:///dev/null")
        )

    def argv(self, *words: str) -> list[str]:
        """The words of a process."""
        return [str(PROGRAM), "-n", self.namespace, *words]

    def sit(self, *words: str) -> Seat:
        """kuke-ctr at a terminal."""
        return Seat(self.argv(*words), self.kuke.environment)

    def start(
        self,
        *words: str,
        stdin: Stream = NOTHING,
        stdout: Stream = NOTHING,
        stderr: Stream = NOTHING,
    ) -> "subprocess.Popen[bytes]":
        """kuke-ctr in the background, leading a session without a terminal."""
        return subprocess.Popen(
            self.argv(*words),
            env=self.kuke.environment,
            start_new_session=True,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )

    def clients(self, ours: "subprocess.Popen[bytes]", verb: str) -> list[int]:
        """The pids of the ctrs that a kuke-ctr runs just now for this verb."""
        children = processes.children(ours.pid)
        return [pid for pid in children if verb in processes.command_line(pid)]

    def client(self, ours: "subprocess.Popen[bytes]", verb: str) -> int:
        """The pid of the ctr that a kuke-ctr starts for this verb, and that stays for a while."""
        found: list[int] = []

        def look() -> bool:
            found.extend(self.clients(ours, verb))
            return bool(found)

        assert processes.until(look, LIMIT)
        return found[0]

    def own(self) -> tuple[str, ...]:
        """The flags that keep a test's container apart from the host's."""
        cgroup = f"kuke-ctr-{self.daemon.base.name}/{unique('run')}"
        return ("--runc-root", str(self.daemon.runc_root), "--cgroup", cgroup)

    def inside(self, container: str, *command: str) -> None:
        """Run a command in the container by ctr itself, which may lose what a short one prints."""
        self.ctr("tasks", "exec", "--exec-id", unique("x"), container, *command, check=False)

    def seen(self, container: str, path: str) -> Path:
        """A file in a container that runs, from outside."""
        rows = [row.split() for row in self.ctr("tasks", "ls").splitlines()[1:]]
        pid = next(row[1] for row in rows if row[0] == container)
        return Path(f"/proc/{pid}/root{path}")

    def read(self, container: str, path: str) -> str:
        """What such a file holds; nothing where there is none."""
        file = self.seen(container, path)
        return file.read_text() if file.exists() else ""

    def processes(self, container: str) -> list[str]:
        """The command lines of the container's processes."""
        rows = self.ctr("tasks", "ps", container).splitlines()[1:]
        return [" ".join(processes.command_line(int(row.split()[0]))) for row in rows]

    def execs(self, container: str) -> int:
        """How many processes of exec the task has."""
        return self.ctr("tasks", "ps", container).count("kuke-ctr-")

    def left(self) -> tuple[set[str], set[str], set[str]]:
        """Containers, tasks and snapshots (but for the image's own) that there are."""
        snapshots = self.ctr("snapshots", "ls").splitlines()[1:]
        return (
            set(self.ctr("containers", "ls", "-q").split()),
            set(self.ctr("tasks", "ls", "-q").split()),
            {row.split()[0] for row in snapshots if not row.startswith("sha256:")},
        )


def place_on(daemon: PrivateContainerd, folder: Path) -> Iterator[Place]:
    """A new namespace on the daemon, empty again in the end; its folder of logs goes too."""
    namespace = unique("test")
    archive = Archive()
    archive.name(busybox(archive, daemon.programs / "busybox"), BUSYBOX)
    daemon.import_image(archive.write(folder / "busybox.tar"), namespace=namespace)
    (folder / "run").mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "KUKEON_RUN_PATH": str(folder / "run"),
        "LC_ALL": "C.UTF-8",
        "CONTAINERD_SNAPSHOTTER": daemon.snapshotter,
    }
    yield Place(daemon, namespace, KukeCtr(environment).on(daemon))
    for task in daemon.ctr("tasks", "ls", "-q", namespace=namespace).stdout.split():
        daemon.ctr("tasks", "rm", "--force", task, namespace=namespace, check=False)
    logs = Path("/var/log/kuke-ctr", namespace)
    if logs.is_dir():
        for file in logs.iterdir():
            file.unlink()
        logs.rmdir()
