"""`prune` over a fake ctr: the plan, the question, the order, and what changes meanwhile."""

import json
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.cell_host import type_answer
from tests.support.cells import write_cell
from tests.support.fake_ctr import FakeCtr
from tests.support.storage_host import (
    CHAIN,
    CONFIG,
    LAYER,
    MAIN,
    MAIN_BLOBS,
    MANIFEST,
    REF,
    REFERENCES,
    Capture,
    changing,
    fill,
    snapshots,
    table,
)

OLD = "2026-01-01T00:00:00Z"
SPARE = f"sha256:{'1' * 64}"
OVERLAYFS = (*MAIN, "snapshots", "--snapshotter", "overlayfs")
EXPIRED = {"old": f"containerd.io/gc.expire={OLD}", "mine": "-"}
RUN = ["prune", "-r", "main"]
EVERYTHING = ("--images", "--snapshots", "--leases", "--content")


def fill_main(
    fake: FakeCtr, *, spare_image: bool = True, kept: dict[str, str] | None = None
) -> None:
    refs = ((REF, MANIFEST), ("spare:1", SPARE)) if spare_image else ((REF, MANIFEST),)
    blobs = {**MAIN_BLOBS, MANIFEST: REFERENCES, SPARE: "-"}
    fill(fake, "kukeon-main", refs=refs, content=blobs, kept=EXPIRED if kept is None else kept)


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    """A container with its image; an unused image, lost snapshots, an expired lease."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\nother\n")
    fake_ctr.answer("--version", stdout="ctr github.com/containerd/containerd 1.7.24\n")
    fill_main(fake_ctr)
    fill(fake_ctr, "other", content={SPARE: "-"})
    header = "TYPE\tID\tPLATFORMS\tSTATUS\t"
    plugins = table(header, ["io.containerd.snapshotter.v1\toverlayfs\tlinux/amd64\tok\t"])
    fake_ctr.answer("plugins", "ls", "type==io.containerd.snapshotter.v1", stdout=plugins)
    line = f"web\t{REF}\tio.containerd.runc.v2\t"
    fake_ctr.answer(*MAIN, "containers", "ls", stdout=table("CONTAINER\tIMAGE\tRUNTIME\t", [line]))
    fake_ctr.answer(*MAIN, "containers", "ls", "-q", stdout="web\n")
    info = {"ID": "web", "Image": REF, "SnapshotKey": "web", "Snapshotter": "overlayfs"}
    fake_ctr.answer(*MAIN, "containers", "info", "web", stdout=json.dumps(info))
    rows = ((CHAIN, "", "Committed"), ("web", CHAIN, "Active"), ("low", "", "Committed"))
    fake_ctr.answer(*OVERLAYFS, "ls", stdout=snapshots(*rows, ("lost", "low", "Committed")))
    sizes = [f"{key}\t{size}\t1\t" for key, size in (("lost", 4096), ("low", 1024))]
    fake_ctr.answer(*OVERLAYFS, "usage", "-b", stdout=table("KEY\tSIZE\tINODES\t", sizes))
    for key in ("lost", "low"):
        told = {"Labels": {"containerd.io/gc.root": OLD}, "Created": OLD}
        fake_ctr.answer(*OVERLAYFS, "info", key, stdout=json.dumps(told))
        fake_ctr.answer(*OVERLAYFS, "rm", key)
    fake_ctr.answer(*MAIN, "images", "rm", "--sync", "spare:1", stdout="spare:1\n")
    fake_ctr.answer(*MAIN, "leases", "rm", "--sync", "old", stdout="old\n")
    fake_ctr.answer(*MAIN, "content", "prune", "references")
    return fake_ctr


def changes(host: FakeCtr) -> list[str]:
    return [" ".join(call[2:]) for call in changing(host)]


def test_without_a_kind_what_nobody_can_miss_goes(host: FakeCtr, capsys: Capture) -> None:
    assert main([*RUN, "--yes"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["lost", "low", "old"]
    assert changes(host) == [
        "snapshots --snapshotter overlayfs rm lost",
        "snapshots --snapshotter overlayfs rm low",
        "leases rm --sync old",
    ]
    assert (
        "not included: 1 image (about 0.0 B; --images); 1 layer (about 262.0 B; --content)" in err
    )
    assert "freed: about 5.0 KiB" in err


def test_without_a_terminal_the_plan_is_shown_and_nothing_changes(
    host: FakeCtr, capsys: Capture
) -> None:
    assert main(RUN) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert [line.split()[:3] for line in lines[1:5]] == [
        ["KIND", "NAME", "FREES"],
        ["snapshot", "low", "1.0"],
        ["snapshot", "lost", "4.0"],
        ["lease", "old", "-"],
    ]
    assert "2 snapshots, 1 lease of realm main" in lines[5]
    assert "will be removed (about 5.0 KiB)" in lines[5]
    assert lines[6] == "hint: add --yes to do it"
    assert changes(host) == []


def test_a_dry_run_prints_the_calls_or_the_plan(host: FakeCtr, capsys: Capture) -> None:
    assert main([*RUN, *EVERYTHING, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert [line.split("kukeon-main ")[1] for line in out.splitlines()] == [
        "images rm --sync spare:1",
        "snapshots --snapshotter overlayfs rm lost",
        "snapshots --snapshotter overlayfs rm low",
        "content prune references",
        "leases rm --sync old",
    ]
    assert main([*RUN, *EVERYTHING, "--dry-run", "-o", "json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [(row["kind"], row["name"], row["freed_bytes"]) for row in plan] == [
        ("image", "spare:1", 0),  # another namespace has its content too
        ("snapshot", "low", 1024),
        ("snapshot", "lost", 4096),
        ("content", LAYER, 262),
        ("lease", "old", None),
    ]
    assert all(row["reason"] for row in plan)
    assert changes(host) == []


def test_every_kind_in_its_order(host: FakeCtr, capsys: Capture) -> None:
    gone = f"test -e {host.folder}/pruned &&"
    left = "".join(f"{one}\n" for one in (MANIFEST, CONFIG))
    host.answer(
        *(*MAIN, "content", "ls", "-q"),
        stdout="".join(f"{one}\n" for one in (*MAIN_BLOBS, SPARE)),
        first=f"{gone} printf '%s' '{left}' && exit 0",
    )
    host.answer(*MAIN, "content", "prune", "references", first=f": > {host.folder}/pruned")
    # what has gone with the images is not there any more when snapshots are looked at again
    assert main([*RUN, *EVERYTHING, "--yes", "-o", "jsonl"]) == 0
    done = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in done] == ["spare:1", "lost", "low", LAYER, "old"]
    assert changes(host)[0] == "images rm --sync spare:1"


def test_what_comes_into_use_during_the_question_stays(
    host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def while_asked() -> str:
        rows = ((CHAIN, "", "Committed"), ("web", CHAIN, "Active"), ("low", "", "Committed"))
        host.answer(*OVERLAYFS, "ls", stdout=snapshots(*rows))
        fill_main(host, kept={"mine": "-"})
        return "y\n"

    type_answer(monkeypatch, "y")
    monkeypatch.setattr("sys.stdin.readline", while_asked)
    assert main(RUN) == 0
    out, err = capsys.readouterr()
    assert out == "low\n"
    assert "lost was removed, or is used now; it was skipped" in err
    assert "old was removed, or is used now; it was skipped" in err
    assert changes(host) == ["snapshots --snapshotter overlayfs rm low"]


def test_layers_that_came_during_the_question_are_not_taken(
    host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, layer = f"sha256:{'2' * 64}", f"sha256:{'3' * 64}"

    def while_asked() -> str:
        refers = f"containerd.io/gc.ref.content.l.0={layer}"
        blobs = {**MAIN_BLOBS, MANIFEST: REFERENCES, new: refers, layer: "-"}
        refs = ((REF, MANIFEST), ("new:1", new))
        fill(host, "kukeon-main", refs=refs, content=blobs, kept=EXPIRED)
        return "y\n"

    type_answer(monkeypatch, "y")
    monkeypatch.setattr("sys.stdin.readline", while_asked)
    assert main([*RUN, "--content"]) == 0
    assert "no layer was removed: 1 more layer could be removed now" in capsys.readouterr().err
    assert changes(host) == []


def test_a_failure_is_told_and_the_rest_goes(host: FakeCtr, capsys: Capture) -> None:
    refused = 'ctr: failed to remove "lost": device or resource busy\n'
    host.answer(*OVERLAYFS, "rm", "lost", stderr=refused, exit_code=1)
    assert main([*RUN, "--snapshots", "--leases", "--content", "--yes"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == ["low", "old"]
    assert "busy" in err
    assert "no layer was removed" in err  # all of them would go, also those of what has stayed


def test_no_is_an_answer(host: FakeCtr, monkeypatch: pytest.MonkeyPatch) -> None:
    type_answer(monkeypatch, "n")
    assert main(RUN) == 130
    assert changes(host) == []


def test_nothing_to_remove(host: FakeCtr, capsys: Capture) -> None:
    fill_main(host, spare_image=False, kept={})
    assert main([*RUN, "--images", "--leases"]) == 0
    assert "has nothing to remove (images, leases)" in capsys.readouterr().err
    assert main([*RUN, "--images", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["prune", "-r", "nope"]) == 3


def test_files_of_a_cell_need_kukeon(
    host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUKEON_RUN_PATH", str(tmp_path / "run-path"))
    write_cell(tmp_path / "run-path", "default/default/web")
    key = "default_default_web_app"
    rows = ((CHAIN, "", "Committed"), ("web", CHAIN, "Active"), (key, "", "Committed"))
    host.answer(*OVERLAYFS, "ls", stdout=snapshots(*rows))
    told = {"Labels": {"containerd.io/gc.root": OLD}, "Created": OLD}
    host.answer(*OVERLAYFS, "info", key, stdout=json.dumps(told))
    host.answer(*OVERLAYFS, "rm", key)
    assert main([*RUN, "--snapshots", "--yes"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "Kukeon's cell web" in err
    assert main([*RUN, "--snapshots", "--kukeon"]) == 2
    assert "files of Kukeon's cell web go" in capsys.readouterr().err
    type_answer(monkeypatch, "y")
    assert main([*RUN, "--snapshots", "--kukeon"]) == 130
    assert changes(host) == []
    type_answer(monkeypatch, "web")
    assert main([*RUN, "--snapshots", "--kukeon"]) == 0
    assert changes(host) == [f"snapshots --snapshotter overlayfs rm {key}"]


def test_a_list_that_cannot_be_read_removes_nothing(host: FakeCtr) -> None:
    host.answer(*MAIN, "leases", "ls", stderr="ctr: it broke\n", exit_code=1)
    assert main([*RUN, "--yes"]) == 1
    assert changes(host) == []
