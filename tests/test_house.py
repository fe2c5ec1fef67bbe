"""The size of what is in the house, and that the tests mirror it folder by folder."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import collect_ignore_glob
from tests.support.nerdctls import NERDCTL
from tests.support.paths import TOP

FILES = sorted((TOP / "kuke_ctr").rglob("*.py"))
LONGEST_FUNCTION = 60
LONGEST_FILE = 400


def functions(text: str) -> Iterator[tuple[str, int]]:
    """The names of all functions in a text, and how many lines each has with its decorators."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            first = min(each.lineno for each in (node, *node.decorator_list))
            yield node.name, node.end_lineno - first + 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TOP)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE
    assert [each for each in functions(text) if each[1] > LONGEST_FUNCTION] == []


TESTS = sorted((TOP / "tests").rglob("*.py"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(TOP)))
def test_no_file_of_tests_is_long(path: Path) -> None:
    assert path.read_text().count("\n") <= LONGEST_FILE


FURTHER = {"docs", "integration", "replay", "scripts", "support"}
"""Folders of tests that are about no room of the package."""


def test_a_folder_of_tests_has_its_room() -> None:
    tests = TOP / "tests"
    for folder in (path for path in tests.rglob("*") if path.is_dir()):
        place = folder.relative_to(tests)
        if place.parts[0] in FURTHER or any(part[0] in "_." for part in place.parts):
            continue
        assert (TOP / "kuke_ctr" / place).is_dir(), place


REWRITTEN = re.compile(r"\berror\.(?:hint|message|exit_code) (?:\+?=|= )")
MATCHED = re.compile(r'" (?:not )?in (?:error\.message|\w+\.stderr)')


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TOP)))
def test_no_error_is_rewritten_and_none_known_by_its_words(path: Path) -> None:
    if "failures" not in path.parts:
        assert REWRITTEN.findall(path.read_text()) == []
        assert MATCHED.findall(path.read_text()) == []


def test_only_what_needs_a_nerdctl_is_left_out_without_one() -> None:
    """A skip fails in CI; not to be collected at all is for these files alone."""
    integration = TOP / "tests" / "integration"
    says = [path for path in TESTS if "collect_ignore" in path.read_text()]
    assert says == [integration / "conftest.py", Path(__file__)]
    assert collect_ignore_glob == ([] if NERDCTL else ["test_nerdctl*.py"])
    for path in integration.glob("test_nerdctl*.py"):
        assert "from tests.support.nerdctl_host import" in path.read_text()


DOORS = {
    "sh": "processes/door.py",
    "pexpect": "terminals/pexpect_door.py",
    "ClusterShell": "processes/fleet_door.py",
}


def imported(text: str) -> Iterator[str]:
    """The packages that a text imports, at its top or in a function."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", DOORS)
def test_a_package_that_starts_processes_has_one_door(package: str) -> None:
    rooms = TOP / "kuke_ctr"
    found = [
        str(path.relative_to(rooms)) for path in FILES if package in imported(path.read_text())
    ]
    assert found == [DOORS[package]]
