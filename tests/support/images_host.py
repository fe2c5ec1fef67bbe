"""A host with a few images."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kuke_ctr.recipes import host_mounts as mounts
from tests.support.fake_ctr import FakeCtr
from tests.support.tabwriter import ctr_table

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
        rows = [(ref, digest_of(ref)) for ref in names.split()]
        fake_ctr.answer("-n", namespace, "images", "ls", stdout=images(*rows))
        for words in (("ls",), ("ls", "-q")):
            fake_ctr.answer("-n", namespace, "content", *words)
        fake_ctr.answer("-n", namespace, "containers", "ls", "-q", stdout="web\n")
        info = {"ID": "web", "Image": "example.com/a:1"}
        fake_ctr.answer("-n", namespace, "containers", "info", "web", stdout=json.dumps(info))
    return fake_ctr


def images(*rows: tuple[str, str]) -> str:
    """What `images ls` prints for references with these digests."""
    kind = "application/vnd.oci.image.manifest.v1+json"
    cells = [f"{ref}\t{kind}\t{digest}\t1.0 MiB\tlinux/amd64\t-\t" for ref, digest in rows]
    lines = ctr_table("REF\tTYPE\tDIGEST\tSIZE\tPLATFORMS\tLABELS\t", cells)
    return "".join(f"{line}\n" for line in lines)


def digest_of(ref: str) -> str:
    """The digest of the image `example.com/a:1`: all a."""
    return f"sha256:{ref.rpartition('/')[2][0] * 64}"


def only(images_host: FakeCtr, *refs: str) -> None:
    """What `images ls` answers to filters for just these."""
    filters = [f"name=={ref}" for ref in refs]
    rows = [(ref, digest_of(ref)) for ref in refs]
    on(images_host, "ls", *filters, stdout=images(*rows))
    on(images_host, "ls", "-q", *filters, stdout="".join(f"{ref}\n" for ref in refs))


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
