"""A host with a few images."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kuke_ctr.recipes import host_mounts as mounts
from tests.support.fake_ctr import FakeCtr

NS = ("-n", "kukeon-main")


HERE = ("--namespace", "kukeon-main")


CONTAINERS = (
    "CONTAINER    IMAGE            RUNTIME                  \n"
    "web          example.com/a:1  io.containerd.runc.v2    \n"
)


Capture = pytest.CaptureFixture[str]


@pytest.fixture
def images_host(fake_ctr: FakeCtr) -> FakeCtr:
    """A namespace with three images, of which a container uses one."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\nmoby\n")
    names = "example.com/a:1\nexample.com/b:1\nexample.com/c:1\n"
    for namespace in ("kukeon-main", "moby"):
        fake_ctr.answer("-n", namespace, "images", "ls", "-q", stdout=names)
        fake_ctr.answer("-n", namespace, "containers", "ls", stdout=CONTAINERS)
    return fake_ctr


def changes(images_host: FakeCtr) -> list[list[str]]:
    """The calls that change something, without the namespace."""
    reading = {"ls", "info", "--version", "version"}
    return [call[2:] for call in images_host.calls if not reading & set(call)]


def on(
    images_host: FakeCtr, *words: str, stdout: str = "", stderr: str = "", exit_code: int = 0
) -> None:
    images_host.answer(*NS, "images", *words, stdout=stdout, stderr=stderr, exit_code=exit_code)


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Says how many mounts the kernel shows on any folder."""

    def set_count(count: int) -> None:
        monkeypatch.setattr(mounts, "count_at", lambda path: count)

    set_count(0)
    return set_count


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty one."""
    (found := tmp_path / "mnt").mkdir()
    return found
