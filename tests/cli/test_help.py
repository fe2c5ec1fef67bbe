"""The help pages: each fits two screens, or says in its last line where the rest is."""

from collections.abc import Callable

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.cli.words import ENTRIES

TWO_SCREENS = 48
WIDTH = 80
GROUPS = [[], *([noun] for noun, entry in ENTRIES.items() if entry.verbs)]
COMMANDS = [
    [noun, *verb]
    for noun, entry in ENTRIES.items()
    for verb in ([[verb] for verb in entry.verbs] or [[]])
]

Page = Callable[..., list[str]]


@pytest.fixture
def page(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Page:
    """The lines of a help page at 80 columns, without the empty ones at its end."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("NO_COLOR", "1")

    def lines(*words: str) -> list[str]:
        assert main(words) == 0
        return [line.rstrip() for line in capsys.readouterr().out.rstrip().split("\n")]

    return lines


@pytest.mark.parametrize("words", [*GROUPS, *COMMANDS], ids=" ".join)
def test_a_page_fits_two_screens_or_says_where_the_rest_is(page: Page, words: list[str]) -> None:
    lines = page(*words, "--help")
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) <= TWO_SCREENS or "--help-all" in lines[-1]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_page_that_names_another_leaves_options_out_which_that_one_has(
    page: Page, words: list[str]
) -> None:
    short, whole = page(*words, "--help"), page(*words, "--help-all")
    assert ("--help-all" in short[-1]) is (len(whole) > len(short))


@pytest.mark.parametrize(
    ("words", "shown", "left_out"),
    [
        (["images", "ls"], ["--columns", "--all-realms"], ["--record", "--partial"]),
        (["images", "rm"], ["--output", "--quiet"], ["--columns", "--all-realms"]),
        (["containers", "info"], ["json, jsonl, yaml or raw"], ["csv", "--quiet"]),
        (["namespaces", "ls"], ["--address", "--columns"], ["--realm", "--all-realms"]),
        (["run"], ["--detach", "--trace"], ["--output", "--columns"]),
        (["schema"], [], ["--realm", "--trace", "--output"]),
    ],
    ids=" ".join,
)
def test_a_page_shows_what_the_command_honours(
    page: Page, words: list[str], shown: list[str], left_out: list[str]
) -> None:
    text = " ".join(" ".join(page(*words, "--help")).replace("│", " ").split())
    assert [each for each in shown if each not in text] == []
    assert [each for each in left_out if each in text] == []


def test_the_short_page_of_all_commands_names_the_whole_one(page: Page) -> None:
    short, whole = page("--help"), page("--help-all")
    assert len(short) <= TWO_SCREENS
    assert "--help-all" in short[-1]
    named = {line.split()[1] for line in whole if line.startswith("│ ")}
    assert set(ENTRIES) <= named
    left_out = named - {line.split()[1] for line in short if line.startswith("│ ")}
    assert {"kill", "rm", "rmi", "schema"} <= left_out
    assert page("-r", "main", "--help-all") == whole
