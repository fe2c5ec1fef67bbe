"""TAB in a real bash, among words that would do something if a shell ran them."""

import os
import subprocess  # noqa: TID251 (a shell reads the line that it has completed)
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect  # noqa: TID251 (a shell completes at a terminal)
import pytest

from tests.support.fake_ctr import FakeCtr
from tests.support.paths import TOP

LIMIT = 20
DONE = "touch done"
SCRIPT = TOP / "kuke_ctr/completion/shells/kuke-ctr.bash"
LIMITS = ("--connect-timeout", "250ms", "--timeout", "250ms")
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
    shell.sendline(f"source {SCRIPT}")
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


def test_an_option_behind_such_a_word_is_completed_and_nothing_is_run(
    complete: COMPLETE, tmp_path: Path
) -> None:
    for what, word in WORDS.items():
        before = f"kuke-ctr images ls {word} "
        assert complete(f"{before}--namesp") == f"{before}--namespace ", what
    assert not (tmp_path / "done").exists()


# bash takes what stands behind a substitution for the words of the command in it
LEFT_ALONE = [
    *(f"'$({DONE})", f'"$({DONE})', f"$({DONE}", f"`{DONE}", "-", "--"),
    *(f"$({DONE}) --namesp", f"`{DONE}` --namesp", f'"x $({DONE}) `{DONE}`" --namesp'),
]


def test_such_a_line_is_left_alone_and_nothing_is_run(complete: COMPLETE, tmp_path: Path) -> None:
    for start in LEFT_ALONE:
        assert complete(f"kuke-ctr images ls {start}").startswith(f"kuke-ctr images ls {start}")
    assert not (tmp_path / "done").exists()


def read_by_bash(words: str, folder: Path) -> str:
    """What a command gets of these words."""
    said = subprocess.run(
        ["bash", "-c", f"printf '%s|' {words}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT,
    )
    return said.stdout


NAMES = [f" $({DONE}).tar", f"`{DONE}`.tar", f";{DONE}", "'\".tar", ":5000", "*[a]", "\\y"]


def test_a_completed_file_is_the_file(complete: COMPLETE, tmp_path: Path) -> None:
    for number, name in enumerate(NAMES):
        (tmp_path / f"x{number}{name}").touch()
        line = complete(f"kuke-ctr images import x{number}")
        word = line.removeprefix("kuke-ctr images import ").rstrip(" ")
        assert read_by_bash(word, tmp_path) == f"x{number}{name}|"
    assert not (tmp_path / "done").exists()


def test_values_that_we_know_are_completed(complete: COMPLETE) -> None:
    assert complete("kuke-ctr images ls -o wi") == "kuke-ctr images ls -o wide "
    assert complete("kuke-ctr ta") == "kuke-ctr tasks "


HOSTILE = [
    *(f" $({DONE})", f"`{DONE}`", f";{DONE}", f"|{DONE}&", "'\"", "*[a]?", "\\y", "!!", "~", "#y"),
    *(":5000/a=b@c", "{a,b}", "<y>z", "é", "\u3042", "it'", f"' ; $({DONE})", "\ty"),
]


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_completed_name_is_the_name(
    fake_ctr: FakeCtr, complete: COMPLETE, tmp_path: Path, quote: str
) -> None:
    """Names of images are anybody's, and the next key may be Enter."""
    special = [name for name in HOSTILE if not quote or set(name) & set("'\"$!\\")]
    names = [f"x{number:02}{name}" for number, name in enumerate(special)]
    fake_ctr.answer(*LIMITS, "-n", "n", "images", "ls", "-q", stdout="\n".join(names))
    for name in names:
        start = f"kuke-ctr images rm -n n {quote}{name[:3]}"
        line = complete(start)
        # a tab can't be typed, bash takes the last quote for the end of the word, and `!` for a
        # line of its history
        if "\t" in name or (quote and name.endswith(quote)) or (quote == '"' and "!" in name):
            assert line == start
            continue
        words = line.removeprefix("kuke-ctr images rm -n n ")
        assert read_by_bash(words, tmp_path) == f"{name}|"
    assert not (tmp_path / "done").exists()


def test_a_name_that_a_terminal_would_obey_is_not_offered(
    fake_ctr: FakeCtr, complete: COMPLETE
) -> None:
    names = "x\x1b[2J\nx\u202ey\nx\x9b1m\nx\rz\n"
    fake_ctr.answer(*LIMITS, "-n", "n", "images", "ls", "-q", stdout=names)
    assert complete("kuke-ctr images rm -n n x") == "kuke-ctr images rm -n n x"


def test_a_name_is_completed_from_any_place_in_it(fake_ctr: FakeCtr, complete: COMPLETE) -> None:
    """bash sees several words where there is a colon."""
    name = "registry:5000/t eam/app:1.0@sha256:00=x"
    fake_ctr.answer(*LIMITS, "-n", "n", "images", "ls", "-q", stdout=f"{name}\n")
    begun = "kuke-ctr images rm --namespace=n "
    shown = name.replace(" ", "\\ ")
    for typed in ("registry:5000/t", "registry:", "registry", "registry:5000/t\\ eam", shown):
        assert complete(f"{begun}{typed}") == f"{begun}{shown} "


def test_a_value_behind_an_equals_sign_is_completed(complete: COMPLETE) -> None:
    assert complete("kuke-ctr images ls --output=wi") == "kuke-ctr images ls --output=wide "
    assert complete("kuke-ctr images ls --columns=ref,dig") == (
        "kuke-ctr images ls --columns=ref,digest"
    )


def test_a_file_behind_a_redirection_is_bashs_own_business(
    complete: COMPLETE, tmp_path: Path
) -> None:
    (tmp_path / "some.json").touch()
    assert complete("kuke-ctr images ls > so") == "kuke-ctr images ls > some.json "
