"""What the real tests of archives and registries share."""

import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lib.containerd import PrivateContainerd
from scripts.lib.images import Archive, busybox
from tests.support.runner import KukeCtr

A, B, INDEX = "example.com/a:1", "example.com/b:1", "example.com/index:1"


MIB = 1 << 20


@pytest.fixture(scope="package")
def archives(programs_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder: plain.tar (A and B), index.tar (INDEX, two platforms), big.tar (6 MiB)."""
    folder = tmp_path_factory.mktemp("archives")
    program = programs_of("native") / "busybox"
    two = Archive()
    two.name(busybox(two, program), A, B)
    two.write(folder / "plain.tar")
    index = Archive()
    index.name(busybox(index, program, others=["linux/s390x"]), INDEX)
    index.write(folder / "index.tar")
    data = folder / "data"
    data.write_bytes(os.urandom(6 * MIB))
    with tarfile.open(folder / "layer.tar", "w") as layer:
        layer.add(data, "data")
    big = Archive()
    big.name(big.manifest([(folder / "layer.tar").read_bytes()]), "example.com/big:1")
    big.write(folder / "big.tar")
    return folder


@pytest.fixture
def on(kuke_ctr: KukeCtr, namespace: str) -> Callable[[PrivateContainerd], KukeCtr]:
    """kuke-ctr on a daemon, with its snapshotter."""

    def client(daemon: PrivateContainerd) -> KukeCtr:
        found = daemon.environment.get("CONTAINERD_SNAPSHOTTER")
        set_too = {} if found is None else {"CONTAINERD_SNAPSHOTTER": found}
        return kuke_ctr.on(daemon).set(**set_too)

    del namespace
    return client


On = Callable[[PrivateContainerd], KukeCtr]


def names(daemon: PrivateContainerd, namespace: str) -> list[str]:
    """The images, as raw ctr has them."""
    return sorted(daemon.ctr("images", "ls", "-q", namespace=namespace).stdout.split())


def complete(daemon: PrivateContainerd, namespace: str) -> list[str]:
    """The images of which everything is there and unpacked, as raw ctr has them."""
    rows = daemon.ctr("images", "check", namespace=namespace).stdout.splitlines()[1:]
    return sorted(
        row.split()[0] for row in rows if " complete (" in row and row.split()[-1] == "true"
    )


def in_work(daemon: PrivateContainerd, namespace: str) -> bytes:
    """`big` where a blob of more than half a MiB is half there."""
    told = daemon.ctr("content", "active", namespace=namespace).stdout
    return b"big" if "MB" in told else told.encode()
