"""`scripts/quickstart --stop` says what it did, or why it did nothing."""

import os
import sys
from pathlib import Path

import pytest

from scripts.lib import quickstart


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The command line is `--stop`; the folder of the demo, which does not exist yet."""
    demo = tmp_path / ".demo"
    monkeypatch.setattr(quickstart, "DEMO", demo)
    monkeypatch.setattr(sys, "argv", ["quickstart", "--stop"])
    return demo


def test_stop_without_a_demo(stop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quickstart.main() == 0
    assert "no demo to stop" in capsys.readouterr().out


def test_stop_says_what_it_did(stop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stop.mkdir()
    assert quickstart.main() == 0
    assert "deleted .demo/" in capsys.readouterr().out
    assert not stop.exists()


def test_stop_without_permission(
    stop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop.mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert quickstart.main() == 1
    assert f"no permission to write {stop}" in capsys.readouterr().err
    assert stop.exists()
