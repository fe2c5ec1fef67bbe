"""Our own options behind IMAGE or ID, where they are the command's."""

import pytest

from kuke_ctr.commands.shared.program_words import program_words
from kuke_ctr.errors import UsageError

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("words", [["ls", "-l"], ["sh", "-c", "x -r y"], [], ["ls", "--all"]])
def test_a_command_is_passed_on_in_silence(words: list[str], capsys: Capture) -> None:
    assert program_words(words, "ID") == words
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("word", ["--realm", "--realm=x", "--namespace", "--timeout=5", "--trace"])
def test_an_option_of_ours_is_told(word: str, capsys: Capture) -> None:
    assert program_words(["ls", word], "ID") == ["ls", word]
    said = capsys.readouterr().err
    assert said.startswith(
        f"note: {word.partition('=')[0]} stands behind ID, so the command gets it"
    )
    assert said.count("\n") == 1


def test_a_dry_run_that_would_be_none_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        program_words(["sleep", "100", "--dry-run"], "IMAGE")
    assert "would really run" in refused.value.message
    assert refused.value.hint is not None
    assert "before IMAGE" in refused.value.hint


def test_two_dashes_say_that_it_is_meant(capsys: Capture) -> None:
    assert program_words(["--", "tool", "--dry-run", "--realm", "x"], "ID")[1] == "--dry-run"
    assert capsys.readouterr().err == ""
