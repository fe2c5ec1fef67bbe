"""Words and options of docker, kubectl and ctr: the hint is what does that here."""

import re
import shlex

import pytest

from kuke_ctr.cli.elsewhere import CTR_ALONE, ELSEWHERE, NOT_HERE, OF_NOUN
from kuke_ctr.cli.main import main
from kuke_ctr.cli.options_elsewhere import _OPTIONS
from kuke_ctr.cli.words import ENTRIES, NAMES

Capture = pytest.CaptureFixture[str]

COMMANDS = {
    *(name for name, entry in ENTRIES.items() if not entry.verbs),
    *(f"{name} {verb}" for name, entry in ENTRIES.items() for verb in entry.verbs),
}


@pytest.mark.parametrize("word", ELSEWHERE)
def test_a_word_without_its_noun_leads_to_a_command(word: str) -> None:
    assert word not in NAMES
    assert ELSEWHERE[word] in COMMANDS


@pytest.mark.parametrize("noun", OF_NOUN)
def test_a_verb_that_a_noun_has_not_leads_to_a_command(noun: str) -> None:
    for verb, command in OF_NOUN[noun].items():
        assert command.partition(" -")[0] in COMMANDS, verb


def test_what_only_ctr_has_is_no_command_here() -> None:
    for noun, verbs in CTR_ALONE.items():
        assert not COMMANDS & {f"{noun} {verb}" for verb in verbs}


@pytest.mark.parametrize("hint", [*NOT_HERE.values(), *(one.hint for one in _OPTIONS)])
def test_each_line_in_a_hint_is_a_command(hint: str) -> None:
    for line in re.findall("`(?:watch )?kuke-ctr ([^`]*)`", hint):
        words = shlex.split(line)
        assert " ".join(words[:2]) in COMMANDS or words[0] in COMMANDS, line


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("tasks unpause web", "did you mean `kuke-ctr resume web`?"),
        ("tasks stop web", "did you mean `kuke-ctr stop web`?"),
        ("task delet web", "did you mean `kuke-ctr task rm`?"),
        ("containers inspect web", "did you mean `kuke-ctr inspect web`?"),
        ("containers stop web -r main", "did you mean `kuke-ctr stop web -r main`?"),
        ("container logs web", "did you mean `kuke-ctr logs web`?"),
        ("container unpause web", "did you mean `kuke-ctr resume web`?"),
        ("-r main delete web", "did you mean `kuke-ctr containers rm --realm main web`?"),
        ("-r main delete -f web", "did you mean `kuke-ctr containers rm --realm main`?"),
        ("ls -a", "did you mean `kuke-ctr containers ls`?"),
        ("images rmi x", "did you mean `kuke-ctr rmi x`?"),
        ("pul x", "did you mean `kuke-ctr images pull x`?"),
        ("rename a b", "containerd renames no container: make a new one with"),
        ("images build .", "ctr builds no images"),
        ("build .", "ctr builds no images"),
        ("snapshots diff a", "`kuke-ctr ctr -- snapshots diff` runs it"),
        ("oci spec -r main", "`kuke-ctr ctr -r main -- oci` runs it"),
        ("snapshots --snapshotter native ls", "`kuke-ctr snapshots ls --snapshotter native`"),
        ("containers prune", "did you mean `kuke-ctr containers rm --all`?"),
        ("namespaces prune", "`kuke-ctr namespaces --help` lists the commands"),
        ("images create x", "`kuke-ctr images --help` lists the commands"),
        ("namespaces use x", "`export KUKE_CTR_REALM=NAME`"),
        ("containers kill -9 web", "did you mean `kuke-ctr kill -9 web`?"),
        ("kill -t 5 web", "`kuke-ctr stop -t SECONDS CONTAINER`"),
        ("images ls -l a=b", """`kuke-ctr images ls 'labels."team"==a'`"""),
        ("tasks ls web", "`-o name` or `-o jsonl` and `grep`"),
        ("zzz", "`kuke-ctr --help` lists the commands"),
        ("images ls --no-trunc", "-o wide shows every column in full"),
        ("images --no-trunc", "-o wide shows every column in full"),
        ("images ls -r a --filter x", "`kuke-ctr images ls -r a 'name~=busybox'`"),
        ("images ls --realm=a -f x", "`kuke-ctr images ls --realm=a 'name~=busybox'`"),
        ("tasks ls --filter x", "ctr filters nothing here"),
        ("ps --filter name=x", "--cell, --space and --stack choose containers"),
        ("tasks ps -f x", "`-o jsonl` or `-o name` and `grep` find a row"),
        ("images ls --format json", "-o json"),
        ("containers ls -a", "docker's -a is not needed"),
        ("containers ls -aq", "docker's -a is not needed"),
        ("-a -r main images ls", "docker's -a is not needed"),
        ("tasks ls -a -r main", "docker's -a is not needed"),
        ("attach -a -n a c", "docker's -a is not needed"),
        ("images ls -a -r main", "docker's -a is not needed"),
        ("containers rm -n x -v web", "there are no volumes to remove"),
        ("rm -v web", "there are no volumes to remove"),
        ("images rm -f x", "--yes does not ask"),
        ("rmi -f x", "--yes does not ask"),
        ("run -p 80:80 x", "ctr makes no networks"),
        ("images ls --colums x", "did you mean --columns?"),
        ("images pull --extr x", "`kuke-ctr images pull --help` shows the options"),
        ("-v", "--version shows the version"),
        ("--debug images ls", "-x shows each ctr command"),
    ],
)
def test_a_word_from_elsewhere_is_understood(capsys: Capture, line: str, hint: str) -> None:
    assert main(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert hint in err.partition("hint: ")[2]


@pytest.mark.parametrize("line", ["images -r main", "images -o json", "images -q", "realms --all"])
def test_a_noun_with_only_options_lists(capsys: Capture, line: str) -> None:
    assert main([*line.split(), "--ctr", "/no/ctr"]) == 127
    assert "/no/ctr does not exist" in capsys.readouterr().err
