"""`kuke-ctr help`: pages, the help of a command, and what a typing mistake gets."""

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.pages import TOPICS


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_is_short_and_fits(topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", topic]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 20 < len(lines) < 100
    assert all(len(line) <= 80 for line in lines if not line.startswith("    "))
    assert not any(line != line.rstrip() for line in lines)


def test_without_a_word_every_page_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    said = capsys.readouterr().out
    assert all(f"kuke-ctr help {topic} " in said for topic in TOPICS)


@pytest.mark.parametrize("words", [["images", "ls"], ["i", "list"], ["logs"], ["images"]])
def test_the_help_of_a_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", *words]) == 0
    helped = capsys.readouterr().out
    assert main([*words, "--help"]) == 0
    assert helped == capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("imges", "`kuke-ctr help images`"),
        ("debuging", "`kuke-ctr help debugging`"),
        ("xyz", "all"),
    ],
)
def test_a_mistyped_word_suggests_the_near_one(
    word: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["help", word]) == 2
    said = capsys.readouterr().err
    assert f"there is no help about '{word}'" in said
    assert meant in said


def test_the_man_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "--man"]) == 0
    assert capsys.readouterr().out.startswith(".TH KUKE\\-CTR 1")
