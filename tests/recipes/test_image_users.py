"""Who uses an image: by any name, by its digest, by the snapshot of a container."""

import json
from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import Unreadable
from kuke_ctr.kukeon.named_images import NamedImage
from kuke_ctr.recipes.image_users import users_of_images
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.fake_ctr import FakeCtr
from tests.support.storage_host import CHAIN, CONFIG, MAIN, MANIFEST, REFERENCES, fill, snapshots

INDEX, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
LABELS = {
    INDEX: f"containerd.io/gc.ref.content.m.0={MANIFEST}",
    MANIFEST: REFERENCES,
    CONFIG: f"containerd.io/gc.ref.snapshot.overlayfs={CHAIN}",
    OTHER: "-",
}
A, ALIAS, OF_INDEX, B = (
    "r.example/a:1",
    f"r.example/a@{MANIFEST}",
    "r.example/all:1",
    "r.example/b:1",
)
IMAGES = ((A, MANIFEST), (ALIAS, MANIFEST), (OF_INDEX, INDEX), (B, OTHER))
NAMES = [ref for ref, _ in IMAGES]


def host(
    fake: FakeCtr, image: str, *, stands_on: str = "", snapshotter: str = "overlayfs"
) -> Scope:
    """A namespace with four images, and a container `web` from this image."""
    fill(fake, "kukeon-main", refs=IMAGES, content=LABELS)
    table = "CONTAINER    IMAGE    RUNTIME\n".replace("IMAGE", f"{'IMAGE':<{len(image)}}")
    row = f"web          {image}    io.containerd.runc.v2\n"
    fake.answer(*MAIN, "containers", "ls", stdout=table + row if image else "")
    fake.answer(*MAIN, "containers", "ls", "-q", stdout="web\n")
    info = {"ID": "web", "Image": image, "SnapshotKey": "web", "Snapshotter": snapshotter}
    fake.answer(*MAIN, "containers", "info", "web", stdout=json.dumps(info))
    rows = [("web", stands_on, "Active"), (CHAIN, "", "Committed")]
    listed = ("snapshots", "--snapshotter", "overlayfs", "ls")
    fake.answer(*MAIN, *listed, stdout=snapshots(*rows))
    return Scope(Session(SharedOptions(), note).ctr, "kukeon-main")


@pytest.mark.parametrize(
    "image", [A, ALIAS, OF_INDEX, MANIFEST, f"gone.example/x@{MANIFEST}", CONFIG]
)
def test_an_image_is_used_by_any_name_and_by_its_digest(fake_ctr: FakeCtr, image: str) -> None:
    users = users_of_images(host(fake_ctr, image), [], NAMES)
    assert sorted(users) == sorted([A, ALIAS, OF_INDEX])
    assert {user.name for found in users.values() for user in found} == {"web"}


def test_the_snapshot_tells_the_image_where_the_name_does_not(fake_ctr: FakeCtr) -> None:
    """The name has become another image's since the container was created."""
    users = users_of_images(host(fake_ctr, B, stands_on=CHAIN), [], NAMES)
    assert sorted(users) == sorted(NAMES)
    users = users_of_images(host(fake_ctr, "gone:1", stands_on=CHAIN), [], NAMES)
    assert sorted(users) == sorted([A, ALIAS, OF_INDEX])


def test_a_snapshotter_that_is_not_loaded_hinders_nobody(fake_ctr: FakeCtr) -> None:
    scope = host(fake_ctr, B, snapshotter="zfs")
    said = "ctr: snapshotter not loaded: zfs: invalid argument\n"
    fake_ctr.answer(*MAIN, "snapshots", "--snapshotter", "zfs", "ls", stderr=said, exit_code=1)
    assert list(users_of_images(scope, [], NAMES)) == [B]


def test_a_record_of_kukeon_uses_an_image_too(fake_ctr: FakeCtr) -> None:
    record = NamedImage(B, Path("/opt/kukeon/data/main/s/t/c/metadata.json"))
    users = users_of_images(host(fake_ctr, ""), [record], NAMES)
    assert [(ref, user.kind) for ref, found in users.items() for user in found] == [(B, "record")]


def test_what_cant_be_read_is_not_unused(fake_ctr: FakeCtr) -> None:
    scope = host(fake_ctr, A)
    fake_ctr.answer(*MAIN, "content", "ls", stderr="ctr: no\n", exit_code=1)
    with pytest.raises(Unreadable, match="could not be read completely"):
        users_of_images(scope, [], NAMES)
