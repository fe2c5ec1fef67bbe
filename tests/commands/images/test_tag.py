"""Changes of images over a fake ctr: what runs, and what must not run."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.recipes import host_mounts as mounts
from tests.support.fake_ctr import FakeCtr

NS = ("-n", "kukeon-main")
HERE = ("--namespace", "kukeon-main")
CONTAINERS = (
    "CONTAINER    IMAGE            RUNTIME                  \n"
    "web          example.com/a:1  io.containerd.runc.v2    \n"
)
NOT_FOUND = "ctr: snapshot {} does not exist: not found\n"

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    """A namespace with three images, of which a container uses one."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\nmoby\n")
    names = "example.com/a:1\nexample.com/b:1\nexample.com/c:1\n"
    for namespace in ("kukeon-main", "moby"):
        fake_ctr.answer("-n", namespace, "images", "ls", "-q", stdout=names)
        fake_ctr.answer("-n", namespace, "containers", "ls", stdout=CONTAINERS)
    return fake_ctr


def changes(host: FakeCtr) -> list[list[str]]:
    """The calls that change something, without the namespace."""
    reading = {"ls", "info", "--version", "version"}
    return [call[2:] for call in host.calls if not reading & set(call)]


def on(host: FakeCtr, *words: str, stdout: str = "", stderr: str = "", exit_code: int = 0) -> None:
    host.answer(*NS, "images", *words, stdout=stdout, stderr=stderr, exit_code=exit_code)


def test_a_tag_that_exists_is_left_alone_and_the_others_are_made(
    host: FakeCtr, capsys: Capture
) -> None:
    on(host, "tag", "example.com/a:1", "new:1")
    assert main(["images", "tag", "example.com/a:1", "example.com/b:1", "new:1", *HERE]) == 1
    out, err = capsys.readouterr()
    assert out == "new:1\n"
    assert "example.com/b:1 already exists in realm" in err
    assert changes(host) == [["images", "tag", "example.com/a:1", "new:1"]]


