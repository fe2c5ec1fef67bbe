"""What the pages for programs name beside the methods of a realm: tables, and the logs."""

import re
from importlib import import_module

import pytest

from kuke_ctr import OpenRealm, open_realm
from kuke_ctr.backends.ctr.tables import ListCall
from tests.support.paths import DOCS
from tests.support.paths import FIXTURES as HOSTS

HOST = HOSTS / "kukeon-0.9.1"


def recorded(name: str) -> OpenRealm:
    return open_realm(name, run_path=str(HOST / "run"), replay=str(HOST / "ctr"))


def test_the_tables_of_a_realm_are_there() -> None:
    text = (DOCS / "library.md").read_text()
    (modules,) = re.findall(r"The tables are `LS` of (.*?) in\n", text)
    for module in re.findall(r"`(\w+)`", modules):
        found = import_module(f"kuke_ctr.backends.ctr.{module}").LS
        assert isinstance(found, ListCall)
    for module, table in re.findall(r"`(\w+)\.([A-Z]+)`", text):
        assert isinstance(
            getattr(import_module(f"kuke_ctr.backends.ctr.{module}"), table), ListCall
        )


def test_the_log_of_a_container_is_read_as_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("kuke_ctr.session.open_realm", recorded)
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS / "logs.md").read_text(), re.DOTALL)
    exec(block, {})
    assert set(capsys.readouterr().out.split("\n")) == {"tick", ""}
