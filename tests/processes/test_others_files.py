"""What somebody else has left in a folder like /tmp; what `other` returns is theirs."""

import os
from pathlib import Path

import pytest

from kuke_ctr.errors import Forbidden
from kuke_ctr.processes import others_files
from kuke_ctr.processes.others_files import refuse_others
from kuke_ctr.terminals.attachment import refuse_existing
from tests.support.recorded import recorder


class Everybody(set[int]):
    def __contains__(self, _: object) -> bool:
        return True


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that everybody may write to; all that is in it was left by somebody else."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    inode = folder.stat().st_ino
    monkeypatch.setattr(
        others_files, "_trusted", lambda one: set() if one.st_ino == inode else Everybody()
    )
    return folder


def test_a_name_that_is_free_is_ours(shared: Path) -> None:
    refuse_others(shared / "new")
    refuse_others(shared / "new" / "below")


@pytest.mark.parametrize("below", [".", "x", "x/y"])
def test_a_folder_of_another_user_is_refused(shared: Path, below: str) -> None:
    (shared / "theirs").mkdir()
    with pytest.raises(Forbidden, match="theirs is a directory of another user"):
        refuse_others(shared / "theirs" / below)


def test_a_link_is_refused_also_one_of_ours_to_theirs(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (shared / "link").symlink_to(tmp_path / "etc")
    for path in (shared / "link", shared / "link" / "x"):
        with pytest.raises(Forbidden, match="link is a symbolic link of another user"):
            refuse_others(path)
    (shared / "theirs").mkdir()
    (tmp_path / "ours").symlink_to(shared / "theirs")
    with pytest.raises(Forbidden, match="theirs is a directory of another user"):
        refuse_others(tmp_path / "ours" / "x")


def test_a_file_or_a_fifo_is_refused(shared: Path) -> None:
    (shared / "file").touch()
    os.mkfifo(shared / "fifo")
    for name in ("file", "fifo"):
        with pytest.raises(Forbidden, match=f"{name} is a file of another user"):
            refuse_others(shared / name)


def test_what_only_its_owner_may_write_to_is_left_to_the_owner(shared: Path) -> None:
    (shared / "theirs").mkdir()
    shared.chmod(0o755)
    refuse_others(shared / "theirs" / "x")


def test_root_the_caller_of_sudo_and_the_folders_owner_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_UID", "1234")
    folder = tmp_path.stat()
    assert others_files._trusted(folder) == {os.geteuid(), 0, folder.st_uid, 1234}
    for odd in ("", "²", "x"):
        monkeypatch.setenv("SUDO_UID", odd)
        assert others_files._trusted(folder) == {os.geteuid(), 0, folder.st_uid}


def test_recordings_and_what_attach_saves_do_not_go_there(shared: Path) -> None:
    (shared / "theirs").mkdir()
    with pytest.raises(Forbidden, match="theirs is a directory of another user"):
        recorder(shared / "theirs" / "record")
    with pytest.raises(Forbidden, match="theirs is a directory of another user"):
        refuse_existing(shared / "theirs" / "out")
    assert list(shared.glob("theirs/*")) == []
