"""`prune` on a real containerd: what it foretells is what then goes, and the rest stays."""

import json
from pathlib import Path

import pytest

from scripts.lib.containerd import PrivateContainerd, unique
from tests.support.runner import KukeCtr
from tests.support.storage_lab import REF, Lab


@pytest.fixture
def lab(containerd: PrivateContainerd, kuke_ctr: KukeCtr, tmp_path: Path) -> Lab:
    """On one containerd: the calls are those of other commands, which are tried on all."""
    return Lab(containerd, kuke_ctr, tmp_path)


def test_what_is_not_needed_goes_and_what_is_used_stays(lab: Lab) -> None:
    web = unique("prune-web")
    of = ("--snapshotter", lab.daemon.snapshotter)
    lab.ctr("containers", "create", *of, REF, web)
    lab.ctr("snapshots", *of, "prepare", "extra", lab.chain)
    lab.ctr("snapshots", *of, "commit", "stray", "extra")
    lab.ctr("snapshots", *of, "label", "stray", "containerd.io/gc.root=1")
    lab.ctr("leases", "create", "--id", "mine")
    before = lab.snapshots()

    planned = lab.run("prune", "--dry-run", "-o", "json")
    assert [row["name"] for row in json.loads(planned.stdout)] == ["stray"]
    assert lab.snapshots() == before
    done = lab.run("prune", "--yes")
    assert (done.returncode, done.stdout) == (0, "stray\n")
    assert "not included: 1 layer" in done.stderr
    assert before.keys() - lab.snapshots().keys() == {"stray"}

    lab.ctr("containers", "rm", web)
    lab.ctr("snapshots", *of, "label", lab.chain, "containerd.io/gc.root=1")
    kinds = ("--images", "--snapshots", "--leases", "--content")
    foretold = json.loads(lab.run("prune", *kinds, "--dry-run", "-o", "json").stdout)
    assert [(row["kind"], row["name"]) for row in foretold] == [("image", REF)]
    assert foretold[0]["freed_bytes"] > 500_000
    done = lab.run("prune", *kinds, "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == REF  # then what only the image has held
    assert lab.snapshots() == {}
    assert lab.blobs() == set()
    assert "mine" in lab.ctr("leases", "ls", "-q")
    assert REF in lab.ctr("images", "ls", "-q", namespace=lab.other)
