"""Changes of images on real containerds, checked with raw ctr and in the file system."""

import json
from pathlib import Path

import pytest

from scripts.lib.containerd import PrivateContainerd
from scripts.lib.images import Archive, files
from scripts.lib.odd_images import import_broken
from scripts.lib.processes import mounts_below
from tests.integration.conftest import BUSYBOX, OTHER, SUITES
from tests.support.inside import Inside


def names(daemon: PrivateContainerd, namespace: str) -> list[str]:
    return sorted(daemon.ctr("images", "ls", "-q", namespace=namespace).stdout.split())


def target(daemon: PrivateContainerd, namespace: str, ref: str) -> str:
    row = daemon.ctr("images", "ls", f"name=={ref}", namespace=namespace).stdout.splitlines()[1]
    return row.split()[2]


def test_tags_are_made_and_never_taken_silently(
    any_containerd: PrivateContainerd, images: str, run: Inside
) -> None:
    where = ("--namespace", images)
    done = run("images", "tag", BUSYBOX, "new:1", "example.com/new:2", *where)
    assert (done.returncode, done.stdout) == (0, "new:1\nexample.com/new:2\n")
    assert names(any_containerd, images) == sorted([BUSYBOX, OTHER, "new:1", "example.com/new:2"])
    kept = target(any_containerd, images, OTHER)
    taken = run("images", "tag", BUSYBOX, OTHER, *where)
    assert (taken.returncode, taken.stdout) == (1, "")
    assert target(any_containerd, images, OTHER) == kept
    forced = run("images", "tag", "--force", BUSYBOX, OTHER, *where)
    assert (forced.returncode, forced.stdout) == (0, f"{OTHER}\n")
    assert target(any_containerd, images, OTHER) == target(any_containerd, images, BUSYBOX) != kept
    planned = run("images", "tag", BUSYBOX, "dry:1", "--dry-run", *where)
    assert planned.stdout.endswith(f"images tag {BUSYBOX} dry:1\n")
    assert "dry:1" not in names(any_containerd, images)


def test_a_2x_ctr_tags_on_a_16_daemon(
    containerd_16: PrivateContainerd,
    newest: Path,
    namespace: str,
    inside: Inside,
    tmp_path: Path,
) -> None:
    archive = Archive()
    archive.name(archive.manifest([files({"file": b"1"})]), OTHER)
    containerd_16.import_image(archive.write(tmp_path / "i.tar"), namespace=namespace)
    on = inside.on(containerd_16)
    where = ("--namespace", namespace, "--ctr", str(newest / "ctr"))
    done = on("images", "tag", OTHER, "new:1", "-x", *where)
    assert (done.returncode, done.stdout) == (0, "new:1\n")
    assert " images tag --local " in done.stderr
    assert names(containerd_16, namespace) == [OTHER, "new:1"]
    # and it reads what the old daemon has
    assert on("images", "inspect", "new:1", *where).returncode == 0
    assert on("images", "check", *where).returncode == 0
    raw = (str(newest / "ctr"), "-a", containerd_16.address, "-n", namespace)
    assert (
        "unknown service"
        in containerd_16._run(*raw, "images", "tag", OTHER, "new:2", check=False).stderr
    )


@pytest.fixture
def containerd_16(request: pytest.FixtureRequest) -> PrivateContainerd:
    """A 1.6 daemon."""
    daemon: PrivateContainerd = request.getfixturevalue("_daemons")("1.6")
    return daemon


@pytest.fixture
def newest(request: pytest.FixtureRequest) -> Path:
    """The folder of the newest ctr."""
    folder: Path = request.getfixturevalue("programs_of")(list(SUITES)[-1])
    return folder


def test_labels_are_set_removed_and_replaced(
    any_containerd: PrivateContainerd, images: str, run: Inside
) -> None:
    def labels() -> str:
        rows = any_containerd.ctr("images", "ls", f"name=={OTHER}", namespace=images).stdout
        return ",".join(rows.splitlines()[1].split()[6:])

    where = ("--namespace", images)
    assert run("images", "label", OTHER, "a=1", "b=x=y", *where).returncode == 0
    assert labels() == "a=1,b=x=y"
    assert run("images", "label", OTHER, "a=", "c=3", *where).returncode == 0
    assert labels() == "b=x=y,c=3"
    done = run("images", "label", OTHER, "only=this", "--replace-all", *where)
    assert (done.returncode, done.stdout) == (0, f"{OTHER}\n")
    assert labels() == "only=this"


