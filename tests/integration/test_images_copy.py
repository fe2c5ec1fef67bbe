"""An image in another namespace without moving its bytes, on real containerds."""

import hashlib
import os
import signal
import subprocess  # noqa: TID251 (kuke-ctr is interrupted, and its lines run in a shell)
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kuke_ctr.processes.identity import identity
from scripts.lib import containerd as harness
from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.images import Archive, busybox, busybox_layer, files
from tests.support.runner import PROGRAM, KukeCtr

WHOLE, PARTIAL, PLAIN = (f"docker.io/library/{name}:1" for name in ("whole", "partial", "plain"))


class Isolated(PrivateContainerd):
    """A daemon that lets no namespace use the blobs of another one."""

    def _configuration(self) -> str:
        return (
            super()._configuration() + '[plugins."io.containerd.metadata.v1.bolt"]\n'
            'content_sharing_policy = "isolated"\n'
        )


def provide(daemon: PrivateContainerd, folder: Path) -> str:
    """A namespace with an image of several platforms, one of which parts are missing, and a plain
    one that has an empty layer, and one layer twice."""
    source = unique("source")
    local = () if daemon.version.startswith("1.6") else ("--local",)
    archive = Archive()
    others = ("linux/arm64/v8", "linux/s390x")
    archive.name(busybox(archive, daemon.programs / "busybox", others=others, attested=True), WHOLE)
    layers = [busybox_layer(daemon.programs / "busybox"), files({"more": b"1" * 100_000}), b""]
    archive.name(archive.manifest([*layers, layers[1]]), PLAIN)
    file = archive.write(folder / "whole.tar")
    words = ("--no-unpack", *local)
    daemon.import_image(file, "--all-platforms", *words, namespace=source)
    part = Archive()
    host = part.manifest([layers[0]])
    foreign = [part.manifest([files({"p": name.encode()})], runs_on=name) for name in others]
    part.name(part.index([host, *foreign]), PARTIAL)
    gone = {foreign[0]["digest"], foreign[1]["digest"]}
    file = part.write(folder / "part.tar", leave_out=gone)
    own = Archive().manifest([b""])["platform"]
    assert isinstance(own, dict)
    platform = f"{own['os']}/{own['architecture']}"
    daemon.import_image(file, "--platform", platform, *words, namespace=source)
    return source


@pytest.fixture(scope="module")
def provided(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[PrivateContainerd], str]:
    """The source namespace of a daemon, made once."""
    known: dict[str, str] = {}

    def of(daemon: PrivateContainerd) -> str:
        if daemon.address not in known:
            known[daemon.address] = provide(daemon, tmp_path_factory.mktemp("archives"))
        return known[daemon.address]

    return of


class Target:
    """An empty namespace that copies go to, and what is in it."""

    def __init__(self, daemon: PrivateContainerd, kuke_ctr: KukeCtr, source: str) -> None:
        self.daemon = daemon
        self.source = source
        self.name = unique("target")
        self.kuke_ctr = kuke_ctr.on(daemon)

    def words(self, ref: str, *more: str) -> list[str]:
        place = ("--from-namespace", self.source, "--to-namespace", self.name)
        return ["images", "copy", ref, *place, *more]

    def copy(self, ref: str, *more: str) -> subprocess.CompletedProcess[str]:
        return self.kuke_ctr(*self.words(ref, *more))

    def ctr(self, *words: str) -> str:
        return self.daemon.ctr(*words, namespace=self.name, check=False).stdout

    def digests(self) -> set[str]:
        return set(self.ctr("content", "ls", "-q").split())

    def collect(self) -> None:
        """Let containerd collect what nothing refers to: a lease that goes, and --sync waits."""
        lease = self.ctr("leases", "create").split()[-1]
        self.ctr("leases", "rm", "--sync", lease)

    def is_clean(self) -> bool:
        """Whether no ingest, no pin and no lease are left."""
        active = self.ctr("content", "active").splitlines()[1:]
        leases = self.ctr("leases", "ls", "-q").split()
        return not (active or leases or "kuke-ctr.io/copy=" in self.ctr("content", "ls"))

    def complete(self, ref: str) -> bool:
        return "complete (" in self.ctr("images", "check", f"name=={ref}").replace("incomplete", "")


@pytest.fixture
def any_target(
    any_containerd: PrivateContainerd,
    provided: Callable[[PrivateContainerd], str],
    kuke_ctr: KukeCtr,
) -> Target:
    return Target(any_containerd, kuke_ctr, provided(any_containerd))


@pytest.fixture
def target(
    containerd: PrivateContainerd, provided: Callable[[PrivateContainerd], str], kuke_ctr: KukeCtr
) -> Target:
    return Target(containerd, kuke_ctr, provided(containerd))


