"""What a shell gets when somebody presses TAB: quickly, and never a message."""

import os
import subprocess  # noqa: TID251 (a shell starts kuke-ctr so)
import sys

import pytest

from kuke_ctr.cli.words import ENTRIES

KUKE_CTR = [sys.executable, "-m", "kuke_ctr"]


def asked(**environment: str) -> list[str]:
    done = subprocess.run(
        KUKE_CTR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert done.stderr == ""
    return done.stdout.split("\n")


def completions(line: str) -> set[str]:
    """What bash gets for the last word of a line."""
    words = line.split(" ")
    found = asked(
        _KUKE_CTR_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1)
    )
    return set(found) - {""}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kuke-ctr im", {"images"}),
        ("kuke-ctr images l", {"ls", "label"}),
        ("kuke-ctr i c", {"check", "convert", "copy"}),
        ("kuke-ctr --realm main images l", {"ls", "label"}),
        ("kuke-ctr -xn main images l", {"ls", "label"}),
        ("kuke-ctr images --realm main l", {"ls", "label"}),
        ("kuke-ctr images ls --na", {"--namespace"}),
        ("kuke-ctr logs --fo", {"--follow"}),
        ("kuke-ctr nope x", set()),
        ("kuke-ctr images nope x", set()),
    ],
)
def test_a_word_is_completed(line: str, expected: set[str]) -> None:
    assert completions(line) == expected


def test_without_a_letter_every_noun_is_offered() -> None:
    assert completions("kuke-ctr ") == set(ENTRIES)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_printed(shell: str) -> None:
    # typer looks for the user's shell among our ancestors: from a daemon there is none
    named = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(
        [*KUKE_CTR, "--show-completion", shell],
        capture_output=True,
        text=True,
        check=True,
        env=named,
    )
    assert "_KUKE_CTR_COMPLETE" in done.stdout
    assert done.stderr == ""


def test_zsh_and_fish_get_the_help_as_well() -> None:
    wanted = ENTRIES["images"].help
    (line,) = asked(
        _KUKE_CTR_COMPLETE="complete_fish",
        _TYPER_COMPLETE_FISH_ACTION="get-args",
        _TYPER_COMPLETE_ARGS="kuke-ctr im",
    )[:1]
    assert line == f"images\t{wanted}"
    found = asked(_KUKE_CTR_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS="kuke-ctr im")
    assert f'"images":"{wanted}"' in found[0]


def test_a_completion_imports_only_what_it_needs() -> None:
    code = (
        "import sys; from kuke_ctr.cli.main import main\n"
        "try: main([])\n"
        "except SystemExit: pass\n"
        "print(*[name for name in sys.modules if name.startswith('kuke_ctr.commands.')"
        " and '.shared' not in name])"
        "; print('pexpect' in sys.modules, 'sh' in sys.modules, 'yaml' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "_KUKE_CTR_COMPLETE": "complete_bash",
            "COMP_WORDS": "kuke-ctr ",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[-3:] == ["", "False False False", ""]
