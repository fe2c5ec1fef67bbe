"""Changes of snapshots over a fake ctr: who is named, what runs and what not."""

from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.commands.storage import snapshots_prepare
from tests.support.fake_ctr import FakeCtr
from tests.support.storage_host import (
    CHAIN,
    LOOSE,
    MAIN,
    MAIN_BLOBS,
    MANIFEST,
    REF,
    REFERENCES,
    TAKEN,
    Capture,
    changing,
    fill,
    snapshots,
    with_leases,
)


def test_snapshots_rm_names_container_image_and_children(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    assert main(["snapshots", "rm", "web", "-r", "main"]) == 2
    assert "web is in use: it has the files of the container web" in capsys.readouterr().err
    assert main(["snapshots", "rm", CHAIN, "-r", "main"]) == 2
    err = capsys.readouterr().err
    assert f"the unpacked files of the image {REF}" in err
    assert "the snapshot web is on top of it, so containerd will refuse" in err
    assert changing(storage_host) == []


def test_snapshots_go_children_first_and_containerds_refusal_has_a_hint(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    assert main(["snapshots", "rm", CHAIN, "spare", "-r", "main", "-y"]) == 1
    out, err = capsys.readouterr()
    assert out == "spare\n"
    assert "remove them first" in err
    assert [call[-1] for call in changing(storage_host)] == ["spare", CHAIN]


def test_a_snapshot_of_nobody_goes_and_a_missing_one_is_3(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    assert main(["snapshots", "rm", "spare", "spar", "-r", "main"]) == 3
    out, err = capsys.readouterr()
    assert out == "spare\n"
    assert "there is no snapshot spar in realm main" in err
    assert "hint: the realm has: spare" in err


def test_another_snapshotter_has_other_users(storage_host: FakeCtr, capsys: Capture) -> None:
    native = (*MAIN, "snapshots", "--snapshotter", "native")
    storage_host.answer(*native, "ls", stdout=snapshots(("web", "", "Active")))
    storage_host.answer(
        *native, "mounts", "/mnt", "web", stdout="mount -t bind /n/1 /mnt -o rbind\n"
    )
    storage_host.answer(*native, "info", "web", stdout='{"Labels": {"containerd.io/gc.root": "x"}}')
    storage_host.answer(*native, "rm", "web")
    assert main(["snapshots", "rm", "web", "-r", "main", "--snapshotter", "native"]) == 0
    assert capsys.readouterr().out == "web\n"


def test_commit_of_a_containers_snapshot_is_asked_about(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    storage_host.answer(*MAIN, "snapshots", "commit", "new", "web")
    storage_host.answer(*MAIN, "snapshots", "commit", "new", "spare")
    assert main(["snapshots", "commit", "new", "web", "-r", "main"]) == 2
    assert "the container web" in capsys.readouterr().err
    assert main(["snapshots", "commit", "new", "spare", "-r", "main"]) == 0
    assert main(["snapshots", "commit", "new", "web", "-r", "main", "-y"]) == 0
    assert capsys.readouterr().out == "new\nnew\n"


def test_a_view_gets_the_label_that_keeps_it(storage_host: FakeCtr, capsys: Capture) -> None:
    assert main(["snapshots", "view", "v", CHAIN, "-r", "main", "--dry-run"]) == 0
    made, labelled = capsys.readouterr().out.splitlines()
    assert made == f"env ctr -n kukeon-main snapshots view v {CHAIN}"
    assert labelled.startswith("env ctr -n kukeon-main snapshots label v containerd.io/gc.root=20")


def test_a_view_that_was_collected_before_its_label_is_made_anew(
    storage_host: FakeCtr, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(snapshots_prepare, "rooted_label", lambda: "kept=1")
    gone = "echo 'ctr: snapshot v does not exist: not found' >&2; exit 1"
    marker = storage_host.folder / "collected"
    label = (*MAIN, "snapshots", "label", "v", "kept=1")
    storage_host.answer(*MAIN, "snapshots", "view", "v", CHAIN)
    storage_host.answer(*label, first=f"[ -e {marker} ] || {{ touch {marker}; {gone}; }}")
    assert main(["snapshots", "view", "v", CHAIN, "-r", "main"]) == 0
    assert capsys.readouterr().out == "v\n"
    verbs = [call[3] for call in storage_host.calls if call[2] == "snapshots"]
    assert verbs == ["view", "label", "view", "label"]
    storage_host.answer(*label, first=gone)
    assert main(["snapshots", "view", "v", CHAIN, "-r", "main"]) == 3
    assert capsys.readouterr().out == ""


@pytest.fixture
def mount_program(storage_host: FakeCtr, tmp_path: Path) -> Path:
    """A mount that only writes down what it was called with; gives the folder to mount on."""
    target = tmp_path / "target"
    target.mkdir()
    script = storage_host.folder / "mount"
    script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/mounted\n')
    script.chmod(0o755)
    line = f"mount -t overlay overlay {target} -o upperdir=/s/spare,lowerdir=/s/1\n"
    storage_host.answer(*MAIN, "snapshots", "mounts", str(target), "spare", stdout=line)
    return target


def test_a_mount_that_did_nothing_is_an_error(
    storage_host: FakeCtr, capsys: Capture, mount_program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert main(["snapshots", "mount", "spare", str(mount_program), "-r", "main"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"nothing is mounted on {mount_program}" in err
    words = f"-t overlay -o upperdir=/s/spare,lowerdir=/s/1 overlay {mount_program}\n"
    assert (mount_program.parent / "mounted").read_text() == words


def test_mounting_needs_root_and_a_dry_run_does_not(
    storage_host: FakeCtr, capsys: Capture, mount_program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    line = ["snapshots", "mount", "spare", str(mount_program), "-r", "main"]
    assert main(line) == 126
    assert "only root" in capsys.readouterr().err
    assert main([*line, "--dry-run", "--read-only"]) == 0
    options = "upperdir=/s/spare,lowerdir=/s/1,ro"
    assert capsys.readouterr().out == f"mount -t overlay -o {options} overlay {mount_program}\n"
    assert not (mount_program.parent / "mounted").exists()


def test_a_mount_command_with_other_words_is_refused(
    storage_host: FakeCtr, capsys: Capture, mount_program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    words = (*MAIN, "snapshots", "mounts", str(mount_program), "spare")
    storage_host.answer(*words, stdout="mount -t overlay overlay /etc -o ro\n")
    assert main(["snapshots", "mount", "spare", str(mount_program), "-r", "main"]) == 4
    assert "does not run" in capsys.readouterr().err
    assert not (mount_program.parent / "mounted").exists()


def test_a_lease_says_what_it_may_keep(storage_host: FakeCtr, capsys: Capture) -> None:
    with_leases(storage_host, mine="-")
    labels = {**MAIN_BLOBS, MANIFEST: REFERENCES}
    fill(storage_host, "kukeon-main", refs=((REF, MANIFEST),), content=labels, kept={"mine": "-"})
    rows = ((CHAIN, "", "Committed"), ("web", CHAIN, "Active"), ("lost", CHAIN, "View"))
    native = ("snapshots", "--snapshotter", "overlayfs")
    storage_host.answer(*MAIN, *native, "ls", stdout=snapshots(*rows))
    storage_host.answer(*MAIN, *native, "info", "lost", stdout='{"Kind": "View"}')
    assert main(["leases", "rm", "mine", "-r", "main"]) == 2
    err = capsys.readouterr().err
    assert f"only a lease protects this content: {LOOSE};" in err
    assert "only a lease protects these snapshots: lost" in err
    assert changing(storage_host) == []
    storage_host.answer(*MAIN, "leases", "rm", "--sync", "mine", stdout="mine\n")
    assert main(["leases", "rm", "mine", "-r", "main", "--sync", "-y"]) == 0
    assert capsys.readouterr().out == "mine\n"


COMMITTED = "ctr: failed to get active mount: snapshot {} not active or view: failed precondition\n"


@pytest.mark.parametrize("chosen", [(), ("--snapshotter", "native")])
@pytest.mark.parametrize("verb", ["mount", "mounts"])
def test_a_committed_snapshot_gets_the_line_that_makes_a_view(
    storage_host: FakeCtr, capsys: Capture, tmp_path: Path, verb: str, chosen: tuple[str, ...]
) -> None:
    (folder := tmp_path / "mnt").mkdir()
    storage_host.answer(
        *(*MAIN, "snapshots", *chosen, "mounts", str(folder), CHAIN),
        stderr=COMMITTED.format(CHAIN),
        exit_code=1,
    )
    words = ["snapshots", verb, CHAIN, str(folder), *chosen, "-r", "main", "--dry-run"]
    assert main(words if verb == "mount" else words[:-1]) == 1
    view = " ".join(["view", *chosen, "NAME", CHAIN, "--namespace kukeon-main"])
    assert f"`kuke-ctr snapshots {view}`" in capsys.readouterr().err


@pytest.mark.parametrize("line", [["prepare", "k"], ["view", "k", CHAIN], ["commit", "k", "web"]])
def test_a_key_that_is_taken_says_what_shows_and_removes_it(
    storage_host: FakeCtr, capsys: Capture, line: list[str]
) -> None:
    storage_host.answer(
        *MAIN, "snapshots", *line, stderr=TAKEN.format("snapshot", "k"), exit_code=1
    )
    yes = ["--yes"] if line[0] == "commit" else []
    assert main(["snapshots", *line, *yes, "-r", "main"]) == 1
    err = capsys.readouterr().err
    assert "`kuke-ctr snapshots info k --namespace kukeon-main` shows it" in err
    assert "`kuke-ctr snapshots rm k --namespace kukeon-main` removes it" in err


def test_a_snapshot_in_use_is_named_by_its_whole_key(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    assert main(["snapshots", "rm", CHAIN, "-r", "main"]) == 2
    assert f"kuke-ctr: {CHAIN} is in use: " in capsys.readouterr().err