@pytest.fixture(scope="module")
def isolated(programs_of: Callable[[str], Path]) -> Iterator[PrivateContainerd]:
    folder = programs_of("native")
    with harness.temporary(folder) as plain:
        plain.stop()
        plain.base.mkdir()
        with Isolated(folder, plain.base) as daemon:
            yield daemon


def test_all_of_an_image_is_there_and_stays(any_target: Target) -> None:
    for ref in (WHOLE, PLAIN):
        done = any_target.copy(ref, "--no-fallback", "-q")
        assert (done.returncode, done.stdout) == (0, f"{ref}\n"), done.stderr
    done = any_target.copy(PARTIAL, "--no-fallback", "--as", "registry.example/new:1", "-q")
    assert (done.returncode, done.stdout) == (0, "registry.example/new:1\n"), done.stderr
    assert "is copied; there is no content for linux/arm64/v8, linux/s390x" in done.stderr
    any_target.collect()
    source = any_target.daemon.ctr("content", "ls", "-q", namespace=any_target.source)
    has = any_target.digests()
    # what an import had brought with it and nothing refers to is not copied
    assert has <= set(source.stdout.split()) and len(has) > 15
    for ref in (WHOLE, PLAIN, "registry.example/new:1"):
        assert any_target.complete(ref)
    assert any_target.is_clean()
    again = any_target.copy(WHOLE)
    assert again.returncode == 0 and "already; nothing was copied" in again.stderr
    exported = any_target.daemon.base / "exported.tar"
    local = () if any_target.daemon.version.startswith("1") else ("--local",)
    any_target.ctr("images", "export", *local, "--all-platforms", str(exported), WHOLE)
    assert exported.stat().st_size > 900_000
    exported.unlink()


def test_to_another_host_only_what_is_not_there_is_sent(any_target: Target) -> None:
    afar = ("--to-host", "local", "--no-fallback", "-q")  # another host that is this one
    done = any_target.copy(PLAIN, *afar)
    assert (done.returncode, done.stdout) == (0, f"{PLAIN}\n"), done.stderr
    assert "there already" not in done.stderr
    done = any_target.copy(PARTIAL, *afar)
    assert (done.returncode, done.stdout) == (0, f"{PARTIAL}\n"), done.stderr
    assert "are there already" in done.stderr  # the layer of busybox
    any_target.collect()
    assert any_target.complete(PLAIN) and any_target.complete(PARTIAL)
    assert any_target.is_clean()
    again = any_target.copy(PLAIN, *afar)
    assert again.returncode == 0 and "already; nothing was copied" in again.stderr


def test_some_platforms_stay_after_a_collection_beside_those_that_were_there(
    target: Target,
) -> None:
    assert target.copy(WHOLE, "--platform", "linux/s390x", "--no-fallback").returncode == 0
    target.collect()
    few = target.digests()
    assert len(few) == 4
    assert target.copy(WHOLE, "--platform", "arm64", "--no-fallback").returncode == 0
    target.collect()
    assert target.digests() > few and len(target.digests()) == 7
    assert target.is_clean()


def test_what_was_copied_runs(target: Target) -> None:
    assert target.copy(PLAIN).returncode == 0
    flags = target.daemon.own_flags(target.name, "c")
    name = unique("c")
    words = ("run", "--rm", *flags, PLAIN, name, "echo", "hello")
    assert target.ctr(*words) == "hello\n"


def test_the_lines_of_a_dry_run_do_the_same_in_a_shell(target: Target, tmp_path: Path) -> None:
    target.ctr("namespaces", "create", target.name)
    planned = target.copy(PARTIAL, "--dry-run")
    assert planned.returncode == 0 and target.digests() == set()
    path = f"{target.daemon.programs}:{os.environ['PATH']}"
    environment = {**target.kuke_ctr.environment, "PATH": path}
    script = f"set -e\n{planned.stdout}"
    subprocess.run(["sh", "-c", script], check=True, env=environment, cwd=tmp_path, timeout=60)
    assert target.complete(PARTIAL) and target.is_clean()


