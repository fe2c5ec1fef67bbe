"""`images mount` and `unmount` over a fake ctr."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.recipes import host_mounts as mounts
from tests.support.fake_ctr import FakeCtr
from tests.support.images_host import HERE, NS, Capture, changes, on

NOT_FOUND = "ctr: snapshot {} does not exist: not found\n"


def snapshot(images_host: FakeCtr, path: Path, found: dict[str, str] | None) -> None:
    gone = NOT_FOUND.format(path)
    images_host.answer(
        *NS,
        *("snapshots", "info", str(path)),
        stdout="" if found is None else json.dumps(found),
        stderr=gone if found is None else "",
        exit_code=0 if found is not None else 1,
    )


def test_an_image_is_mounted_on_the_whole_path(
    images_host: FakeCtr,
    capsys: Capture,
    tmp_path: Path,
    folder: Path,
    mounted: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    snapshot(images_host, folder, None)
    flags = ("--rw", "--platform", "linux/arm64")
    on(images_host, "mount", *flags, "example.com/a:1", str(folder), stdout=f"sha256:1\n{folder}\n")
    monkeypatch.chdir(tmp_path)
    assert main(["images", "mount", *flags, "example.com/a:1", "./x/../mnt", *HERE]) == 0
    assert capsys.readouterr().out == f"{folder}\n"


@pytest.mark.parametrize(("kind", "flags"), [("View", ("--rw",)), ("Active", ())])
def test_a_snapshot_of_an_earlier_mount_is_not_mounted_for_another(
    images_host: FakeCtr,
    capsys: Capture,
    folder: Path,
    mounted: Callable[[int], None],
    kind: str,
    flags: tuple[str, ...],
) -> None:
    snapshot(images_host, folder, {"Kind": kind, "Parent": "sha256:1"})
    assert main(["images", "mount", *flags, "example.com/a:1", str(folder), *HERE]) == 1
    assert "--rm" in capsys.readouterr().err
    assert changes(images_host) == []


def test_the_snapshot_of_another_image_is_unmounted_again(
    images_host: FakeCtr, capsys: Capture, folder: Path, mounted: Callable[[int], None]
) -> None:
    snapshot(images_host, folder, {"Kind": "View", "Parent": "sha256:other"})
    on(images_host, "mount", "example.com/a:1", str(folder), stdout=f"sha256:1\n{folder}\n")
    on(images_host, "unmount", str(folder), stdout=f"{folder}\n")
    assert main(["images", "mount", "example.com/a:1", str(folder), *HERE]) == 1
    assert changes(images_host)[-1] == ["images", "unmount", str(folder)]
    assert "from another image" in capsys.readouterr().err


def test_nothing_but_an_image_of_the_realm_is_unmounted(
    images_host: FakeCtr, capsys: Capture, tmp_path: Path, mounted: Callable[[int], None]
) -> None:
    snapshot(images_host, tmp_path, None)
    mounted(1)
    assert main(["images", "unmount", str(tmp_path), *HERE]) == 3
    assert main(["images", "unmount", "--rm", str(tmp_path), *HERE]) == 3
    assert f"umount {tmp_path}" in capsys.readouterr().err
    snapshot(images_host, tmp_path, {"Kind": "View", "Parent": "sha256:1"})
    mounted(2)
    assert main(["images", "unmount", str(tmp_path), *HERE]) == 2
    assert "one above the other" in capsys.readouterr().err
    mounted(0)
    assert main(["images", "unmount", str(tmp_path), *HERE]) == 3
    assert changes(images_host) == []


def test_a_mount_that_stays_is_a_failure(
    images_host: FakeCtr, capsys: Capture, tmp_path: Path, mounted: Callable[[int], None]
) -> None:
    snapshot(images_host, tmp_path, {"Kind": "View", "Parent": "sha256:1"})
    on(images_host, "unmount", str(tmp_path), stdout=f"{tmp_path}\n")
    mounted(1)
    assert main(["images", "unmount", str(tmp_path), *HERE]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "still mounted" in err


@pytest.mark.parametrize("earlier", [None, {"Kind": "View", "Parent": "sha256:1"}])
@pytest.mark.parametrize("fails", [False, True])
def test_a_mount_that_is_ended_takes_away_what_it_had_begun(
    images_host: FakeCtr,
    capsys: Capture,
    folder: Path,
    mounted: Callable[[int], None],
    earlier: dict[str, str] | None,
    fails: bool,
) -> None:
    snapshot(images_host, folder, earlier)
    images_host.answer(
        *NS, "images", "mount", "example.com/a:1", str(folder), first="exec sleep 30"
    )
    flags = ("--rm",) if earlier is None else ()
    on(images_host, "unmount", *flags, str(folder), exit_code=int(fails))
    words = ["images", "mount", "example.com/a:1", str(folder), *HERE, "--timeout", "500ms"]
    assert main(words) == 124
    assert changes(images_host)[-1] == ["images", "unmount", *flags, str(folder)]
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
