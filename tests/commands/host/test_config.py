"""`config show`: each value that holds, and who gave it."""

import json
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file that is used."""
    path = tmp_path / "config.yaml"
    path.write_text("realm: main\nctr: k3s ctr\nrealms: {t: {namespace: team-a}}\n")
    monkeypatch.setenv("KUKE_CTR_CONFIG", str(path))
    return path


def test_origin_says_who_gave_each_value(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTAINERD_ADDRESS", "/my.sock")
    argv = ["config", "show", "--origin", "-o", "json", "--ctr", "my ctr"]
    assert main(argv) == 0
    said = capsys.readouterr()
    found = {one["key"]: (one["value"], one["origin"]) for one in json.loads(said.out)}
    assert found["realm"] == ("main", f"{file}: realm")
    assert found["ctr"] == ("my ctr", "--ctr")
    assert found["address"] == ("/my.sock", "CONTAINERD_ADDRESS")
    assert found["suffix"] == ("kukeon.io", "the default")
    assert found["realms.t"] == ("team-a", f"{file}: realms.t")
    assert said.err == f"settings file {file}: read\n"


def test_the_table_has_the_origin_where_it_was_asked_for(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "show"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["KEY", "VALUE"]
    assert main(["config", "show", "--origin"]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.split() == ["KEY", "VALUE", "ORIGIN"]
    assert second.split(maxsplit=2) == ["realm", "main", f"{file}: realm"]


def test_a_variable_that_nothing_reads_gets_a_warning(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUKE_CTR_RELAM", "main")
    assert main(["config", "show"]) == 0
    assert "nothing reads KUKE_CTR_RELAM; perhaps KUKE_CTR_REALM" in capsys.readouterr().err
