"""Changes of namespaces over a fake ctr."""

from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.cell_host import type_answer
from tests.support.cells import write_cell
from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, changes, contents


def test_an_empty_namespace_goes_after_a_word(
    runtime_host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf").write_text("realms: {shop: {namespace: default}}\n")
    monkeypatch.setenv("KUKE_CTR_CONFIG", str(tmp_path / "conf"))
    contents(runtime_host, "default", leases="l1\n")
    runtime_host.answer("namespaces", "rm", "--cgroup", "default")
    assert main(["namespaces", "rm", "-c", "default"]) == 2
    err = capsys.readouterr().err
    assert "realm shop uses it, according to its settings" in err
    assert "it belongs to no realm;" in err
    assert "it still has 1 lease" in err
    assert changes(runtime_host) == []
    assert main(["namespaces", "rm", "-c", "default", "--dry-run"]) == 0
    assert capsys.readouterr().out == "env ctr namespaces rm --cgroup default\n"
    # the fake one does not go
    assert main(["namespaces", "rm", "-c", "default", "-y"]) == 1
    assert "still exists" in capsys.readouterr().err


def test_a_realms_namespace_needs_both_words_and_names_its_cells(
    runtime_host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before 0.6, nothing of a stopped cell was in containerd."""
    monkeypatch.setenv("KUKEON_RUN_PATH", str(tmp_path))
    write_cell(tmp_path, "default/default/web")
    contents(runtime_host, "kukeon-main")
    runtime_host.answer("namespaces", "rm", "kukeon-main")
    for flags in ([], ["--yes"], ["--kukeon"]):
        assert main(["namespaces", "rm", "kukeon-main", *flags]) == 2
        err = capsys.readouterr().err
        assert "realm main uses it, according to its record" in err
        assert "Kukeon's cells need it: default/default/web" in err
    assert main(["namespaces", "rm", "kukeon-main", "--dry-run"]) == 0
    assert "cells need it: default/default/web" in capsys.readouterr().err
    assert changes(runtime_host) == []
    # the fake one does not go
    assert main(["namespaces", "rm", "kukeon-main", "--yes", "--kukeon"]) == 1
    type_answer(monkeypatch, "kukeon-main")
    assert main(["namespaces", "rm", "kukeon-main"]) == 1
    type_answer(monkeypatch, "y")
    assert main(["namespaces", "rm", "kukeon-main"]) == 130
