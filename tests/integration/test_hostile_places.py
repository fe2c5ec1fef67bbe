"""What a user has left in a folder like /tmp for root to write into: nothing is written."""

import os
from pathlib import Path

import pytest

from tests.support.kukeon_host import KukeonHost
from tests.support.runner import KukeCtr
from tests.support.running import BUSYBOX, Place

MALLORY = 12345


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder as /tmp is, with a folder, links, a file and a FIFO of another user's."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    (tmp_path / "root").mkdir()
    for name in ("folder", "folder/below"):
        (folder / name).mkdir(mode=0o777)
    (folder / "link").symlink_to(tmp_path / "root")
    (folder / "to-file").symlink_to(tmp_path / "root" / "passwd")
    (folder / "file").touch()
    os.mkfifo(folder / "fifo")
    for each in (folder / "folder/below", *folder.iterdir()):
        os.lchown(each, MALLORY, MALLORY)
    return folder


@pytest.mark.parametrize("name", ["folder", "folder/below", "folder/new", "link", "link/new"])
def test_recordings(kukeon_host: KukeonHost, kuke_ctr: KukeCtr, shared: Path, name: str) -> None:
    kukeon_host.forget()
    kuke = kukeon_host.on(kuke_ctr)
    done = kuke("images", "ls", "-r", "main", "--record", str(shared / name))
    assert (done.returncode, done.stdout) == (126, "")
    assert "of another user, in a directory that everybody may write to" in done.stderr
    assert list((shared / "folder").rglob("*.json")) == []
    assert list((shared.parent / "root").iterdir()) == []
    assert kukeon_host.calls == []


@pytest.mark.parametrize("name", ["file", "fifo", "to-file", "link/new", "folder/new"])
def test_what_attach_saves(place: Place, shared: Path, name: str) -> None:
    running = place("run", "-d", "--fifo", *place.own(), BUSYBOX, "sleep", "3600")
    web = running.stdout.strip()
    done = place("attach", "--timeout", "5s", web, "--save", str(shared / name))
    assert done.returncode == 125
    assert "of another user, in a directory that everybody may write to" in done.stderr
    assert list((shared.parent / "root").iterdir()) == []
    assert (shared / "file").stat().st_size == 0


def test_the_callers_own_folder_is_good_under_sudo(
    kukeon_host: KukeonHost, kuke_ctr: KukeCtr, shared: Path
) -> None:
    kuke = kukeon_host.on(kuke_ctr).set(SUDO_UID=str(MALLORY))
    assert kuke("images", "ls", "-r", "main", "--record", str(shared / "folder")).returncode == 0
    written = sorted((shared / "folder").glob("*.json"))
    assert written
    assert {oct(path.stat().st_mode & 0o777) for path in written} == {"0o600"}
