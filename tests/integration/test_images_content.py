"""`images check`, `usage`, `inspect` on real containerds, against the archive and raw ctr."""

import json
import os
import pty
import subprocess  # noqa: TID251
from pathlib import Path
from typing import Any

import pytest

from scripts.lib import odd_images
from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.images import Archive, busybox
from scripts.lib.odd_images import BROKEN, WHOLE
from tests.support.inside import Inside
from tests.support.runner import PROGRAM, KukeCtr
from tests.support.scripts import rest_of

BUSYBOX = "docker.io/library/busybox:1.36"


@pytest.fixture(scope="module")
def archives() -> dict[str, Archive]:
    """The whole images of each daemon's busybox."""
    return {}


@pytest.fixture(scope="module")
def realms() -> dict[str, str]:
    """Version -> a namespace with the whole images, which the tests only look at."""
    return {}


@pytest.fixture
def whole(
    any_containerd: PrivateContainerd,
    archives: dict[str, Archive],
    realms: dict[str, str],
    tmp_path: Path,
) -> tuple[Archive, str]:
    """The archive of the whole images, and the namespace that it is imported into."""
    version = any_containerd.version
    if version not in realms:
        archives[version] = odd_images.whole_images(any_containerd.programs / "busybox")
        realms[version] = unique("whole")
        path = archives[version].write(tmp_path / "images.tar")
        flags = ("--all-platforms", "--no-unpack")
        any_containerd.import_image(path, *flags, namespace=realms[version])
    return archives[version], realms[version]


def blob(archive: Archive, digest: str) -> Any:
    return json.loads(archive.blobs[digest])


def test_inspect_is_what_the_archive_holds(
    any_containerd: PrivateContainerd, whole: tuple[Archive, str], inside: Inside
) -> None:
    archive, namespace = whole
    words = ("images", "inspect", "--namespace", namespace, "-o", "json")
    done = inside.on(any_containerd)(*words, *WHOLE.values())
    assert (done.returncode, done.stderr) == (0, "")
    found = {one["ref"]: one for one in json.loads(done.stdout)}
    assert list(found) == list(WHOLE.values())
    for entry in archive.entries:
        annotations = entry["annotations"]
        assert isinstance(annotations, dict)
        image = found[annotations["io.containerd.image.name"]]
        assert image["digest"] == entry["digest"]
        everything = [image["target"]]
        digests = set()
        for node in everything:
            everything += node["manifests"]
            document = blob(archive, node["digest"])
            assert node["size_bytes"] == len(archive.blobs[node["digest"]])
            assert [layer["digest"] for layer in node["layers"]] == [
                layer["digest"] for layer in document.get("layers", [])
            ]
            configs = [node["config"]] if node["config"] else []
            for part in (*node["layers"], *configs):
                assert part["size_bytes"] == len(archive.blobs[part["digest"]])
                assert part["present"]
            digests |= {part["digest"] for part in (node, *node["layers"], *configs)}
        assert image["size_bytes"] == sum(len(archive.blobs[digest]) for digest in digests)
        assert (image["complete"], image["missing"], image["problems"]) == (True, [], [])


