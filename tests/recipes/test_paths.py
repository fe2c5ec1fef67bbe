"""Paths of this host and of another one."""

from pathlib import Path

import pytest

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.far import Far
from kuke_ctr.recipes.paths import absolute

WEB3 = Far("web3")


def test_a_path_of_this_host_is_one_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("a/b", "--rootfs", None) == tmp_path / "a/b"
    assert absolute("/a/../b", "--rootfs", None) == Path("/a/../b")


def test_of_another_host_only_absolute_paths_are_known() -> None:
    assert absolute("/a", "--rootfs", WEB3) == Path("/a")
    with pytest.raises(UsageError, match="--rootfs 'a' needs an absolute path") as refused:
        absolute("a", "--rootfs", WEB3)
    assert refused.value.hint == "it is a path on web3, not on this host"
