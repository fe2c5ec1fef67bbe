"""The size of what is in the house: no long function, no long file."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
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
