"""A host for real changes of containers, tasks and namespaces."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from scripts.lib import processes
from scripts.lib.containerd import PrivateContainerd
from scripts.lib.images import Archive, busybox

BUSYBOX = "docker.io/library/busybox:1.36"


Capture = pytest.CaptureFixture[str]


FOREVER = ("sleep", "3600")


LIMIT = 30.0


class Host:
    """A daemon with an image in a namespace of its own: kuke-ctr on one side, ctr on the other."""

    def __init__(self, daemon: PrivateContainerd, namespace: str, capsys: Capture) -> None:
        self.daemon = daemon
        self.namespace = namespace
        self._capsys = capsys

    def kuke(self, line: str, *words: str, fails: int = 0, says: str = "") -> str:
        """What a command line prints; `fails` is its exit code, `says` a part of its stderr."""
        noun, verb, *rest = line.split()
        scope = () if noun == "namespaces" else ("-n", self.namespace)
        # not in a process of its own: there are hundreds of these
        code = main([noun, verb, *scope, *rest, *words])
        out, err = self._capsys.readouterr()
        assert code == fails, (out, err)
        assert says in err
        assert fails or says or not err, err
        return out

    def ctr(self, *words: str) -> str:
        """What raw ctr prints in the namespace."""
        return self.daemon.ctr(*words, namespace=self.namespace).stdout

    def state(self, name: str) -> str | None:
        """The status of a task; None where there is none."""
        rows = [row.split() for row in self.ctr("tasks", "ls").splitlines()[1:]]
        return next((row[2] for row in rows if row[0] == name), None)

    def pid(self, name: str) -> int:
        """The process of a task."""
        rows = [row.split() for row in self.ctr("tasks", "ls").splitlines()[1:]]
        return next(int(row[1]) for row in rows if row[0] == name)

    def info(self, name: str) -> dict[str, object]:
        """`ctr containers info`."""
        found: dict[str, object] = json.loads(self.ctr("containers", "info", name))
        return found

    def containers(self) -> list[str]:
        """`ctr containers ls -q`."""
        return self.ctr("containers", "ls", "-q").split()

    def snapshots(self) -> list[str]:
        """The keys of the default snapshotter."""
        return [row.split()[0] for row in self.ctr("snapshots", "ls").splitlines()[1:]]

    def start(self, *command: str) -> str:
        """A container that runs."""
        return self.daemon.run(BUSYBOX, *command, namespace=self.namespace)

    def ends(self, name: str) -> bool:
        """Whether a task stops in time."""
        return processes.until(lambda: self.state(name) == "STOPPED", LIMIT)


@pytest.fixture(scope="module")
def changes_image(
    programs_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An archive with BUSYBOX in it."""
    archive = Archive()
    archive.name(busybox(archive, programs_of("native") / "busybox"), BUSYBOX)
    return archive.write(tmp_path_factory.mktemp("image") / "busybox.tar")


@pytest.fixture
def host_of(
    changes_image: Path,
    namespace: str,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Callable[[PrivateContainerd], Host]]:
    """Makes a Host of a daemon; its tasks end with the test."""
    used: list[PrivateContainerd] = []

    def make(daemon: PrivateContainerd) -> Host:
        for name, value in daemon.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("CONTAINERD_ADDRESS", daemon.address)
        (tmp_path / "run").mkdir(exist_ok=True)
        monkeypatch.setenv("KUKEON_RUN_PATH", str(tmp_path / "run"))
        daemon.import_image(changes_image, namespace=namespace)
        used.append(daemon)
        return Host(daemon, namespace, capsys)

    yield make
    for daemon in used:
        for task in daemon.ctr("tasks", "ls", "-q", namespace=namespace).stdout.split():
            daemon.ctr("tasks", "rm", "--force", task, namespace=namespace, check=False)


@pytest.fixture
def changes_host(
    any_containerd: PrivateContainerd, host_of: Callable[[PrivateContainerd], Host]
) -> Host:
    """Each version in turn."""
    return host_of(any_containerd)
