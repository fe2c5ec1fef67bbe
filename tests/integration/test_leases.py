"""Leases on real containerds: what they keep, and what goes with them."""

import os
import subprocess  # noqa: TID251
from pathlib import Path

from scripts.lib import processes
from scripts.lib.images import Archive, files
from tests.support.running import LIMIT, Place
from tests.support.storage_lab import Lab


def test_leases_are_made_and_those_that_keep_nothing_go(lab: Lab) -> None:
    made = lab.run("leases", "create", "mine", "--expires", "2d")
    assert (made.returncode, made.stdout) == (0, "mine\n")
    named = lab.run("leases", "create", "team=a")
    assert lab.ctr("leases", "ls", "-q").split() == sorted(["mine", named.stdout.strip()])
    done = lab.run("leases", "rm", "mine", "mien")
    assert (done.returncode, done.stdout) == (3, "mine\n")
    assert "there is no lease mien" in done.stderr
    asked = lab.run("leases", "rm", named.stdout.strip())
    assert asked.returncode == 2
    assert "team=a" in asked.stderr
    forced = lab.run("leases", "rm", named.stdout.strip(), "--sync", "--yes")
    assert forced.returncode == 0
    assert lab.ctr("leases", "ls", "-q") == ""


def test_a_lease_that_an_import_lives_by_is_not_taken_from_it(lab: Lab) -> None:
    archive = Archive()
    archive.name(archive.manifest([files({"x": os.urandom(100_000)})]), "example.com/slow:1")
    data = archive.write(lab.folder / "slow.tar").read_bytes()
    cut = data.rindex(b"index.json")
    local = [] if lab.daemon.version.startswith("1.6") else ["--local"]
    words = [*lab.words(), "images", "import", *local, "--no-unpack", "-"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, env=lab.daemon.environment) as importing:
        assert importing.stdin is not None
        importing.stdin.write(data[:cut])  # the end is late
        importing.stdin.flush()
        layer = next(iter(archive.blobs))
        assert processes.until(lambda: layer in lab.blobs(), 20)
        (lease,) = lab.ctr("leases", "ls", "-q").split()
        asked = lab.run("leases", "rm", lease)
        assert asked.returncode == 2, asked.stderr
        _, _, kept = asked.stderr.partition("a lease protects this content: ")
        assert layer[:19] in kept
        blob = lab.run("content", "rm", layer)
        assert blob.returncode == 2
        assert (
            f"a lease may be the only thing that keeps it (ctr does not say which one): {lease}"
            in blob.stderr
        )
        importing.stdin.write(data[cut:])
    assert importing.returncode == 0
    assert "example.com/slow:1" in lab.ctr("images", "ls", "-q").split()


def test_an_import_that_is_ended_names_its_lease(place: Place, tmp_path: Path) -> None:
    archive = Archive()
    layer = files({"noise": os.urandom(100 << 20)})
    archive.name(archive.manifest([layer]), "docker.io/library/big:1")
    file = archive.write(tmp_path / "big.tar")
    ours = place.start("images", "import", str(file), stderr=subprocess.PIPE)
    assert processes.until(lambda: "gc.expire" in place.ctr("leases", "ls"), LIMIT)
    ours.terminate()
    _, said = ours.communicate(timeout=LIMIT)
    (lease,) = place.ctr("leases", "ls", "-q").split()
    assert f"`kuke-ctr leases rm {lease} --yes --namespace {place.namespace}`" in said.decode()
    assert place("leases", "rm", "--yes", lease).returncode == 0