def test_a_check_agrees_with_ctrs_own_list_of_ready_images(
    any_containerd: PrivateContainerd, namespace: str, inside: Inside, tmp_path: Path
) -> None:
    namespace = f"kukeon-{namespace}"
    archive = Archive()
    archive.name(busybox(archive, any_containerd.programs / "busybox"), BUSYBOX, "example.com/o:1")
    any_containerd.import_image(archive.write(tmp_path / "i.tar"), namespace=namespace)
    missing = odd_images.import_broken(any_containerd, namespace)
    run = inside.on(any_containerd)
    raw = any_containerd.ctr("images", "check", "-q", namespace=namespace, check=False)
    done = run("images", "check", "-q", "--namespace", namespace)
    assert done.returncode == 5
    assert done.stdout == raw.stdout
    assert sorted(done.stdout.split()) == sorted([BUSYBOX, "example.com/o:1"])
    assert all(ref in done.stderr for ref in BROKEN.values())
    every = run("images", "check", "-A", "-o", "jsonl")
    rows = [json.loads(line) for line in every.stdout.splitlines()]
    assert every.returncode == 5
    mine = {row["ref"] for row in rows if row["realm"] == namespace.removeprefix("kukeon-")}
    assert mine == {BUSYBOX, "example.com/o:1", *BROKEN.values()}

    for name, reference in BROKEN.items():
        words = ("images", "inspect", reference, "--namespace", namespace, "-o", "json")
        told = run(*words)
        assert told.returncode == 5
        assert json.loads(told.stdout)["missing"] == [missing[name]]
        gone = any_containerd.ctr("content", "get", missing[name], namespace=namespace, check=False)
        assert gone.returncode != 0


def test_an_image_that_was_imported_for_this_host_alone_is_whole(
    any_containerd: PrivateContainerd, namespace: str, inside: Inside, tmp_path: Path
) -> None:
    archive = Archive()
    others = ("linux/arm64/v8", "linux/s390x")
    image = busybox(archive, any_containerd.programs / "busybox", others=others, attested=True)
    archive.name(image, BUSYBOX)
    any_containerd.import_image(archive.write(tmp_path / "i.tar"), namespace=namespace)
    run = inside.on(any_containerd)
    assert run("images", "check", "--namespace", namespace).returncode == 0
    done = run("images", "inspect", BUSYBOX, "--namespace", namespace)
    assert (done.returncode, done.stderr) == (0, "")
    assert sum("not pulled" in line for line in done.stdout.splitlines()) == 3


def test_usage_is_that_of_the_snapshots(
    any_containerd: PrivateContainerd, namespace: str, inside: Inside, tmp_path: Path
) -> None:
    archive = Archive()
    archive.name(busybox(archive, any_containerd.programs / "busybox"), BUSYBOX)
    any_containerd.import_image(archive.write(tmp_path / "i.tar"), namespace=namespace)
    run = inside.on(any_containerd)
    done = run("images", "usage", BUSYBOX, "--namespace", namespace, "-o", "json")
    if any_containerd.version.startswith("1.6"):
        assert done.returncode == 1
        assert "it needs ctr 1.7" in done.stderr
        return
    assert (done.returncode, done.stderr) == (0, "")
    (layer,) = json.loads(done.stdout)
    raw = any_containerd.ctr("snapshots", "usage", "-b", layer["key"], namespace=namespace)
    size, inodes = map(int, raw.stdout.split()[-2:])
    assert layer["inodes"] == inodes
    assert layer["size_bytes"] == pytest.approx(size, rel=0.05)
    gone = run("images", "usage", "nope", "--namespace", namespace)
    assert gone.returncode == 3
    assert BUSYBOX in gone.stderr


def test_a_terminal_gets_a_tree_with_nothing_in_it_to_obey(
    containerd: PrivateContainerd, namespace: str, kuke_ctr: KukeCtr, tmp_path: Path
) -> None:
    archive = Archive()
    labels = {"red": "\x1b[31mred"}
    archive.name(busybox(archive, containerd.programs / "busybox", labels=labels), BUSYBOX)
    containerd.import_image(archive.write(tmp_path / "i.tar"), namespace=namespace)
    ours, theirs = pty.openpty()
    words = [str(PROGRAM), "images", "inspect", BUSYBOX, "--namespace", namespace]
    environment = dict(kuke_ctr.on(containerd).environment)
    subprocess.run(words, stdout=theirs, env=environment, check=True, timeout=30)
    os.close(theirs)
    text = rest_of(ours).decode()
    os.close(ours)
    assert text.startswith(BUSYBOX)
    assert "└─ layer 1" in text
    assert "\x1b[31m" not in text
