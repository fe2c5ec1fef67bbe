"""`df` on a real containerd: its sum is what the content store holds on the disk."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.lib import containerd as harness
from tests.support.runner import KukeCtr
from tests.support.storage_lab import REF, Lab


@pytest.fixture
def lab(programs_of: Callable[[str], Path], kuke_ctr: KukeCtr, tmp_path: Path) -> Iterator[Lab]:
    """On a containerd of its own: `df` lists all namespaces. The lists are the same everywhere."""
    with harness.temporary(programs_of("native")) as daemon:
        yield Lab(daemon, kuke_ctr, tmp_path)


def on_disk(lab: Lab) -> int:
    """The bytes of all blobs, as their files have them."""
    (store,) = (lab.daemon.base / "root").glob("*.content")
    files = (path for path in (store / "blobs").rglob("*") if path.is_file())
    return sum(Path(path).stat().st_size for path in files)


def disk(lab: Lab, *words: str) -> dict[str, dict[str, Any]]:
    done = lab.kuke_ctr("df", "-o", "json", *words)
    assert (done.returncode, done.stderr) == (0, "")
    return {one["namespace"]: one for one in json.loads(done.stdout)}


def test_the_shares_are_what_the_content_store_holds(lab: Lab) -> None:
    name = "df-web"
    flags = ("--snapshotter", lab.daemon.snapshotter)
    lab.ctr("containers", "create", *flags, REF, name)
    found = disk(lab)
    held = on_disk(lab)
    assert abs(sum(one["share_bytes"] for one in found.values()) - held) < held / 1000
    mine, other = found[lab.namespace], found[lab.other]
    assert mine["unique_bytes"] == other["unique_bytes"] == 0
    assert mine["shared_bytes"] == other["shared_bytes"] > 500_000
    assert mine["unpacked_bytes"] >= other["unpacked_bytes"] > 500_000
    assert mine["reclaimable_bytes"] == 0
    assert other["reclaimable_bytes"] == other["unpacked_bytes"]

    # what was foretold for the last holder of the image is what pruning then frees
    lab.ctr("images", "rm", "--sync", REF, namespace=lab.other)
    lab.ctr("containers", "rm", name)
    foretold = disk(lab, "-n", lab.namespace)[lab.namespace]["images_prune_bytes"]
    unpacked = disk(lab)[lab.namespace]["unpacked_bytes"]
    before = on_disk(lab)
    assert lab.run("images", "prune", "--all", "--yes").returncode == 0
    lab.collect()
    left = disk(lab).get(lab.namespace, {"unpacked_bytes": 0})["unpacked_bytes"]
    freed = before - on_disk(lab) + unpacked - left
    assert freed > 500_000
    assert abs(foretold - freed) < freed / 1000
