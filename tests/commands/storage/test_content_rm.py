"""`content label`, `rm` and `prune` over a fake ctr: who is named, what runs and what not."""

import os
import pty
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr
from tests.support.storage_host import (
    CONFIG,
    LAYER,
    LOOSE,
    MAIN,
    MAIN_BLOBS,
    MANIFEST,
    MEDIA,
    REF,
    REFERENCES,
    Capture,
    blobs,
    changing,
    fill,
    images,
)


def test_content_rm_names_the_images_of_every_namespace_and_asks(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    assert main(["content", "rm", "-r", "main", LAYER]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{LAYER} is in use: a layer of the image {REF} in namespace kukeon-main" in err
    assert "of the image o:1 in namespace other (that image is not affected" in err
    assert "hint: add --yes" in err
    assert changing(storage_host) == []


def test_labels_that_name_an_image_are_enough(storage_host: FakeCtr, capsys: Capture) -> None:
    labels = {**MAIN_BLOBS, MANIFEST: REFERENCES}
    fill(storage_host, "kukeon-main", refs=((REF, MANIFEST),), content=labels)
    assert main(["content", "rm", "-r", "main", LAYER]) == 2
    err = capsys.readouterr().err
    assert f"a layer of the image {REF} in namespace kukeon-main" in err
    assert "a layer of the image o:1 in namespace other" in err
    assert not any("get" in call for call in storage_host.calls)


def test_content_rm_with_yes_looks_for_nobody(storage_host: FakeCtr, capsys: Capture) -> None:
    assert main(["content", "rm", "-r", "main", "-y", LAYER]) == 0
    assert capsys.readouterr().out == f"{LAYER}\n"
    assert changing(storage_host) == [[*MAIN, "content", "rm", LAYER]]
    assert not any("images" in call for call in storage_host.calls)


@pytest.mark.parametrize(
    ("digest", "role"), [(MANIFEST, "a manifest"), (CONFIG, "the config"), (LAYER, "a layer")]
)
def test_every_part_of_an_image_is_in_use(
    storage_host: FakeCtr, capsys: Capture, digest: str, role: str
) -> None:
    assert main(["content", "rm", "-r", "main", digest]) == 2
    assert f"{role} of the image {REF}" in capsys.readouterr().err


def test_content_that_nothing_needs_goes_without_a_question(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    assert main(["content", "rm", "-r", "main", LOOSE[7:15]]) == 0
    assert capsys.readouterr().out == f"{LOOSE}\n"


def test_content_that_only_a_lease_can_keep_is_asked_about(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    fill(
        storage_host,
        "kukeon-main",
        refs=((REF, MANIFEST),),
        content=MAIN_BLOBS,
        kept={"builder": "-", "old": "containerd.io/gc.expire=2020-01-01T00:00:00Z"},
    )
    assert main(["content", "rm", "-r", "main", LOOSE]) == 2
    err = capsys.readouterr().err
    assert (
        "a lease may be the only thing that keeps it (ctr does not say which one): builder\n" in err
    )


def test_a_referrer_without_an_image_is_named(storage_host: FakeCtr, capsys: Capture) -> None:
    labels = {**MAIN_BLOBS, LOOSE: f"containerd.io/gc.ref.content.l.0={LAYER}"}
    fill(storage_host, "kukeon-main", content=labels)
    assert main(["content", "rm", "-r", "main", LAYER]) == 2
    assert f"a layer of the content {LOOSE}, which belongs to no image" in capsys.readouterr().err


def test_a_list_that_can_not_be_read_is_no_permission(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    row = f"{REF} {MEDIA} broken\n"
    storage_host.answer(*MAIN, "images", "ls", stdout=images((REF, MANIFEST)) + row)
    assert main(["content", "rm", "-r", "main", LOOSE]) == 2
    assert "could not be searched completely (1 rows of `ctr images ls`)" in capsys.readouterr().err
    assert changing(storage_host) == []


def test_a_blob_whose_own_row_can_not_be_read_is_no_missing_one(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    rows = dict(MAIN_BLOBS)
    del rows[LOOSE]
    broken = f"{LOOSE}\tx=a\nb\n"
    storage_host.answer(*MAIN, "content", "ls", stdout=blobs(rows) + broken)
    assert main(["content", "rm", "-r", "main", LOOSE]) == 2
    assert "could not be searched completely" in capsys.readouterr().err
    assert main(["content", "rm", "-r", "main", LOOSE, "--yes"]) == 0


def test_missing_content_is_3_though_ctr_says_0_and_the_others_go(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    nothing = f"sha256:{'9' * 64}"
    storage_host.answer(*MAIN, "content", "rm", nothing)
    for more in ([], ["--yes"]):
        assert main(["content", "rm", "-r", "main", nothing, LOOSE, *more]) == 3
        out, err = capsys.readouterr()
        assert out == f"{LOOSE}\n"
        assert f"there is no content {nothing} in realm main" in err


def test_a_dry_run_tells_and_prints_the_commands(storage_host: FakeCtr, capsys: Capture) -> None:
    assert main(["content", "rm", "-r", "main", LAYER, LOOSE, "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"env ctr -n kukeon-main content rm {LAYER}",
        f"env ctr -n kukeon-main content rm {LOOSE}",
    ]
    assert f"{LAYER} is in use" in err
    assert changing(storage_host) == []


def test_an_answer_on_a_terminal_decides(
    storage_host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer, code in (("n\n", 130), ("y\n", 0)):
        ours, theirs = pty.openpty()
        os.write(ours, answer.encode())
        with os.fdopen(theirs, "r") as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            monkeypatch.setattr("sys.stderr.isatty", lambda: True)
            assert main(["content", "rm", "-r", "main", LAYER]) == code
        os.close(ours)
        assert "Continue? [y/N]" in capsys.readouterr().err
    assert changing(storage_host) == [[*MAIN, "content", "rm", LAYER]]


@pytest.mark.parametrize(
    "line",
    [
        ["content", "rm", LAYER],
        ["content", "prune"],
        ["snapshots", "rm", "web"],
        ["leases", "rm", "x"],
    ],
)
def test_nothing_is_removed_in_a_foreign_namespace_that_was_not_named(
    storage_host: FakeCtr, capsys: Capture, line: list[str], tmp_path: Path
) -> None:
    manifest = tmp_path / "realm.yaml"
    manifest.write_text("kind: Realm\nmetadata: {name: main}\nspec: {namespace: moby}\n")
    assert main([*line, "-r", "main", "--manifest", str(manifest), "--yes"]) == 2
    assert "do it anyway: --namespace moby" in capsys.readouterr().err
    assert main([*line, "-A", "--yes"]) == 2
    assert changing(storage_host) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (["content", "rm", "junk"], "is not a digest"),
        (["content", "label", LAYER, "x"], "is not a label"),
        (["content", "label", LAYER, "--", "-x=y"], "is not a label"),
        (["content", "fetch", "x:1", "--user", "me:secret"], "cannot sign in"),
        (["content", "fetch", "x:1", "--", "--user", "me:secret"], "password cannot be passed"),
        (["content", "ingest", "k", "/nowhere/at/all"], "cannot read"),
        (["content", "ingest", "k", "/"], "is a directory"),
        (["content", "ingest", "k", "/dev/null", "--expected-digest", "x"], "is not a digest"),
        (["content", "ingest", "k", "/dev/null", "--keep"], "needs the digest"),
        (["content", "rm", LAYER, "-o", "json"], "does not print json"),
        (["snapshots", "prepare", "k", "-t", "/x", "--mounts"], "cannot be combined"),
        (["snapshots", "label", "k", "nothing"], "is not a label"),
        (["snapshots", "mount", "web", "/nowhere/at/all"], "does not exist"),
        (["snapshots", "mount", "web", "/proc"], "is already mounted on /proc"),
        (["snapshots", "mount", "web", "/usr"], "is not empty"),
        (["snapshots", "mount", "web", "/etc/passwd"], "is not a directory"),
        (["leases", "create", "a", "b"], "is not a label"),
        (["leases", "create", "a", "--id", "b"], "two ids"),
        (["leases", "create", "--expires", "soon"], "is not a time"),
        (["leases", "rm"], "missing argument"),
    ],
)
def test_bad_input_is_2_and_changes_nothing(
    storage_host: FakeCtr, capsys: Capture, line: list[str], complaint: str
) -> None:
    assert main([*line[:2], "-r", "main", *line[2:]]) == 2
    err = capsys.readouterr().err
    assert complaint in err
    assert "secret" not in err
    assert changing(storage_host) == []


def test_prune_says_what_goes_and_what_breaks(storage_host: FakeCtr, capsys: Capture) -> None:
    labels = {**MAIN_BLOBS, MANIFEST: REFERENCES}
    fill(storage_host, "kukeon-main", refs=((REF, MANIFEST),), content=labels)
    assert main(["content", "prune", "-r", "main"]) == 2
    err = capsys.readouterr().err
    assert "1 layer (about 0.0 MB) of realm main (namespace kukeon-main) will be removed" in err
    assert f"1 image will be incomplete: {REF}" in err
    storage_host.answer(*MAIN, "content", "prune", "references", "--async")
    assert main(["content", "prune", "-r", "main", "--async", "--yes"]) == 0
    assert changing(storage_host) == [[*MAIN, "content", "prune", "references", "--async"]]


def test_prune_of_nothing_asks_nothing(storage_host: FakeCtr, capsys: Capture) -> None:
    assert main(["content", "prune", "-r", "main"]) == 0
    assert "no layer that can be removed" in capsys.readouterr().err
    assert changing(storage_host) == []


def test_an_old_ctr_says_since_when_there_is_one(storage_host: FakeCtr, capsys: Capture) -> None:
    storage_host.answer("--version", stdout="ctr containerd.io 1.4.13\n")
    assert main(["content", "prune", "-r", "main"]) == 1
    assert "needs ctr 1.5" in capsys.readouterr().err
    assert main(["snapshots", "prepare", "k", "-r", "main", "--mounts"]) == 1
    assert "needs ctr 1.5" in capsys.readouterr().err
