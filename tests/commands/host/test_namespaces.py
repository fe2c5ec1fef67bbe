"""Changes of namespaces over a fake ctr."""

from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
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
