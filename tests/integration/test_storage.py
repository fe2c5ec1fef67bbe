"""Content, snapshots and leases changed on real containerds; the results by ctr and the kernel."""

import json
import os
import subprocess  # noqa: TID251
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.images import Archive, Json
from tests.support.runner import KukeCtr
from tests.support.storage_lab import REF, Lab, unmount_below


@pytest.fixture
def native(containerd: PrivateContainerd, kuke_ctr: KukeCtr, tmp_path: Path) -> Iterator[Lab]:
    """On one version: for what does not depend on it."""
    yield Lab(containerd, kuke_ctr, tmp_path)
    unmount_below(tmp_path)


def mount_options(target: Path) -> list[str] | None:
    """The options of what is mounted there, by the kernel; None where nothing is."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[4] == str(target):
            return fields[5].split(",")
    return None


def test_content_of_images_is_kept_until_yes_and_the_other_namespace_keeps_its_own(
    lab: Lab,
) -> None:
    asked = lab.run("content", "rm", lab.layer)
    assert (asked.returncode, asked.stdout) == (2, "")
    assert f"the image {REF} in namespace {lab.namespace};" in asked.stderr
    assert f"the image {REF} in namespace {lab.other} (that image is not affected" in asked.stderr
    assert lab.layer in lab.blobs()

    done = lab.run("content", "rm", lab.layer[7:20], "--yes")
    assert (done.returncode, done.stdout) == (0, f"{lab.layer}\n")
    lab.collect()
    assert lab.layer not in lab.blobs()
    assert "incomplete" in lab.ctr("images", "check")
    assert "incomplete" not in lab.ctr("images", "check", namespace=lab.other)
    words = [*lab.words(lab.other), "content", "get", lab.layer]
    got = subprocess.run(words, capture_output=True, check=True).stdout
    assert got == lab.archive.blobs[lab.layer]
    again = lab.run("content", "rm", lab.layer, "-y")
    assert (again.returncode, again.stdout) == (3, "")
    assert "there is no content" in again.stderr


def test_content_comes_in_by_file_and_pipe_and_stays_only_where_it_is_kept(lab: Lab) -> None:
    file = lab.folder / "blob"
    file.write_bytes(os.urandom(300_000))
    told = subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout
    digest = f"sha256:{told.split()[0]}"
    kept = lab.run("content", "ingest", "one", str(file), "--keep")
    assert (kept.returncode, kept.stdout, kept.stderr) == (0, f"{digest}\n", "")
    piped = lab.run("content", "ingest", "two", stdin="hello")
    hello = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert (piped.returncode, piped.stdout) == (0, f"{hello}\n")
    assert digest in lab.blobs()  # the other one may be collected at any time
    lab.collect()
    assert lab.blobs() & {digest, hello} == {digest}
    marked = lab.run("content", "label", digest[7:17], "note=a b, c")
    assert (marked.returncode, marked.stdout) == (0, f"{digest}\n")
    assert digest in lab.ctr("content", "ls", "-q", 'labels.note=="a b, c"')
    removed = lab.run("content", "rm", digest)
    assert (removed.returncode, removed.stdout) == (0, f"{digest}\n")
    assert digest not in lab.blobs()


def test_content_that_is_wrong_or_missing_is_said(native: Lab) -> None:
    file = native.folder / "blob"
    file.write_bytes(b"hello")
    other = f"sha256:{'0' * 64}"
    before = native.blobs()
    wrong = native.run("content", "ingest", "key", str(file), "--expected-digest", other)
    assert wrong.returncode == 1
    assert "unexpected commit digest" in wrong.stderr
    assert "key" in native.ctr("content", "active")
    assert native.blobs() == before
    gone = native.run("content", "label", other, "a=b")
    assert (gone.returncode, gone.stdout) == (3, "")


def test_prune_gives_up_the_layers_it_named(lab: Lab) -> None:
    asked = lab.run("content", "prune")
    assert asked.returncode == 2
    assert f"1 image will be incomplete: {REF}" in asked.stderr
    assert lab.layer in lab.blobs()
    done = lab.run("content", "prune", "--yes")
    assert (done.returncode, done.stdout) == (0, f"{lab.layer}\n")
    assert lab.layer not in lab.blobs()
    assert lab.layer in lab.blobs(lab.other)
    assert lab.chain in lab.snapshots()


class Registry(BaseHTTPRequestHandler):
    """An image over plain HTTP, for anybody."""

    def __init__(self, archive: Archive, image: Json, *more: object) -> None:
        self.archive, self.image = archive, image
        super().__init__(*more)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        *_, kind, name = self.path.split("?")[0].split("/")
        digest = str(self.image["digest"]) if kind == "manifests" else name
        body = self.archive.blobs.get(digest)
        known = body is not None and name not in ("nothing",)
        self.send_response(200 if known else 404)
        if body is not None and known:
            media = str(self.image["mediaType"]) if kind == "manifests" else "application/x"
            self.send_header("Content-Type", media)
            self.send_header("Docker-Content-Digest", digest)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body if body is not None and known else b"")

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def registry(archive: Archive, image: Json) -> Iterator[str]:
    """A registry on the loopback; gives its host and port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Registry, archive, image)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_fetched_image_is_there_and_not_unpacked(lab: Lab) -> None:
    archive = Archive()
    image = archive.manifest([os.urandom(2000)])
    with registry(archive, image) as host:
        ref = f"{host}/team/app:1"
        done = lab.run("content", "fetch", ref, "--plain-http")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{ref}\n", "")
    assert set(archive.blobs) <= lab.blobs()
    assert ref in lab.ctr("images", "ls", "-q").split()
    assert list(lab.snapshots().values()) == ["Committed"]