def test_removing_reports_each_and_a_running_container_keeps_running(
    any_containerd: PrivateContainerd, images: str, run: Inside
) -> None:
    name = any_containerd.run(BUSYBOX, "sleep", "600", namespace=images)
    done = run("images", "rm", "--sync", OTHER, "nope", BUSYBOX, "--namespace", images)
    assert done.returncode == 3
    assert done.stdout == f"{OTHER}\n{BUSYBOX}\n"
    assert f"warning: {BUSYBOX} is still used by the container {name}" in done.stderr
    assert names(any_containerd, images) == []
    assert "RUNNING" in any_containerd.ctr("tasks", "ls", namespace=images).stdout
    # --sync: what only the image needed is gone by now
    blobs = any_containerd.ctr("content", "ls", "-q", namespace=images).stdout.split()
    assert blobs == []
    any_containerd.ctr("tasks", "rm", "--force", name, namespace=images)


def test_prune_removes_what_nothing_uses(
    any_containerd: PrivateContainerd, images: str, run: Inside
) -> None:
    any_containerd.ctr("containers", "create", BUSYBOX, "made", "sh", namespace=images)
    any_containerd.ctr("images", "tag", BUSYBOX, "second:1", namespace=images)
    where = ("--namespace", images)
    asked = run("images", "prune", "--all", *where)
    assert asked.returncode == 2
    planned = run("images", "prune", "--all", "--dry-run", *where)
    assert [line.split()[-1] for line in planned.stdout.splitlines()] == [OTHER]
    assert names(any_containerd, images) == sorted([BUSYBOX, OTHER, "second:1"])
    done = run("images", "prune", "--all", "--yes", *where)
    assert (done.returncode, done.stdout.split()) == (0, [OTHER])
    assert names(any_containerd, images) == sorted([BUSYBOX, "second:1"])
    again = run("images", "prune", "--all", "--yes", *where)
    assert (again.returncode, again.stdout) == (0, "")
    assert run("images", "rm", "--all", "--yes", *where).returncode == 0
    assert names(any_containerd, images) == []


def test_an_image_is_used_whatever_became_of_its_names(
    any_containerd: PrivateContainerd, images: str, run: Inside
) -> None:
    digest = target(any_containerd, images, BUSYBOX)
    aliases = [f"docker.io/library/busybox@{digest}", digest]
    for alias in aliases:
        any_containerd.ctr("images", "tag", BUSYBOX, alias, namespace=images)
    any_containerd.ctr("containers", "create", BUSYBOX, "made", "sh", namespace=images)
    where = ("--namespace", images)
    done = run("images", "prune", "--all", "--yes", *where)
    assert (done.returncode, done.stdout.split()) == (0, [OTHER])
    # the name that the container was created from is gone
    warned = run("images", "rm", BUSYBOX, *where)
    assert "still used by the container made" in warned.stderr
    assert run("images", "prune", "--all", "--yes", *where).stdout == ""
    assert names(any_containerd, images) == sorted(aliases)
    # and one without its digest is left: only the container's snapshot tells
    any_containerd.ctr("images", "tag", digest, "old:1", namespace=images)
    any_containerd.ctr("images", "rm", *aliases, namespace=images)
    assert run("images", "prune", "--all", "--yes", *where).stdout == ""
    warned = run("images", "rm", "old:1", *where)
    assert "warning: old:1 is still used by the container made" in warned.stderr


