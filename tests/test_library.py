"""What the pages for programs name beside the methods of a realm: tables, and the logs."""

import ast
import re

import pytest

import kuke_ctr.errors
import kuke_ctr.records
from kuke_ctr import OpenRealm, open_realm
from tests.support.paths import DOCS
from tests.support.paths import FIXTURES as HOSTS

HOST = HOSTS / "kukeon-0.9.1"


def recorded(name: str) -> OpenRealm:
    return open_realm(name, run_path=str(HOST / "run"), replay=str(HOST / "ctr"))


PUBLIC = ("library.md", "logs.md")


@pytest.mark.parametrize("page", PUBLIC)
def test_a_page_for_programs_uses_nothing_but_the_package(page: str) -> None:
    text = (DOCS / page).read_text()
    assert not re.findall(r"kuke_ctr\.\w+", text)
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        for node in ast.walk(ast.parse(block)):
            assert not isinstance(node, ast.Import)
            if isinstance(node, ast.ImportFrom):
                assert node.module == "kuke_ctr"
                assert {one.name for one in node.names} <= set(kuke_ctr.__all__)


def test_the_package_has_what_it_promises_and_nothing_else() -> None:
    errors = {
        name
        for name, found in vars(kuke_ctr.errors).items()
        if isinstance(found, type) and found.__module__ == "kuke_ctr.errors"
    }
    own = {"OpenRealm", "open_realm", "logs"}
    assert set(kuke_ctr.__all__) == own | errors | set(kuke_ctr.records.__all__)
    assert all(getattr(kuke_ctr, name) is not None for name in kuke_ctr.__all__)
    assert not hasattr(kuke_ctr, "make_host")


def test_the_lists_of_a_realm() -> None:
    text = (DOCS / "library.md").read_text()
    rows = re.findall(r"^\| `(\w+)\(.*\| `(\w+)` \|$", text, re.MULTILINE)
    assert len(rows) == 6
    for method, record in rows:
        told = getattr(OpenRealm, method).__annotations__["return"]
        assert str(told).strip('"').replace("kuke_ctr.records.", "") == f"tuple[{record}, ...]"


def test_the_log_of_a_container_is_read_as_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("kuke_ctr.session.open_realm", recorded)
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS / "logs.md").read_text(), re.DOTALL)
    exec(block, {})
    assert set(capsys.readouterr().out.split("\n")) == {"tick", ""}
