"""ctr's words of a transfer in nerdctl's."""

import pytest

from kuke_ctr.backends.ctr.transfer import Verb
from kuke_ctr.backends.nerdctl.transfer import words_of


@pytest.mark.parametrize(
    ("verb", "flags", "names", "words"),
    [
        ("pull", "", "a:1", "pull --quiet a:1"),
        (
            "pull",
            "--local --platform linux/arm64 --plain-http --skip-verify",
            "a:1",
            "pull --quiet --platform linux/arm64 --insecure-registry a:1",
        ),
        (
            "pull",
            "--hosts-dir=/d --all-platforms",
            "a",
            "pull --quiet --hosts-dir=/d --all-platforms a",
        ),
        ("push", "", "a:1", "push --all-platforms a:1"),
        ("push", "--platform linux/arm64", "a:1", "push --platform linux/arm64 a:1"),
        ("import", "", "/f.tar", "load --input /f.tar"),
        ("import", "--platform linux/arm64", "-", "load --platform linux/arm64"),
        ("export", "--all-platforms", "- a:1 b:1", "save --all-platforms a:1 b:1"),
    ],
)
def test_the_words(verb: Verb, flags: str, names: str, words: str) -> None:
    assert words_of(verb, flags.split(), names.split()) == tuple(words.split())


@pytest.mark.parametrize(
    ("verb", "flags", "names"),
    [
        ("pull", "--user alice", "a:1"),
        ("pull", "--label a=b", "a:1"),
        ("pull", "--tlscacert f", "a:1"),
        ("push", "", "a:1 b:1"),
        ("import", "--base-name x", "f"),
        ("import", "--no-unpack", "f"),
        ("export", "--skip-manifest-json", "- a"),
    ],
)
def test_what_stays_with_ctr(verb: Verb, flags: str, names: str) -> None:
    assert words_of(verb, flags.split(), names.split()) is None
