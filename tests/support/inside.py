"""kuke-ctr in this process: the whole command line without the start of a Python each time."""

import subprocess  # noqa: TID251 (for its record of what a run gave)
from dataclasses import dataclass

import pytest

from kuke_ctr.cli.main import main
from scripts.lib.containerd import PrivateContainerd
from tests.support.runner import KukeCtr


@dataclass(frozen=True)
class Inside:
    """Call it with kuke-ctr's arguments; stdin is no terminal."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    kuke_ctr: KukeCtr

    def on(self, daemon: PrivateContainerd) -> "Inside":
        """The same with this daemon's address, and its ctr first on PATH."""
        told = self.kuke_ctr.on(daemon)
        if daemon.snapshotter != "overlayfs":
            told = told.set(CONTAINERD_SNAPSHOTTER=daemon.snapshotter)
        for name, value in told.environment.items():
            self.monkeypatch.setenv(name, value)
        return self

    def __call__(self, *argv: str) -> subprocess.CompletedProcess[str]:
        self.capsys.readouterr()
        code = main(argv)
        out, err = self.capsys.readouterr()
        return subprocess.CompletedProcess(argv, code, out, err)


@pytest.fixture
def inside(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kuke_ctr: KukeCtr
) -> Inside:
    """kuke-ctr with an empty home and an empty run path; `.on(daemon)` gives it an address."""
    return Inside(monkeypatch, capsys, kuke_ctr)
