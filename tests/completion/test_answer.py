"""What a shell gets when somebody presses TAB: quickly, and never a message."""

import os
import subprocess  # noqa: TID251 (a shell starts kuke-ctr so)
import sys

import pytest

from kuke_ctr.cli.words import ENTRIES
from tests.support.fake_ctr import FakeCtr
from tests.support.paths import FIXTURES

KUKE_CTR = [sys.executable, "-m", "kuke_ctr"]


def asked(shell: str, *words: str) -> list[str]:
    done = subprocess.run(
        [*KUKE_CTR, *words],
        env={**os.environ, "_KUKE_CTR_COMPLETE": shell},
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def completions(line: str) -> set[str]:
    """What bash gets for the last word of a line."""
    return set(asked("bash", line, line.rpartition(" ")[2])[1:])


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


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kuke-ctr logs -r main we", {"web/app", "web/side-car"}),
        ("kuke-ctr -r main tasks kill dev d", {"dev", "done"}),
        ("kuke-ctr attach --namespace kukeon-main web/r", {"web/root"}),
        (
            "kuke-ctr exec -r main default_default_do",
            {"default_default_done_once", "default_default_done_root"},
        ),
        ("kuke-ctr exec -r main web d", set()),
        ("kuke-ctr logs -r no/realm w", set()),
        ("kuke-ctr logs -r fresh w", set()),
    ],
)
def test_containers_are_completed_by_their_names(
    monkeypatch: pytest.MonkeyPatch, line: str, expected: set[str]
) -> None:
    """From the records, where containerd does not answer."""
    monkeypatch.setenv("KUKEON_RUN_PATH", str(FIXTURES / "kukeon-rich-0.9.1/run"))
    monkeypatch.setenv("CONTAINERD_ADDRESS", "/nowhere/containerd.sock")
    assert completions(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kuke-ctr images ls -o w", {"wide"}),
        ("kuke-ctr images ls --output=js", {"json", "jsonl"}),
        ("kuke-ctr images inspect -o wi", {"wide"}),
        (
            "kuke-ctr images ls --columns ref,si",
            {"ref,size", "ref,size_bytes", "ref,size_approximate"},
        ),
        ("kuke-ctr images ls --sort-by -di", {"-digest"}),
        ("kuke-ctr tasks kill -s SIGK", {"SIGKILL"}),
        ("kuke-ctr parse snapshots-", {"snapshots-usage"}),
        ("kuke-ctr --real", {"--realm"}),
        ("kuke-ctr run busybox ls --na", set()),
        ("kuke-ctr logs -- --fo", set()),
    ],
)
def test_values_that_are_known_are_completed(line: str, expected: set[str]) -> None:
    words = asked("bash", line, line.rpartition(" ")[2].rpartition("=")[2])
    assert set(words[1:]) == expected


@pytest.mark.parametrize(
    ("line", "how"),
    [
        ("kuke-ctr images import x", "files"),
        ("kuke-ctr images mount a ", "dirs"),
        ("kuke-ctr images ls --columns re", "joined"),
        ("kuke-ctr images ls --record ", "dirs"),
        ("kuke-ctr im", "words"),
    ],
)
def test_the_first_line_says_how_to_offer(line: str, how: str) -> None:
    assert asked("bash", line, line.rpartition(" ")[2])[0] == how


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_printed(shell: str) -> None:
    done = subprocess.run(
        [*KUKE_CTR, "completion", shell], capture_output=True, text=True, check=True
    )
    assert f"_KUKE_CTR_COMPLETE={shell}" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_get_the_help_as_well(shell: str) -> None:
    assert asked(shell, "im") == ["words", f"images\t{ENTRIES['images'].help}"]
    assert asked(shell, "images", "ls", "--namesp") == [
        "words",
        "--namespace\tUse this namespace instead of a realm's",
    ]


@pytest.mark.parametrize("shell", ["complete_bash", "", "sh"])
def test_a_shell_that_is_not_known_gets_nothing(shell: str) -> None:
    assert asked(shell, "im") == [""]


@pytest.mark.parametrize(
    ("line", "how", "found"),
    [
        ("kuke-ctr im", "words", "images"),
        ("kuke-ctr images rm -n x d", "words", "docker.io/a:1"),
        ("kuke-ctr cp -n x web", "joined", "web:"),
    ],
)
def test_a_completion_imports_only_what_it_needs(
    fake_ctr: FakeCtr, line: str, how: str, found: str
) -> None:
    limits = ("--connect-timeout", "250ms", "--timeout", "250ms")
    fake_ctr.answer(*limits, "-n", "x", "images", "ls", "-q", stdout="docker.io/a:1\n")
    fake_ctr.answer(*limits, "-n", "x", "containers", "ls", "-q", stdout="web\n")
    code = (
        "import sys; from kuke_ctr.completion.answer import main; main()\n"
        "print(*[name for name in ('pydantic', 'sh', 'typer', 'yaml', 'pexpect', 'asyncio')"
        " if name in sys.modules], sep=',')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, line, line.rpartition(" ")[2]],
        env={**os.environ, "_KUKE_CTR_COMPLETE": "bash"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [how, found, ""]
