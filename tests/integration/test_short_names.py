"""Images by their digest, on real containerds."""

from pathlib import Path

import pytest

from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.processes import until
from tests.integration.conftest import BUSYBOX, OTHER
from tests.support.inside import Inside


@pytest.fixture
def any_containerd(containerd: PrivateContainerd) -> PrivateContainerd:
    """One version: which id or digest is meant is found out before ctr gets it."""
    return containerd


@pytest.fixture
def digest(any_containerd: PrivateContainerd, images: str) -> str:
    """The digest of busybox."""
    rows = any_containerd.ctr("images", "ls", f"name=={BUSYBOX}", namespace=images).stdout
    return rows.splitlines()[1].split()[2]


def names(daemon: PrivateContainerd, namespace: str) -> set[str]:
    return set(daemon.ctr("images", "ls", "-q", namespace=namespace).stdout.split())


def test_every_command_takes_a_digest(
    any_containerd: PrivateContainerd, images: str, digest: str, run: Inside, tmp_path: Path
) -> None:
    short, where = digest[7:19], ("--namespace", images)
    for text in (short, digest[:19], digest, f"docker.io/library/busybox@{digest}"):
        done = run("images", "inspect", text, "-o", "json", *where)
        assert (done.returncode, f'"ref": "{BUSYBOX}"' in done.stdout) == (0, True), done.stderr
        assert run("images", "ls", text, "-q", *where).stdout == f"{BUSYBOX}\n"
        assert run("images", "check", text, "-q", *where).stdout == f"{BUSYBOX}\n"
    assert run("images", "label", short, "a=1", *where).stdout == f"{BUSYBOX}\n"
    assert run("images", "tag", short, "new:1", *where).returncode == 0
    assert run("images", "rm", "new:1", *where).returncode == 0
    planned = run("images", "push", "r.example/a:1", short, "--dry-run", *where)
    assert planned.stdout.endswith(f" r.example/a:1 {BUSYBOX}\n")
    planned = run("images", "push", short, "--dry-run", *where)
    assert planned.stdout.endswith(f" {BUSYBOX}\n")
    archive = tmp_path / "out.tar"
    done = run("images", "export", str(archive), short, "-o", "json", *where)
    assert (done.returncode, BUSYBOX in done.stdout) == (0, True), done.stderr
    planned = run("images", "convert", short, "c:1", "--dry-run", *where)
    assert planned.stdout.endswith(f" {BUSYBOX} c:1\n")
    (tmp_path / "mnt").mkdir()
    planned = run("images", "mount", short, str(tmp_path / "mnt"), "--dry-run", *where)
    assert f" {BUSYBOX} " in planned.stdout
    assert run("run", "--rm", *where, short, "sh", "-c", "exit 5").returncode == 5
    assert run("containers", "create", *where, short, "made", "sh").returncode == 0
    assert BUSYBOX in any_containerd.ctr("containers", "ls", namespace=images).stdout


def test_rm_by_a_digest_removes_one_name_only(
    any_containerd: PrivateContainerd, images: str, digest: str, run: Inside
) -> None:
    where = ("--namespace", images)
    any_containerd.ctr("images", "tag", BUSYBOX, "second:1", namespace=images)
    for verb in (("rm",), ("label", "a=1")):
        words = ("images", verb[0], digest[7:19], *verb[1:], *where)
        refused = run(*words)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert f"2 names: {BUSYBOX}, second:1; nothing was changed" in refused.stderr
    assert f"images rm {BUSYBOX} second:1 --namespace {images}" in run(
        "images", "rm", digest, *where
    ).stderr.replace("'", "")
    assert names(any_containerd, images) == {BUSYBOX, OTHER, "second:1"}
    any_containerd.ctr("images", "rm", "second:1", namespace=images)
    done = run("images", "rm", digest[7:19], *where)
    assert (done.returncode, done.stdout) == (0, f"{BUSYBOX}\n")
    gone = run("images", "rm", digest[7:19], *where)
    assert (gone.returncode, "there is no image" in gone.stderr) == (3, True)


def test_the_front_of_an_id_names_a_container(
    any_containerd: PrivateContainerd, images: str, run: Inside
) -> None:
    where = ("--namespace", images)
    script = "trap 'exit 0' TERM; echo hello; while :; do sleep 0.1; done"
    name = any_containerd.run(BUSYBOX, "sh", "-c", script, namespace=images)
    front, ctr = name[:-2], any_containerd.ctr
    assert run("exec", *where, front, "sh", "-c", "exit 7").returncode == 7
    for words in (("tasks", "ps"), ("tasks", "metrics"), ("containers", "info")):
        done = run(*words, front, "-o", "json", *where)
        assert (done.returncode, name in done.stdout) == (0, True), done.stderr
    assert run("logs", front, *where).returncode == 5
    assert run("tasks", "pause", front, *where).stdout == f"{name}\n"
    assert run("tasks", "resume", front, *where).stdout == f"{name}\n"
    assert run("tasks", "kill", front, *where).returncode == 2
    assert run("tasks", "kill", front, "--yes", *where).stdout == f"{name}\n"
    assert until(lambda: "STOPPED" in ctr("tasks", "ls", namespace=images).stdout, seconds=20)
    done = run("attach", front, "--expect", "x", "--timeout", "1s", *where)
    assert f"{name}" in done.stderr
    assert run("tasks", "rm", "--force", front, "--yes", *where).stdout == f"{name}\n"
    assert run("tasks", "start", "-d", "--null-io", front, *where).stdout == f"{name}\n"
    assert run("tasks", "rm", "--force", name, *where).stdout == f"{name}\n"
    assert run("containers", "rm", front, "--yes", *where).stdout == f"{name}\n"
    assert run("containers", "rm", front, "--yes", *where).returncode == 3


def test_the_name_of_a_cell_names_its_container(
    any_containerd: PrivateContainerd, images: str, run: Inside
) -> None:
    cell, where = unique("cell"), ("--namespace", images)
    name = any_containerd.run(
        BUSYBOX, "sleep", "100", namespace=images, container=f"space_stack_{cell}_app"
    )
    for word in (cell, f"stack/{cell}/app"):
        done = run("exec", *where, word, "sh", "-c", "exit 7")
        assert (done.returncode, done.stderr) == (7, f"{word}: the container {name}\n")
    done = run("tasks", "ps", cell, "-o", "json", *where)
    assert (done.returncode, name in done.stdout) == (0, True), done.stderr
    done = run("tasks", "kill", cell, *where)
    assert (done.returncode, "only an id of that form" in done.stderr) == (2, True)
    any_containerd.ctr("tasks", "rm", "--force", name, namespace=images)