def test_a_forced_tag_and_a_flag_of_ctrs_come_before_the_names(host: FakeCtr) -> None:
    on(host, "tag", "--force", "--odd", "example.com/a:1", "example.com/b:1")
    words = ["images", "tag", "--force", "example.com/a:1", "example.com/b:1", *HERE]
    assert main([*words, "--", "--odd"]) == 0
    assert len(changes(host)) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("tag", "nope", "new:1"),
        ("label", "nope", "a=b"),
        ("convert", "nope", "new:1"),
        ("rm", "nope"),
    ],
)
def test_an_image_that_there_is_not_is_3_and_nothing_is_changed(
    host: FakeCtr, capsys: Capture, words: tuple[str, ...]
) -> None:
    assert main(["images", *words, *HERE]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "there is no image nope" in err
    assert "example.com/a:1" in err
    assert changes(host) == []


def test_a_new_ctr_on_an_old_containerd_tags_by_itself(host: FakeCtr) -> None:
    host.answer("--version", stdout="ctr github.com/containerd/containerd/v2 2.1.9\n")
    said = "Client:\n  Version:  2.1.9\n  Revision: x\n  Go version: go1.24\n\n"
    said += "Server:\n  Version:  1.6.20\n  Revision: y\n  UUID: z\n"
    host.answer("version", stdout=said)
    on(host, "tag", "--local", "example.com/a:1", "new:1")
    assert main(["images", "tag", "example.com/a:1", "new:1", *HERE]) == 0
    assert changes(host) == [["images", "tag", "--local", "example.com/a:1", "new:1"]]


def test_labels_are_checked_before_anything_runs(host: FakeCtr, capsys: Capture) -> None:
    for bad in ("bare", "=x", "k=a\nb", "k\n=a", "k=a\tb", "k=\x1b[1m", "k=\x85"):
        assert main(["images", "label", "example.com/a:1", bad, *HERE]) == 2
        assert f"{bad!r} " in capsys.readouterr().err
    assert host.calls == []
    on(host, "label", "--replace-all", "example.com/a:1", "a=b=c", "d=")
    words = ["images", "label", "--replace-all", "example.com/a:1", "a=b=c", "d=", *HERE]
    assert main(words) == 0
    assert capsys.readouterr().out == "example.com/a:1\n"


def test_each_removal_is_reported_and_users_are_named(host: FakeCtr, capsys: Capture) -> None:
    on(host, "rm", "example.com/a:1", stdout="example.com/a:1\n")
    on(host, "rm", "--sync", "example.com/b:1", stderr="ctr: unable to delete: no\n", exit_code=1)
    refs = ("example.com/a:1", "nope", "example.com/b:1")
    assert main(["images", "rm", "--sync", *refs, *HERE]) == 3
    out, err = capsys.readouterr()
    assert out == "example.com/a:1\n"
    assert "warning: example.com/a:1 is still used by the container web" in err
    assert "there is no image nope" in err
    assert "unable to delete" in err
    # the last one waits for the garbage, as in ctr
    assert [call[2:] for call in changes(host)] == [
        ["example.com/a:1"],
        ["--sync", "example.com/b:1"],
    ]


def test_the_near_names_are_those_that_are_left(host: FakeCtr, capsys: Capture) -> None:
    refs = ("example.com/a:1", "example.com/b:1")
    for ref in refs:
        on(host, "rm", ref, stdout=f"{ref}\n")
    assert main(["images", "rm", *refs, "example.com/x:1", *HERE]) == 3
    (hint,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hint: ")]
    assert hint.startswith("hint: the realm has: example.com/c:1 (")


def test_an_image_that_goes_first_is_not_found(host: FakeCtr, capsys: Capture) -> None:
    on(host, "rm", "example.com/b:1", stderr='level=warning msg="b: image not found"\n')
    assert main(["images", "rm", "example.com/b:1", *HERE]) == 3
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("words", [("rm", "--all"), ("prune", "--all")])
def test_all_of_them_need_a_yes(host: FakeCtr, capsys: Capture, words: tuple[str, ...]) -> None:
    assert main(["images", *words, *HERE]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "example.com/b:1, example.com/c:1" in err
    assert "--yes" in err
    assert changes(host) == []


def test_a_dry_run_of_prune_prints_the_calls_and_makes_none(host: FakeCtr, capsys: Capture) -> None:
    assert main(["images", "prune", "--all", "--dry-run", *HERE]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "env ctr -n kukeon-main images rm example.com/b:1",
        "env ctr -n kukeon-main images rm --sync example.com/c:1",
    ]
    assert changes(host) == []


def test_prune_leaves_what_a_container_uses(host: FakeCtr, capsys: Capture) -> None:
    for flag, ref in (((), "example.com/b:1"), (("--sync",), "example.com/c:1")):
        on(host, "rm", *flag, ref, stdout=f"{ref}\n")
    assert main(["images", "prune", "--all", "--yes", *HERE]) == 0
    assert capsys.readouterr().out.split() == ["example.com/b:1", "example.com/c:1"]


def test_containers_that_cant_be_read_stop_a_prune(host: FakeCtr, capsys: Capture) -> None:
    broken = CONTAINERS + "odd          two\nlines   io.containerd.runc.v2    \n"
    host.answer(*NS, "containers", "ls", stdout=broken)
    assert main(["images", "prune", "--all", "--yes", *HERE]) == 4
    assert changes(host) == []


def test_containers_that_cant_be_read_keep_nobody_from_removing(
    host: FakeCtr, capsys: Capture
) -> None:
    broken = CONTAINERS + "odd          two\nlines   io.containerd.runc.v2    \n"
    host.answer(*NS, "containers", "ls", stdout=broken)
    on(host, "rm", "example.com/b:1", stdout="example.com/b:1\n")
    assert main(["images", "rm", "example.com/b:1", *HERE]) == 0
    out, err = capsys.readouterr()
    assert out == "example.com/b:1\n"
    assert "could not find out" in err


@pytest.mark.parametrize(
    "words",
    [
        ("prune",),
        ("rm",),
        ("rm", "--all", "example.com/a:1"),
        ("rm", "--all", "--yes", "-A"),
        ("rm", "example.com/a:1", "-o", "json"),
        ("prune", "--all", "-A"),
        ("tag", "example.com/a:1"),
        ("label", "example.com/a:1"),
        ("unmount",),
        ("mount", "example.com/a:1", "/no/such/folder"),
        ("rm", "example.com/a:1", "--", "-n", "moby"),
    ],
)
def test_wrong_usage_changes_nothing(host: FakeCtr, words: tuple[str, ...]) -> None:
    where = () if "-A" in words else HERE
    front, dashes, extra = list(words), [], []
    if "--" in words:
        at = words.index("--")
        front, dashes, extra = list(words[:at]), ["--"], list(words[at + 1 :])
    assert main(["images", *front, *where, *dashes, *extra]) == 2
    assert changes(host) == []


def test_nothing_is_removed_where_the_settings_point_to_a_foreign_namespace(
    host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "config.yaml"
    settings.write_text("realms: {docker: {namespace: moby}}\n")
    monkeypatch.setenv("KUKE_CTR_CONFIG", str(settings))
    for words in (("rm", "example.com/a:1"), ("rm", "--all", "--yes"), ("prune", "--all", "--yes")):
        assert main(["images", *words, "--realm", "docker"]) == 2
        assert "moby" in capsys.readouterr().err
    assert changes(host) == []


def test_convert_never_takes_a_name_that_exists(host: FakeCtr, capsys: Capture) -> None:
    assert main(["images", "convert", "example.com/a:1", "example.com/b:1", *HERE]) == 1
    assert changes(host) == []
    on(host, "convert", "--oci", "example.com/a:1", "new:1", stdout="sha256:0\n")
    assert main(["images", "convert", "--oci", "example.com/a:1", "new:1", *HERE]) == 1
    assert "ctr reported success, but the image new:1" in capsys.readouterr().err


def test_convert_and_the_reference_check_say_which_ctr_has_them(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer("--version", stdout="ctr github.com/containerd/containerd 1.4.13\n")
    assert main(["images", "convert", "example.com/a:1", "new:1", *HERE]) == 1
    assert "it needs ctr 1.5" in capsys.readouterr().err
    words = ["images", "tag", "--skip-reference-check", "example.com/a:1", "a b", *HERE]
    assert main(words) == 1
    assert "it needs ctr 2.0" in capsys.readouterr().err
    assert changes(host) == []


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Says how many mounts the kernel shows on any folder."""

    def set_count(count: int) -> None:
        monkeypatch.setattr(mounts, "count_at", lambda path: count)

    set_count(0)
    return set_count


def snapshot(host: FakeCtr, path: Path, found: dict[str, str] | None) -> None:
    gone = NOT_FOUND.format(path)
    host.answer(
        *NS,
        *("snapshots", "info", str(path)),
        stdout="" if found is None else json.dumps(found),
        stderr=gone if found is None else "",
        exit_code=0 if found is not None else 1,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty one."""
    (found := tmp_path / "mnt").mkdir()
    return found


def test_an_image_is_mounted_on_the_whole_path(
    host: FakeCtr,
    capsys: Capture,
    tmp_path: Path,
    folder: Path,
    mounted: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    snapshot(host, folder, None)
    flags = ("--rw", "--platform", "linux/arm64")
    on(host, "mount", *flags, "example.com/a:1", str(folder), stdout=f"sha256:1\n{folder}\n")
    monkeypatch.chdir(tmp_path)
    assert main(["images", "mount", *flags, "example.com/a:1", "./x/../mnt", *HERE]) == 0
    assert capsys.readouterr().out == f"{folder}\n"


@pytest.mark.parametrize(("kind", "flags"), [("View", ("--rw",)), ("Active", ())])
def test_a_snapshot_of_an_earlier_mount_is_not_mounted_for_another(
    host: FakeCtr,
    capsys: Capture,
    folder: Path,
    mounted: Callable[[int], None],
    kind: str,
    flags: tuple[str, ...],
) -> None:
    snapshot(host, folder, {"Kind": kind, "Parent": "sha256:1"})
    assert main(["images", "mount", *flags, "example.com/a:1", str(folder), *HERE]) == 1
    assert "--rm" in capsys.readouterr().err
    assert changes(host) == []


def test_the_snapshot_of_another_image_is_unmounted_again(
    host: FakeCtr, capsys: Capture, folder: Path, mounted: Callable[[int], None]
) -> None:
    snapshot(host, folder, {"Kind": "View", "Parent": "sha256:other"})
    on(host, "mount", "example.com/a:1", str(folder), stdout=f"sha256:1\n{folder}\n")
    on(host, "unmount", str(folder), stdout=f"{folder}\n")
    assert main(["images", "mount", "example.com/a:1", str(folder), *HERE]) == 1
    assert changes(host)[-1] == ["images", "unmount", str(folder)]
    assert "from another image" in capsys.readouterr().err


def test_nothing_but_an_image_of_the_realm_is_unmounted(
    host: FakeCtr, capsys: Capture, tmp_path: Path, mounted: Callable[[int], None]
) -> None:
    snapshot(host, tmp_path, None)
    mounted(1)
    assert main(["images", "unmount", str(tmp_path), *HERE]) == 3
    assert main(["images", "unmount", "--rm", str(tmp_path), *HERE]) == 3
    assert f"umount {tmp_path}" in capsys.readouterr().err
    snapshot(host, tmp_path, {"Kind": "View", "Parent": "sha256:1"})
    mounted(2)
    assert main(["images", "unmount", str(tmp_path), *HERE]) == 2
    assert "one above the other" in capsys.readouterr().err
    mounted(0)
    assert main(["images", "unmount", str(tmp_path), *HERE]) == 3
    assert changes(host) == []


def test_a_mount_that_stays_is_a_failure(
    host: FakeCtr, capsys: Capture, tmp_path: Path, mounted: Callable[[int], None]
) -> None:
    snapshot(host, tmp_path, {"Kind": "View", "Parent": "sha256:1"})
    on(host, "unmount", str(tmp_path), stdout=f"{tmp_path}\n")
    mounted(1)
    assert main(["images", "unmount", str(tmp_path), *HERE]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "still mounted" in err


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_what_is_no_empty_folder_is_refused_before_anything_runs(
    host: FakeCtr,
    capsys: Capture,
    folder: Path,
    mounted: Callable[[int], None],
    dry: tuple[str, ...],
) -> None:
    def said(path: Path) -> str:
        assert main(["images", "mount", "example.com/a:1", str(path), *HERE, *dry]) == 2
        return capsys.readouterr().err

    mounted(1)
    assert "something is already mounted on" in said(folder)
    mounted(0)
    (file := folder / "file").touch()
    assert "is not empty; a mount would hide its files" in said(folder)
    assert "is not a directory" in said(file)
    assert "does not exist" in said(folder / "none")
    assert host.calls == []


@pytest.mark.parametrize("earlier", [None, {"Kind": "View", "Parent": "sha256:1"}])
@pytest.mark.parametrize("fails", [False, True])
def test_a_mount_that_is_ended_takes_away_what_it_had_begun(
    host: FakeCtr,
    capsys: Capture,
    folder: Path,
    mounted: Callable[[int], None],
    earlier: dict[str, str] | None,
    fails: bool,
) -> None:
    snapshot(host, folder, earlier)
    host.answer(*NS, "images", "mount", "example.com/a:1", str(folder), first="exec sleep 30")
    flags = ("--rm",) if earlier is None else ()
    on(host, "unmount", *flags, str(folder), exit_code=int(fails))
    words = ["images", "mount", "example.com/a:1", str(folder), *HERE, "--timeout", "500ms"]
    assert main(words) == 124
    assert changes(host)[-1] == ["images", "unmount", *flags, str(folder)]
    err = capsys.readouterr().err
    told = " ".join(["`kuke-ctr images unmount", *flags, str(folder)])
    assert told in err if fails else "the mount was undone" in err


def test_mounts_are_counted_by_their_real_and_escaped_path(tmp_path: Path) -> None:
    (folder := tmp_path / "a b\\c").mkdir()
    (link := tmp_path / "link").symlink_to(folder)
    point = str(folder).replace("\\", "\\134").replace(" ", "\\040")
    lines = [
        "22 1 254:1 / / rw,relatime - ext4 /dev/vda rw",
        f"30 22 254:1 /x {point} ro,relatime shared:1 - ext4 /dev/vda rw",
        f"31 30 0:50 / {point} ro - overlay overlay rw",
        f"32 22 0:51 / {point}/below ro - overlay overlay rw",
    ]
    (file := tmp_path / "mountinfo").write_text("\n".join(lines) + "\n")
    assert [mounts.count_at(str(one), file) for one in (folder, link, tmp_path)] == [2, 2, 0]
    assert mounts.count_at(os.sep) >= 1
