"""`df` over a fake ctr: the table, what pruning would free, and what can't be read."""

import json
from typing import Any

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr
from tests.support.storage_host import (
    CHAIN,
    CONFIG,
    LAYER,
    MAIN_BLOBS,
    MANIFEST,
    MEDIA,
    REF,
    REFERENCES,
    Capture,
    changing,
    fill,
    images,
    snapshots,
    table,
)

PLUGINS = ("plugins", "ls", "type==io.containerd.snapshotter.v1")
NAMESPACES = ("kukeon-main", "kukeon-team", "moby")
OLD = json.dumps({"Labels": {"containerd.io/gc.root": "1"}, "Created": "2026-01-01T00:00:00Z"})


def usage(**sizes: int) -> str:
    return table("KEY\tSIZE\tINODES\t", [f"{key}\t{size}\t1\t" for key, size in sizes.items()])


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    """main runs a container of an image which team has as well, and does not use; and moby."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="".join(f"{one}\n" for one in NAMESPACES))
    rows = ["io.containerd.snapshotter.v1\toverlayfs\tlinux/amd64\tok\t"]
    rows += ["io.containerd.snapshotter.v1\tdevmapper\tlinux/amd64\tskip\t"]
    fake_ctr.answer(*PLUGINS, stdout=table("TYPE\tID\tPLATFORMS\tSTATUS\t", rows))
    labels = {**MAIN_BLOBS, MANIFEST: REFERENCES}
    fill(fake_ctr, "kukeon-main", refs=((REF, MANIFEST),), content=labels)
    shared = {one: labels[one] for one in (MANIFEST, CONFIG, LAYER)}
    fill(fake_ctr, "kukeon-team", refs=((REF, MANIFEST), ("b:2", MANIFEST)), content=shared)
    fill(fake_ctr, "moby", content={f"sha256:{'9' * 64}": "-"})
    unpacked = {"kukeon-main": {"web": 4000, CHAIN: 5000}, "kukeon-team": {"old": 7, CHAIN: 5000}}
    for name in NAMESPACES:
        where = ("-n", name)
        overlayfs = (*where, "snapshots", "--snapshotter", "overlayfs")
        fake_ctr.answer(*where, "content", "active", stdout=table("REF\tSIZE\tAGE\t", [], "\t"))
        fake_ctr.answer(*where, "containers", "ls", stdout=table("CONTAINER\tIMAGE\tRUNTIME\t", []))
        found = unpacked.get(name, {})
        fake_ctr.answer(*overlayfs, "usage", "-b", stdout=usage(**found))
        tree = [
            (CHAIN, "", "Committed") if key == CHAIN else (key, CHAIN, "Active") for key in found
        ]
        fake_ctr.answer(*overlayfs, "ls", stdout=snapshots(*tree))
    line = f"web\t{REF}\tio.containerd.runc.v2\t"
    of = ("-n", "kukeon-main", "containers")
    fake_ctr.answer(*of, "ls", stdout=table("CONTAINER\tIMAGE\tRUNTIME\t", [line]))
    info = {"ID": "web", "Image": REF, "SnapshotKey": "web", "Snapshotter": "overlayfs"}
    fake_ctr.answer(*of, "info", "web", stdout=json.dumps(info))
    team = ("-n", "kukeon-team", "snapshots", "--snapshotter", "overlayfs")
    fake_ctr.answer(*team, "info", "old", stdout=OLD)
    line = "mount -t overlay overlay /mnt -o upperdir=/nowhere/u,lowerdir=/nowhere/l\n"
    fake_ctr.answer(*team, "mounts", "/mnt", "old", stdout=line)
    return fake_ctr


def documents(capsys: Capture) -> dict[str, dict[str, Any]]:
    return {one["namespace"]: one for one in json.loads(capsys.readouterr().out)}


def test_a_line_for_each_realm_for_other_namespaces_and_for_all(
    host: FakeCtr, capsys: Capture
) -> None:
    assert main(["df"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "REALM  NAMESPACE    IMAGES  UNIQUE   SHARED   UNPACKED  RECLAIMABLE",
        "main   kukeon-main  1       262.0 B  786.0 B  8.8 KiB   0.0 B",
        "team   kukeon-team  2       0.0 B    786.0 B  4.9 KiB   4.9 KiB",
        "-      moby         0       262.0 B  0.0 B    0.0 B     -",
        "TOTAL  -            3       524.0 B  786.0 B  13.7 KiB  4.9 KiB",
    ]
    assert err == ""
    assert changing(host) == []
    main(["df", "-A"])
    assert capsys.readouterr().out == out


def test_what_pruning_would_free(host: FakeCtr, capsys: Capture) -> None:
    assert main(["df", "-o", "json"]) == 0
    found = documents(capsys)
    main_realm, team, moby = (found[name] for name in NAMESPACES)
    assert main_realm["reclaimable_bytes"] == 0
    assert main_realm["content_prune_bytes"] == 0  # team has the layer too
    # two images without a user; the blobs stay, because main has them
    assert (team["images_prune_bytes"], team["snapshots_prune_bytes"]) == (5000, 7)
    assert team["reclaimable_bytes"] == 5007
    assert moby["reclaimable_bytes"] is None  # containerd does not know Docker's containers
    assert sum(one["share_bytes"] for one in found.values()) == 262 * 5
    assert "realm" not in moby
    assert team["realm"] == "team"


def test_one_realm_and_one_namespace_know_what_is_shared(host: FakeCtr, capsys: Capture) -> None:
    assert main(["df", "-r", "team"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "team   kukeon-team  2       0.0 B   786.0 B  4.9 KiB   4.9 KiB"
    ]
    assert not any("moby" in call and "active" in call for call in host.calls)
    assert main(["df", "-n", "moby", "-q"]) == 0
    assert capsys.readouterr().out == "moby\n"
    assert main(["df", "-r", "nope"]) == 3
    assert main(["df", "-r", "team", "-A"]) == 2


def test_the_total_stays_last_and_out_of_what_programs_read(host: FakeCtr, capsys: Capture) -> None:
    main(["df", "--sort-by", "-shared_bytes"])
    firsts = [line.split()[1] for line in capsys.readouterr().out.splitlines()]
    assert firsts == ["NAMESPACE", "kukeon-main", "kukeon-team", "moby", "-"]
    for words in (("--no-headers",), ("-o", "csv"), ("--columns", "namespace,images")):
        main(["df", *words])
        assert "TOTAL" not in capsys.readouterr().out


def test_what_cannot_be_read_is_said_and_null(host: FakeCtr, capsys: Capture) -> None:
    host.answer("-n", "moby", "content", "ls", stderr="ctr: corrupt\n", exit_code=1)
    assert main(["df", "-o", "json"]) == 1
    out, err = capsys.readouterr()
    assert "namespace moby: " in err
    assert "corrupt" in err
    found = {one["namespace"]: one for one in json.loads(out)}
    assert found["moby"]["content_bytes"] is found["moby"]["unique_bytes"] is None
    assert found["kukeon-main"]["unique_bytes"] == 262


def test_a_row_that_cannot_be_read_makes_a_number_unknown(host: FakeCtr, capsys: Capture) -> None:
    broken = images((REF, MANIFEST)) + f"x {MEDIA} broken\n"
    host.answer("-n", "kukeon-team", "images", "ls", stdout=broken)
    assert main(["df", "-o", "jsonl"]) == 4
    out, err = capsys.readouterr()
    assert "realm team (namespace kukeon-team): cannot read 1 row that ctr printed" in err
    team = json.loads(out.splitlines()[1])
    assert team["images"] is team["reclaimable_bytes"] is None
    assert team["unpacked_bytes"] == 5007


def test_snapshotters_that_are_not_loaded_are_named(host: FakeCtr, capsys: Capture) -> None:
    labels = {CONFIG: f"containerd.io/gc.ref.snapshot.stargz={CHAIN}"}
    fill(host, "moby", content=labels)
    assert main(["df", "-n", "moby"]) == 0
    assert "its snapshots of stargz are not counted" in capsys.readouterr().err
    host.answer(*PLUGINS, stderr="ctr: unknown service\n", exit_code=1)
    host.answer("-n", "moby", "snapshots", "usage", "-b", stdout=usage(x=1))
    host.answer("-n", "moby", "snapshots", "ls", stdout=snapshots(("x", "", "Committed")))
    assert main(["df", "-n", "moby"]) == 0
    assert "only the snapshots of ctr's default snapshotter" in capsys.readouterr().err
