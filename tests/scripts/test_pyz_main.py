"""Where the one file unpacks to: never where somebody else could put something in its place.

`scripts/build-pyz --check` builds the file and runs it as another user; that takes too long here.
"""

import os
from pathlib import Path

import pytest

from scripts.lib import pyz_main


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/var/tmp and /tmp are left alone."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(pyz_main, "WITHOUT_HOME", str(tmp_path / "own"))


def test_in_a_home_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert pyz_main.root() == str(tmp_path / ".shiv")


@pytest.mark.parametrize("home", ["/proc", "/nowhere", "relative", "/tmp"])
def test_without_a_home_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("HOME", home)
    own = Path(pyz_main.root())
    assert own == tmp_path / "own"
    assert own.stat().st_mode & 0o777 == 0o700
    assert pyz_main.root() == str(own), "the same again"


@pytest.mark.parametrize("left", ["link", "open", "file", "of another user"])
def test_what_somebody_else_has_left_there_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    monkeypatch.setenv("HOME", "/nowhere")
    own = tmp_path / "own"
    if left == "link":
        (tmp_path / "real").mkdir(mode=0o700)
        own.symlink_to(tmp_path / "real")
    elif left == "file":
        own.touch()
    else:
        own.mkdir()
        own.chmod(0o777 if left == "open" else 0o700)
    if left == "of another user":
        if os.geteuid() != 0:
            pytest.skip("only root can give a directory away")
        os.chown(own, 1234, -1)
    found = Path(pyz_main.root())
    assert found != own
    assert found.parent == tmp_path
    assert pyz_main.is_ours(str(found))
