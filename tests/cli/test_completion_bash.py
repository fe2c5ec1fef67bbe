"""TAB in a real bash, among words that would do something if a shell ran them."""

import os
import shlex
import subprocess  # noqa: TID251 (a shell reads the line that it has completed)
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect  # noqa: TID251 (a shell completes at a terminal)
import pytest

LIMIT = 20
DONE = "touch done"
COMPLETE = Callable[[str], str]


@pytest.fixture
def complete(tmp_path: Path) -> Iterator[COMPLETE]:
    """What stands in bash's line after these keys and TAB; its folder is `tmp_path`."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PS1": "$ ",
        "INPUTRC": "/dev/null",
        "LC_ALL": "C.UTF-8",
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    shell = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        cwd=str(tmp_path),
        env=environment,
        encoding="utf-8",
        timeout=LIMIT,
        dimensions=(24, 400),
    )
    shell.sendline('eval "$(kuke-ctr --show-completion bash)"')
    shell.sendline('bind -x \'"\\C-xp": printf %s "$READLINE_LINE" >line; printf "<%s>" read\'')
    shell.sendline("echo re''ady")
    shell.expect("ready\r\n")

    def line(keys: str) -> str:
        shell.send(f"{keys}\t\x18p")
        shell.expect("<read>")
        shell.send("\x15")  # the line goes: nothing of it was ever run
        return (tmp_path / "line").read_text()

    yield line
    shell.close(force=True)


WORDS = {
    "blanks and a command": f"'a b $({DONE})'",
    "a semicolon": f"'a;{DONE}'",
    "a pipe": f"'a|{DONE}'",
    "a quote": f'"it\'s;{DONE}"',
    "escaped": f"a\\ \\$\\({DONE.replace(' ', chr(92) + ' ')}\\)",
    "a newline": f"$'a\\n{DONE}'",
    "word breaks": "127.0.0.1:5000/a=b:1@sha256:00",
    "a glob": "'*'",
    "digits and signs": "-1",
}


@pytest.mark.parametrize("word", WORDS)
def test_an_option_behind_such_a_word_is_completed_and_nothing_is_run(
    complete: COMPLETE, tmp_path: Path, word: str
) -> None:
    before = f"kuke-ctr images ls {WORDS[word]} "
    assert complete(f"{before}--namesp") == f"{before}--namespace "
    assert not (tmp_path / "done").exists()


# bash takes what stands behind a substitution for the words of the command in it
LEFT_ALONE = [
    *(f"'$({DONE})", f'"$({DONE})', f"$({DONE}", f"`{DONE}", "-", "--"),
    *(f"$({DONE}) --namesp", f"`{DONE}` --namesp", f'"x $({DONE}) `{DONE}`" --namesp'),
]


@pytest.mark.parametrize("start", LEFT_ALONE)
def test_such_a_line_is_left_alone_and_nothing_is_run(
    complete: COMPLETE, tmp_path: Path, start: str
) -> None:
    assert complete(f"kuke-ctr images ls {start}").startswith(f"kuke-ctr images ls {start}")
    assert not (tmp_path / "done").exists()


NAMES = [f"x $({DONE}).tar", f"x`{DONE}`.tar", f"x;{DONE}", "x'\".tar", "x:5000", "x*[a]", "x\\y"]


@pytest.mark.parametrize("name", NAMES)
def test_a_completed_file_is_the_file(complete: COMPLETE, tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    line = complete("kuke-ctr images import x")
    word = line.removeprefix("kuke-ctr images import ").rstrip(" ")
    said = subprocess.run(
        ["bash", "-c", f"printf %s {word}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT,
    )
    assert said.stdout == name, shlex.quote(word)
    assert not (tmp_path / "done").exists()


def test_values_that_we_know_are_completed(complete: COMPLETE) -> None:
    assert complete("kuke-ctr images ls -o wi") == "kuke-ctr images ls -o wide "
    assert complete("kuke-ctr ta") == "kuke-ctr tasks "