def test_a_fetch_that_fails_says_why(native: Lab) -> None:
    archive = Archive()
    with registry(archive, archive.manifest([b""])) as host:
        missing = native.run("content", "fetch", f"{host}/team/app:nothing", "--plain-http")
    assert (missing.returncode, missing.stdout) == (3, "")
    down = native.run("content", "fetch", f"{host}/team/app:1", "--plain-http")
    assert (down.returncode, down.stdout) == (1, "")
    assert "connection refused" in down.stderr


def test_snapshots_are_prepared_committed_labelled_and_viewed(lab: Lab) -> None:
    assert lab.run("snapshots", "prepare", "work", lab.chain).stdout == "work\n"
    assert (lab.snapshot("work")["Kind"], lab.snapshot("work")["Parent"]) == ("Active", lab.chain)
    marked = lab.run("snapshots", "label", "work", "note=a, b")
    assert (marked.returncode, marked.stdout) == (0, "work\n")
    assert dict(lab.snapshot("work")["Labels"])["note"] == "a, b"  # type: ignore[call-overload]
    chain = lab.chain
    done = lab.run("snapshots", "commit", "done", "work")
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert lab.snapshots() == {chain: "Committed", "done": "Committed"}
    assert lab.run("snapshots", "view", "look", "done").stdout == "look\n"
    lab.ctr("snapshots", "view", "raw", "done")
    lab.collect()
    assert set(lab.snapshots()) == {chain, "done", "look"}  # ctr's own view is gone


def test_snapshots_show_their_mounts_and_a_label_goes(native: Lab) -> None:
    native.ctr("snapshots", "prepare", "work", native.chain)
    native.run("snapshots", "label", "work", "note=a")
    assert native.run("snapshots", "label", "work", "note=").returncode == 0
    assert "note" not in dict(native.snapshot("work")["Labels"])  # type: ignore[call-overload]
    listed = native.run("snapshots", "view", "again", native.chain, "--mounts")
    assert isinstance(json.loads(listed.stdout), list)
    told = native.run("snapshots", "prepare", "third", native.chain, "--target", "/mnt/there")
    assert told.stdout.startswith("mount -t ")
    assert " /mnt/there " in told.stdout
    missing = native.run("snapshots", "prepare", "fourth", "wrk")
    assert missing.returncode == 3
    assert "hint: the realm has: work" in missing.stderr


