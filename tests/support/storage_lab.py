"""A daemon, two namespaces with the same image, and kuke-ctr for the first."""

import json
import subprocess  # noqa: TID251
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.images import Archive, busybox
from tests.support.runner import KukeCtr

REF = "docker.io/library/busybox:1.36"


class Lab:
    """A daemon, two namespaces that have the same image, and kuke-ctr for the first."""

    def __init__(self, daemon: PrivateContainerd, kuke_ctr: KukeCtr, folder: Path) -> None:
        self.daemon = daemon
        self.folder = folder
        self.namespace, self.other = unique("store"), unique("other")
        self.kuke_ctr = kuke_ctr.on(daemon).set(
            **{k: v for k, v in daemon.environment.items() if k == "CONTAINERD_SNAPSHOTTER"}
        )
        self.archive = Archive()
        self.image = busybox(self.archive, daemon.programs / "busybox")
        self.archive.name(self.image, REF)
        path = self.archive.write(folder / "busybox.tar")
        for namespace in (self.namespace, self.other):
            daemon.import_image(path, "--snapshotter", daemon.snapshotter, namespace=namespace)

    def run(self, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self.kuke_ctr(*argv, "-n", self.namespace, stdin=stdin)

    def ctr(self, *argv: str, namespace: str = "") -> str:
        return self.daemon.ctr(*argv, namespace=namespace or self.namespace).stdout

    def words(self, namespace: str = "") -> list[str]:
        """A raw ctr of the namespace."""
        program = str(self.daemon.programs / "ctr")
        return [program, "-a", self.daemon.address, "-n", namespace or self.namespace]

    def blobs(self, namespace: str = "") -> set[str]:
        return set(self.ctr("content", "ls", "-q", namespace=namespace).split())

    def snapshots(self) -> dict[str, str]:
        """Key -> kind."""
        rows = self.ctr("snapshots", "ls").splitlines()[1:]
        return {row.split()[0]: row.split()[-1] for row in rows}

    def snapshot(self, key: str) -> dict[str, object]:
        found = json.loads(self.ctr("snapshots", "info", key))
        assert isinstance(found, dict)
        return found

    @property
    def layer(self) -> str:
        return next(iter(self.archive.blobs))

    @property
    def chain(self) -> str:
        (key,) = (key for key, kind in self.snapshots().items() if kind == "Committed")
        return key

    def collect(self) -> None:
        """Have containerd's garbage collector run, and wait for it."""
        self.ctr("leases", "create", "--id", "collect")
        self.ctr("leases", "rm", "--sync", "collect")


@pytest.fixture
def lab(any_containerd: PrivateContainerd, kuke_ctr: KukeCtr, tmp_path: Path) -> Iterator[Lab]:
    """On each version of containerd."""
    yield Lab(any_containerd, kuke_ctr, tmp_path)
    unmount_below(tmp_path)


def unmount_below(folder: Path) -> None:
    for point in processes.mounts_below(folder):
        processes.unmount(point)
