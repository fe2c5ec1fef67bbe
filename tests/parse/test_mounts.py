"""The mount commands that ctr prints are read strictly, and mounts are told by their folders."""

import pytest

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.mounts import (
    MountCommand,
    folder_in_file_system,
    mounted_from,
    parse_mount_commands,
    parse_mountinfo,
)

ROOT = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots"
OVERLAY = (
    f"mount -t overlay overlay /mnt/x -o index=off,workdir={ROOT}/5/work,upperdir={ROOT}/5/fs,"
    f"lowerdir={ROOT}/1/fs"
)
MOUNTINFO = f"""\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
23 22 254:2 /top /var rw,relatime shared:2 - ext4 /dev/vdb rw
90 22 254:2 /top/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/6/fs /mnt/a\\040b \
ro,relatime - ext4 /dev/vdb rw
91 22 0:94 / /run/c/rootfs rw,relatime - overlay overlay \
rw,lowerdir={ROOT}/1/fs,upperdir={ROOT}/5/fs,workdir={ROOT}/5/work
92 22 0:95 / /mnt/view ro - overlay overlay ro,lowerdir={ROOT}/2/fs:{ROOT}/1/fs
junk
"""


def test_a_mount_command_becomes_the_argv_of_mount() -> None:
    (command,) = parse_mount_commands([OVERLAY], "/mnt/x")
    assert command.argv() == (
        "mount",
        "-t",
        "overlay",
        "-o",
        f"index=off,workdir={ROOT}/5/work,upperdir={ROOT}/5/fs,lowerdir={ROOT}/1/fs",
        "overlay",
        "/mnt/x",
    )
    assert not command.read_only


def test_read_only_takes_the_place_of_rw() -> None:
    (command,) = parse_mount_commands(["mount -t bind /s/6/fs /mnt/x -o rw,rbind"], "/mnt/x")
    assert command.without_writing().options == ("rbind", "ro")
    assert command.without_writing().read_only


def test_a_command_may_have_no_options_and_mount_below_the_target() -> None:
    lines = ["mount -t erofs /a /mnt/x/lower", "mount -t ext4 /dev/mapper/x /mnt/x"]
    first, second = parse_mount_commands(lines, "/mnt/x")
    assert first == MountCommand("erofs", "/a", "/mnt/x/lower")
    assert second.argv() == ("mount", "-t", "ext4", "/dev/mapper/x", "/mnt/x")


@pytest.mark.parametrize(
    "line",
    [
        "mount -t overlay overlay /mnt/x -o a=b extra",
        "mount -t overlay over lay /mnt/x -o a=b",
        "mount -t overlay overlay /mnt/x -o ",
        "mount -t overlay overlay /etc -o ro",
        "mount -t overlay overlay /mnt/xy -o ro",
        "mount -t overlay overlay /mnt/x/../../etc -o ro",
        "mount -t -o overlay /mnt/x -o ro",
        "mount -t overlay --bind /mnt/x -o ro",
        "mount -t overlay  /mnt/x -o ro",
        "mount -t overlay\toverlay /mnt/x -o ro x",
        "umount -t overlay overlay /mnt/x -o ro",
        "rm -rf /",
    ],
)
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(Unreadable, match="does not run"):
        parse_mount_commands([line], "/mnt/x")


def test_mountinfo_is_read_with_its_escapes() -> None:
    mounts = list(parse_mountinfo(MOUNTINFO))
    assert [mounted.target for mounted in mounts] == [
        "/",
        "/var",
        "/mnt/a b",
        "/run/c/rootfs",
        "/mnt/view",
    ]
    assert [mounted.read_only for mounted in mounts] == [False, False, True, False, True]


def test_a_path_is_found_in_the_file_system_that_is_mounted_there() -> None:
    mounts = list(parse_mountinfo(MOUNTINFO))
    assert folder_in_file_system("/var/lib/x", mounts) == ("254:2", "/top/lib/x")
    assert folder_in_file_system("/various", mounts) == ("254:1", "/various")
    assert folder_in_file_system("/var/lib/x", []) is None


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (OVERLAY, ["/run/c/rootfs"]),
        (OVERLAY.replace("/5/", "/7/"), []),  # stands on the same layer, and is another
        (f"mount -t bind {ROOT}/6/fs /mnt/x -o ro,rbind", ["/mnt/a b"]),
        (f"mount -t bind {ROOT}/9/fs /mnt/x -o ro,rbind", []),
        (f"mount -t overlay overlay /mnt/x -o lowerdir={ROOT}/2/fs:{ROOT}/1/fs", ["/mnt/view"]),
        (f"mount -t overlay overlay /mnt/x -o lowerdir={ROOT}/3/fs:{ROOT}/1/fs", []),
    ],
)
def test_a_snapshot_is_found_among_the_mounts(command: str, expected: list[str]) -> None:
    (parsed,) = parse_mount_commands([command], "/mnt/x")
    assert mounted_from(parsed, parse_mountinfo(MOUNTINFO)) == expected
