"""A file that is there when it is whole, and not before."""

import os
import stat
from pathlib import Path

import pytest

from kuke_ctr.errors import Forbidden, UsageError
from kuke_ctr.recipes.whole_file import whole_or_nothing
from tests.support.transfer_values import entries


@pytest.fixture(params=["nameless files", "names only"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file system with or without files that have no name."""
    if request.param == "names only":
        monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY)
    return str(request.param)


def test_a_file_is_there_when_it_is_whole(tmp_path: Path, disk: str) -> None:
    target = tmp_path / "x.tar"
    with whole_or_nothing(target) as descriptor:
        os.write(descriptor, b"whole")
        assert not target.exists()
        assert len(entries(tmp_path)) == (0 if disk == "nameless files" else 1)
    assert (target.read_bytes(), entries(tmp_path)) == (b"whole", ["x.tar"])
    assert stat.S_IMODE(target.stat().st_mode) & 0o600 == 0o600


@pytest.mark.usefixtures("disk")
def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "x.tar"
    for before in (None, "older"):
        if before is not None:
            target.write_text(before)
        with pytest.raises(KeyboardInterrupt), whole_or_nothing(target) as descriptor:
            os.write(descriptor, b"half")
            raise KeyboardInterrupt
        assert entries(tmp_path) == ([] if before is None else ["x.tar"])
        assert before is None or target.read_text() == before


@pytest.mark.usefixtures("disk")
def test_a_link_stays_a_link_and_a_mode_a_mode(tmp_path: Path) -> None:
    target, link = tmp_path / "real", tmp_path / "link"
    target.write_text("older")
    target.chmod(0o604)
    link.symlink_to("real")
    with whole_or_nothing(link) as descriptor:
        os.write(descriptor, b"new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o604


def test_a_device_is_written_to_and_not_replaced() -> None:
    with whole_or_nothing(Path("/dev/null")) as descriptor:
        os.write(descriptor, b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_place_where_no_file_can_be_is_wrong_usage(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none" / "x", tmp_path / "file" / "x"):
        (tmp_path / "file").write_text("")
        with pytest.raises(UsageError), whole_or_nothing(place):
            pass
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(Forbidden), whole_or_nothing(tmp_path / "x"):
            pass


@pytest.mark.parametrize("kind", ["file", "link", "fifo", "folder"])
def test_what_another_user_left_in_a_shared_folder_is_refused(tmp_path: Path, kind: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make files of other users")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    theirs = shared / "x"
    if kind == "link":
        theirs.symlink_to(tmp_path / "target")
    elif kind == "fifo":
        os.mkfifo(theirs)
    elif kind == "folder":
        theirs.mkdir()
    else:
        theirs.write_text("old")
    os.chown(theirs, 12345, 12345, follow_symlinks=False)
    target = theirs / "below" if kind == "folder" else theirs
    with pytest.raises(Forbidden, match="of another user"), whole_or_nothing(target) as descriptor:
        os.write(descriptor, b"new")
    assert [entry.name for entry in shared.rglob("*")] == ["x"]
    assert kind != "file" or theirs.read_text() == "old"