def test_a_snapshot_is_mounted_and_in_use_until_it_is_not(lab: Lab) -> None:
    target = lab.folder / "target"
    target.mkdir()
    lab.ctr("snapshots", "prepare", "work", lab.chain)
    done = lab.run("snapshots", "mount", "work", str(target))
    assert (done.returncode, done.stdout) == (0, f"{target}\n")
    assert f"umount {target}" in done.stderr
    assert "rw" in (mount_options(target) or [])
    assert (target / "bin/busybox").stat().st_size == (
        lab.daemon.programs / "busybox"
    ).stat().st_size
    (target / "new").write_text("written")

    asked = lab.run("snapshots", "rm", "work")
    assert asked.returncode == 2
    assert f"it is mounted on {target}" in asked.stderr
    assert "work" in lab.snapshots()

    subprocess.run(["umount", target], check=True)
    assert lab.run("snapshots", "rm", "work").stdout == "work\n"
    assert "work" not in lab.snapshots()


def test_a_snapshot_is_mounted_once_and_read_only_where_asked(native: Lab) -> None:
    lab, target = native, native.folder / "target"
    target.mkdir()
    lab.ctr("snapshots", "prepare", "work", lab.chain)
    planned = lab.run("snapshots", "mount", "work", str(target), "--dry-run")
    assert planned.stdout.startswith("mount -t ")
    assert mount_options(target) is None
    lab.run("snapshots", "mount", "work", str(target))
    (target / "new").write_text("written")
    twice = lab.run("snapshots", "mount", "work", str(target))
    assert (twice.returncode, "something is already mounted" in twice.stderr) == (2, True)
    other = lab.folder / "other"
    other.mkdir()
    second = lab.run("snapshots", "mount", "work", str(other))
    assert second.returncode == 2
    assert f"it is mounted on {target}" in second.stderr
    subprocess.run(["umount", target], check=True)
    looked = lab.run("snapshots", "mount", "work", str(target), "--read-only")
    assert looked.returncode == 0, looked.stderr
    assert (target / "new").read_text() == "written"
    assert os.statvfs(target).f_flag & os.ST_RDONLY


def test_a_view_is_mounted_read_only_and_a_committed_one_says_how(lab: Lab) -> None:
    target = lab.folder / "target"
    target.mkdir()
    refused = lab.run("snapshots", "mount", lab.chain, str(target))
    assert refused.returncode == 1
    assert "create a view first" in refused.stderr
    made = lab.run("snapshots", "view", "look", lab.chain)
    assert made.returncode == 0, made.stderr
    done = lab.run("snapshots", "mount", "look", str(target))
    assert done.returncode == 0, done.stderr
    assert "ro" in (mount_options(target) or [])
    assert (target / "bin/sh").is_symlink()
    with pytest.raises(OSError, match="Read-only"):
        (target / "new").write_text("x")


def test_a_snapshot_that_is_used_names_its_user(lab: Lab) -> None:
    name = unique("web")
    flags = ("--snapshotter", lab.daemon.snapshotter)
    lab.daemon.run(REF, "sleep", "1000", namespace=lab.namespace, container=name, flags=flags)
    try:
        chain = lab.chain
        asked = lab.run("snapshots", "rm", name)
        assert (asked.returncode, asked.stdout) == (2, "")
        assert f"it has the files of the container {name}" in asked.stderr
        below = lab.run("snapshots", "rm", chain)
        assert below.returncode == 2
        assert f"the image {REF}" in below.stderr
        assert f"the snapshot {name} is on top of it" in below.stderr
        forced = lab.run("snapshots", "rm", chain, "--yes")
        assert forced.returncode == 1
        assert "hint: `kuke-ctr snapshots tree --namespace " in forced.stderr
        assert set(lab.snapshots()) == {chain, name}
    finally:
        lab.ctr("tasks", "rm", "--force", name)
    lab.ctr("containers", "rm", name)
    lab.ctr("snapshots", "prepare", "mine", chain)
    both = lab.run("snapshots", "rm", chain, "mine", "--yes")
    assert (both.returncode, both.stdout) == (0, f"mine\n{chain}\n")
    assert lab.snapshots() == {}
