"""Words for a shell: pasted they are the same, and a terminal shows every character of them."""

import os
import shlex
import shutil
import subprocess  # noqa: TID251 (shells read the words)

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kuke_ctr.processes.shell_words import shell_line, shell_word

ODD = [
    "a\u200bb",
    "a\x1b[31mb",
    "\x9b2J",
    "it's\n\u202e\\",
    "\udcff\udc80",
    "\U000e0041",
    "\t'",
    "-\r",
]


@pytest.mark.parametrize("word", ["web", "a b", "it's", "$(reboot)", "", "caf\u00e9", "\u6f22"])
def test_a_plain_word_is_quoted_as_everybody_does(word: str) -> None:
    assert shell_word(word) == shlex.quote(word)


@pytest.mark.parametrize("word", ODD)
def test_an_odd_one_shows_nothing_that_a_terminal_obeys(word: str) -> None:
    shown = shell_word(word)
    assert shown.startswith("$'")
    assert shown.isascii()
    assert shown.isprintable()


def read_by(shell: str, words: list[str]) -> list[str]:
    line = f"printf '%s\\0' {shell_line(words)}"
    done = subprocess.run([shell, "-c", line], capture_output=True, check=True)
    return [os.fsdecode(one) for one in done.stdout.split(b"\0")[:-1]]


@pytest.mark.skipif(shutil.which("bash") is None, reason="this host has no bash")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1)
)
def test_bash_reads_the_very_words(words: list[str]) -> None:
    assert read_by("bash", words) == words


@pytest.mark.skipif(shutil.which("bash") is None, reason="this host has no bash")
def test_bash_reads_odd_words_and_bytes_that_are_not_utf_8() -> None:
    assert read_by("bash", ODD) == ODD