def test_an_image_is_mounted_read_written_and_unmounted(
    any_containerd: PrivateContainerd, images: str, run: Inside, tmp_path: Path
) -> None:
    (folder := any_containerd.base / f"mnt-{images}").mkdir()
    where = ("--namespace", images)
    done = run("images", "mount", OTHER, str(folder), *where)
    assert (done.returncode, done.stdout) == (0, f"{folder}\n"), done.stderr
    assert (folder / "file").read_text() == "hello\n"
    with pytest.raises(OSError, match="Read-only"):
        (folder / "new").touch()
    assert run("images", "mount", OTHER, str(folder), *where).returncode == 2
    assert run("images", "unmount", str(folder), *where).returncode == 0
    assert mounts_below(folder) == []
    # its snapshot stays, and is not mounted for another image
    taken = run("images", "mount", BUSYBOX, str(folder), *where)
    assert taken.returncode == 1
    assert mounts_below(folder) == []
    assert run("images", "mount", "--rw", OTHER, str(folder), *where).returncode == 1
    assert run("images", "unmount", "--rm", str(folder), *where).returncode == 0
    keys = any_containerd.ctr("snapshots", "ls", namespace=images).stdout
    assert str(folder) not in keys
    assert run("images", "mount", "--rw", BUSYBOX, str(folder), *where).returncode == 0
    (folder / "new").write_text("written")
    assert run("images", "unmount", "--rm", str(folder), *where).returncode == 0
    assert list(folder.iterdir()) == []
    assert run("images", "unmount", "--rm", str(folder), *where).returncode == 3


SLOW_CTR = """#!/bin/sh
case " $* " in
*" images mount "*)
    for target; do :; done
    {begun}
    exec sleep 60 ;;
esac
exec {ctr} "$@"
"""


@pytest.mark.parametrize("begun", ['{ctr} "$@"', "{ctr} -n {namespace} leases create --id $target"])
def test_a_mount_that_is_ended_leaves_nothing(
    any_containerd: PrivateContainerd, images: str, run: Inside, tmp_path: Path, begun: str
) -> None:
    ctr = any_containerd.programs / "ctr"
    program = tmp_path / "slow"
    program.write_text(SLOW_CTR.format(begun=begun.format(ctr=ctr, namespace=images), ctr=ctr))
    program.chmod(0o755)
    (folder := any_containerd.base / f"mnt-{images}").mkdir()
    words = ("images", "mount", OTHER, str(folder), "--namespace", images)
    done = run(*words, "--ctr", str(program), "--timeout", "3s")
    assert done.returncode == 124
    assert "the mount was undone" in done.stderr
    assert mounts_below(folder) == []
    for noun in ("snapshots", "leases"):
        assert str(folder) not in any_containerd.ctr(noun, "ls", namespace=images).stdout
    assert run(*words).returncode == 0
    assert run("images", "unmount", "--rm", *words[3:]).returncode == 0


def test_what_lacks_a_layer_cant_be_mounted_and_leaves_nothing(
    any_containerd: PrivateContainerd, namespace: str, run: Inside
) -> None:
    import_broken(any_containerd, namespace)
    (folder := any_containerd.base / f"mnt-{namespace}").mkdir()
    words = ("images", "mount", "example.com/no-layer:1", str(folder))
    done = run(*words, "--namespace", namespace)
    assert (done.returncode, done.stdout) == (5, "")
    assert "images inspect" in done.stderr
    assert mounts_below(folder) == []


def test_an_image_is_converted(any_containerd: PrivateContainerd, images: str, run: Inside) -> None:
    where = ("--namespace", images)
    done = run("images", "convert", "--uncompress", OTHER, "plain:1", *where)
    assert (done.returncode, done.stdout) == (0, "plain:1\n")
    digest = target(any_containerd, images, "plain:1")
    manifest = json.loads(any_containerd.ctr("content", "get", digest, namespace=images).stdout)
    assert [layer["mediaType"] for layer in manifest["layers"]] == [
        "application/vnd.oci.image.layer.v1.tar"
    ]
    told = run("images", "inspect", "plain:1", *where, "-o", "json")
    assert json.loads(told.stdout)["target"]["layers"][0]["compression"] == "none"
    assert run("images", "convert", BUSYBOX, "plain:1", *where).returncode == 1
    assert target(any_containerd, images, "plain:1") == digest
    assert run("images", "convert", "--force", BUSYBOX, "plain:1", *where).returncode == 0
    assert target(any_containerd, images, "plain:1") != digest
