"""`cp` with a real container: while it runs, and by its snapshot once it has stopped."""

import os
import signal
import subprocess  # noqa: TID251 (the test unmounts what was left)
from collections.abc import Callable
from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.recipes.copying import root
from scripts.lib import processes
from scripts.lib.containerd import PrivateContainerd
from tests.support.changes_host import BUSYBOX, LIMIT, Host

MAKES = (
    "mkdir -p /data/sub && echo theirs >/data/a && ln -s /etc/shadow /data/link && "
    "echo 'in there' >/etc/shadow && ln -s /proc/1/root/etc /data/magic && exec sleep 3600"
)


def test_files_go_out_and_in(
    containerd: PrivateContainerd,
    host_of: Callable[[PrivateContainerd], Host],
    tmp_path: Path,
) -> None:
    host = host_of(containerd)
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 here\n")
    mount = f"type=bind,src={hosts},dst=/etc/hosts,options=rbind:rw"
    flags = ("--mount", mount)
    web = host.daemon.run(BUSYBOX, "sh", "-c", MAKES, namespace=host.namespace, flags=flags)
    inside = Path(f"/proc/{host.pid(web)}/root")
    assert processes.until((inside / "data/magic").is_symlink, LIMIT)
    out = tmp_path / "out"
    host.kuke(f"cp {web}:/data", str(out))
    assert (out / "a").read_text() == "theirs\n"
    assert os.readlink(out / "link") == "/etc/shadow"  # noqa: PTH115
    host.kuke(f"cp {web}:/data/link", str(tmp_path / "shadow"), "-L")
    host.kuke(f"cp {web}:/data/magic/shadow", str(tmp_path / "magic"))
    assert (tmp_path / "shadow").read_text() == (tmp_path / "magic").read_text() == "in there\n"
    (tmp_path / "new").write_text("new\n")
    host.kuke(f"cp {tmp_path}/new", f"{web}:/data/magic/new")
    assert (inside / "etc/new").read_text() == "new\n"
    host.kuke(f"cp {tmp_path}/new", f"{web}:/etc/hosts")  # a mount: it is written over
    assert hosts.read_text() == "new\n"
    host.kuke(f"cp {web}:/nope", str(out), fails=3, says=f"{web}:/nope does not exist")
    host.kuke(f"cp {web}x:/a", str(out), fails=3, says=f"the realm has: {web}")
    host.ctr("tasks", "kill", "-s", "KILL", web)
    assert host.ends(web)
    host.kuke(f"cp {tmp_path}/new", f"{web}:/data/late")
    host.kuke(f"cp {web}:/data/late", str(tmp_path / "late"))
    assert (tmp_path / "late").read_text() == "new\n"
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    assert not [line for line in mounts if line.split()[1].endswith("/files")]  # ours


def test_a_mount_that_stays_is_told_and_nothing_in_it_is_deleted(
    containerd: PrivateContainerd,
    host_of: Callable[[PrivateContainerd], Host],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The container's own files are in that mount."""
    host = host_of(containerd)
    web = host.daemon.run(BUSYBOX, "touch", "/precious", namespace=host.namespace)
    assert host.ends(web)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/umount").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin/umount").chmod(0o755)
    (tmp_path / "new").write_text("new")
    with monkeypatch.context() as broken:
        broken.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
        host.kuke(f"cp {tmp_path}/new", f"{web}:/new", fails=1, says="are still mounted on ")
    left = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    (place,) = [one for one in left if one.endswith("/files")]
    assert (Path(place) / "precious").exists()
    subprocess.run(["umount", place], check=True)
    Path(place).rmdir()
    Path(place).parent.rmdir()
    host.kuke(f"cp {web}:/precious", str(tmp_path / "precious"))


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_files_are_mounted_waits(
    containerd: PrivateContainerd,
    host_of: Callable[[PrivateContainerd], Host],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    signal_: signal.Signals,
) -> None:
    host = host_of(containerd)
    web = host.daemon.run(BUSYBOX, "touch", "/precious", namespace=host.namespace)
    assert host.ends(web)
    real = root._unmount

    def interrupted(scope: Scope, target: str) -> None:
        os.kill(os.getpid(), signal_)
        real(scope, target)

    monkeypatch.setattr(root, "_unmount", interrupted)
    host.kuke(f"cp {web}:/precious", str(tmp_path / "out"), fails=130, says="nothing was copied")
    assert "/files " not in Path("/proc/self/mounts").read_text()
    monkeypatch.undo()
