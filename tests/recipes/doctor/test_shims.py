"""Which shims are silent, by a /proc that the test makes."""

import os
from pathlib import Path

import pytest

from kuke_ctr.recipes.doctor import shims
from kuke_ctr.recipes.doctor.shims import Shim, shims_of
from kuke_ctr.recipes.process_facts import is_younger
from tests.support.doctor_facts import NS

WEB = (NS, "web")


@pytest.fixture(autouse=True)
def _old(monkeypatch: pytest.MonkeyPatch) -> None:
    """All processes are old."""
    monkeypatch.setattr(shims, "is_younger", lambda *args: False)


def process(proc: Path, pid: int, *words: str, state: str = "S (sleeping)") -> None:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "cmdline").write_text("".join(f"{word}\0" for word in words))
    (folder / "status").write_text(f"Name:\tx\nState:\t{state}\n")


def shim(proc: Path, pid: int, *, namespace: str = NS, state: str = "S (sleeping)") -> None:
    words = ("/usr/bin/containerd-shim-runc-v2", "-namespace", namespace, "-id", "web")
    process(proc, pid, *words, "-address", "/run/c.sock", state=state)


def test_the_shim_of_a_container_is_found_by_its_command_line(tmp_path: Path) -> None:
    shim(tmp_path, 30)
    shim(tmp_path, 31, namespace="other")
    process(tmp_path, 32, "sh", "-namespace", NS, "-id", "web")
    process(tmp_path, 33)
    assert shims_of({WEB}, "/run/c.sock", proc=tmp_path) == {WEB: Shim(30, stopped=False)}
    assert shims_of({WEB}, "/run/other.sock", proc=tmp_path) == {}
    assert shims_of({WEB}, None, proc=tmp_path) == {}
    assert shims_of(set(), "/run/c.sock", proc=tmp_path) == {}


def test_a_stopped_shim_can_go_on(tmp_path: Path) -> None:
    shim(tmp_path, 30, state="T (stopped)")
    assert shims_of({WEB}, "/run/c.sock", proc=tmp_path) == {WEB: Shim(30, stopped=True)}


def test_a_young_shim_may_be_about_to_start_its_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shims, "is_younger", lambda *args: True)
    shim(tmp_path, 30)
    assert shims_of({WEB}, "/run/c.sock", proc=tmp_path) == {}


def test_the_age_of_a_process() -> None:
    assert is_younger(os.getpid(), 1e6)
    assert not is_younger(os.getpid(), -1.0)
    assert not is_younger(0, 1e6)  # it does not exist
