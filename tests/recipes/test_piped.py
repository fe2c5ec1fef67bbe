"""A program whose output is an archive: its end comes, whatever its reader takes."""

import os
import time

import pytest

from kuke_ctr.errors import CtrFailed, CtrMissing
from kuke_ctr.processes.runner import Processes
from kuke_ctr.recipes.piped import docker_save, piped, unpacked


def failure(said: str) -> CtrFailed:
    return CtrFailed(f"program: {said}")


def test_what_the_reader_leaves_holds_nobody() -> None:
    """ctr stops reading at the end mark of an archive; more than a pipe holds may follow."""
    began = time.monotonic()
    with piped(Processes(), ("head", "-c", "9000000", "/dev/zero"), failure) as descriptor:
        assert os.read(descriptor, 10) == bytes(10)
    assert time.monotonic() - began < 5


def test_a_failure_of_the_program_tells_more_than_that_of_its_reader() -> None:
    with (
        pytest.raises(CtrFailed, match="program: cut off"),
        piped(Processes(), ("sh", "-c", "echo cut off >&2; exit 3"), failure) as descriptor,
    ):
        os.read(descriptor, 10)
        raise CtrFailed("ctr: unexpected EOF")


def test_a_failure_of_the_reader_alone_is_told() -> None:
    with pytest.raises(CtrFailed, match="ctr: no space"), piped(Processes(), ("true",), failure):
        raise CtrFailed("ctr: no space")


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(CtrMissing) as missing, docker_save(Processes(), ("docker", "save", "x")):
        pass
    assert "import the file" in (missing.value.hint or "")
    with pytest.raises(CtrMissing) as missing, unpacked(Processes(), ("xz", "-dc", "f"), "f"):
        pass
    assert "install xz" in (missing.value.hint or "")