def test_an_interrupted_copy_leaves_nothing_half_made(target: Target) -> None:
    begin = time.monotonic()
    assert target.copy(WHOLE).returncode == 0
    whole = time.monotonic() - begin
    moments = {0.5: signal.SIGINT, 0.6: signal.SIGTERM, 0.7: signal.SIGINT, 0.8: signal.SIGTERM}
    for part, number in moments.items():
        once = Target(target.daemon, target.kuke_ctr, target.source)
        child = subprocess.Popen(
            [PROGRAM, *once.words(WHOLE)],
            env=once.kuke_ctr.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(whole * part)
        child.send_signal(number)
        child.wait(timeout=30)
        once.collect()
        assert once.is_clean()
        has_image = once.ctr("images", "ls", "-q").split() == [WHOLE]
        assert once.complete(WHOLE) if has_image else once.digests() == set()


def test_what_a_killed_copy_left_is_removed_by_the_next_one(target: Target) -> None:
    place, number, started = identity().split("-")
    digest = f"sha256:{hashlib.sha256(b'left behind').hexdigest()}"
    mark = f"kuke-ctr.io/copy={place}-{number}-{int(started) + 1}"
    labels = (digest, "containerd.io/gc.root=x", mark)
    while digest not in target.ctr("content", "ls", f'labels."{mark.partition("=")[0]}"'):
        # a collection may be quicker than the label
        target.daemon.ctr("content", "ingest", "p", namespace=target.name, stdin="left behind")
        target.ctr("content", "label", *labels)
    done = target.copy(PLAIN)
    assert done.returncode == 0
    assert "had been killed; what it left was removed" in done.stderr
    assert digest not in target.digests() and target.is_clean()


def test_two_at_once_and_a_collection_are_in_nobodys_way(target: Target) -> None:
    words = [target.words(WHOLE, "--no-fallback"), target.words(WHOLE, "--as", "x.example/y:1")]
    children = [
        subprocess.Popen(
            [PROGRAM, *one], env=target.kuke_ctr.environment, stdout=subprocess.DEVNULL
        )
        for one in words
    ]
    other = Target(target.daemon, target.kuke_ctr, target.source)
    while any(child.poll() is None for child in children):
        other.collect()
    assert [child.returncode for child in children] == [0, 0]
    target.collect()
    assert target.complete(WHOLE) and target.complete("x.example/y:1")
    assert target.is_clean()


def test_where_nothing_is_shared_an_archive_does_it(
    isolated: PrivateContainerd, provided: Callable[[PrivateContainerd], str], kuke_ctr: KukeCtr
) -> None:
    target = Target(isolated, kuke_ctr, provided(isolated))
    refused = target.copy(WHOLE, "--no-fallback")
    assert refused.returncode == 1
    assert "is its content_sharing_policy `isolated`?" in refused.stderr
    target.collect()
    assert target.is_clean() and target.digests() == set()
    done = target.copy(WHOLE, "-q")
    assert (done.returncode, done.stdout) == (0, f"{WHOLE}\n"), done.stderr
    assert "the image is copied by an archive instead\n" in done.stderr
    done = target.copy(PARTIAL, "--as", "registry.example/new:1", "-q")
    assert (done.returncode, done.stdout) == (0, "registry.example/new:1\n"), done.stderr
    assert target.complete(WHOLE) and target.complete("registry.example/new:1")
    assert sorted(target.ctr("images", "ls", "-q").split()) == [WHOLE, "registry.example/new:1"]
    assert target.is_clean()


def test_a_move_asks_where_the_image_is_used_and_removes_the_source(target: Target) -> None:
    first = Target(target.daemon, target.kuke_ctr, target.source)
    assert first.copy(PLAIN).returncode == 0
    target.source = first.name
    container = unique("c")
    first.daemon.ctr("containers", "create", PLAIN, container, namespace=first.name)
    asked = target.copy(PLAIN, "--move")
    assert asked.returncode == 2 and f"is used by the container {container}" in asked.stderr
    assert target.digests() == set()
    first.ctr("containers", "rm", container)
    first.ctr("images", "label", PLAIN, "owner=ops team", "io.cri-x=1")
    done = target.copy(PLAIN, "--move", "-q")
    assert (done.returncode, done.stdout) == (0, f"{PLAIN}\n"), done.stderr
    assert first.ctr("images", "ls", "-q") == "" and target.complete(PLAIN)
    assert target.ctr("images", "ls").split("\n")[1].rstrip().endswith(" owner=ops team")


def test_a_forced_name_means_the_old_image_again_after_a_failure(
    target: Target, tmp_path: Path
) -> None:
    name = "registry.example/new:1"
    assert target.copy(PARTIAL, "--as", name, "-q").returncode == 0
    before = target.ctr("images", "ls")
    ctr = tmp_path / "ctr"
    real = target.daemon.programs / "ctr"
    ctr.write_text(f'#!/bin/sh\ncase "$*" in *"images check"*) exit 1;; esac\nexec {real} "$@"\n')
    ctr.chmod(0o755)
    target.kuke_ctr = target.kuke_ctr.set(KUKE_CTR_BIN=str(ctr))
    assert target.copy(PLAIN, "--as", name, "--force", "--no-fallback").returncode == 1
    target.collect()
    assert target.ctr("images", "ls") == before
    assert target.complete(name) and target.is_clean()
