"""Unused snapshots on real containerds: what counts as one, and that nothing else is removed."""

import json
import subprocess  # noqa: TID251

from scripts.lib.containerd import unique
from tests.support.storage_lab import REF, Lab


def test_only_what_nobody_uses_is_pruned(lab: Lab) -> None:
    name, target, chain = unique("web"), lab.folder / "target", lab.chain
    target.mkdir()
    flags = ("--snapshotter", lab.daemon.snapshotter)
    lab.daemon.run(REF, "sleep", "1000", namespace=lab.namespace, container=name, flags=flags)
    try:
        assert lab.run("images", "mount", *flags, REF, str(target)).returncode == 0
        lab.ctr("snapshots", "prepare", "tmp", chain)
        lab.ctr("snapshots", "commit", "orphan", "tmp")
        lab.ctr("snapshots", "prepare", "tmp", "orphan")
        lab.ctr("snapshots", "commit", "top", "tmp")
        lab.ctr("snapshots", "prepare", "young", chain)
        kept = {*lab.snapshots()} - {"orphan", "top"}

        listed = lab.run("snapshots", "ls", "--unused", "-q")
        assert set(listed.stdout.split()) == {"orphan", "top"}
        assert "younger than an hour" in listed.stderr
        asked = lab.run("snapshots", "prune")
        assert (asked.returncode, asked.stdout) == (2, "")
        done = lab.run("snapshots", "prune", "--yes")
        assert (done.returncode, done.stdout) == (0, "top\norphan\n"), done.stderr
        lab.collect()
        assert {*lab.snapshots()} == kept

        users = json.loads(lab.run("snapshots", "info", str(target)).stdout)["UsedBy"]
        assert {user["Kind"] for user in users} == {"lease", "mount"}
        users = json.loads(lab.run("snapshots", "info", name).stdout)["UsedBy"]
        assert ("container", name) in {(user["Kind"], user["Name"]) for user in users}
        users = json.loads(lab.run("snapshots", "info", chain).stdout)["UsedBy"]
        assert {"image", "snapshot"} == {user["Kind"] for user in users}
    finally:
        subprocess.run(["umount", target], check=False)
        lab.ctr("tasks", "rm", "--force", name)
    lab.ctr("containers", "rm", name)
    lab.ctr("images", "rm", REF)
    # the label of the image's config is gone; the lease of the mount keeps the layers below it
    assert lab.run("snapshots", "prune", "--yes").stdout == ""
    assert chain in lab.snapshots()
