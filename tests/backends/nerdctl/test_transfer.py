"""ctr's words of a transfer in nerdctl's."""

import pytest

from kuke_ctr.backends.ctr.transfer import Verb
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.backends.nerdctl.transfer import words_of
from kuke_ctr.errors import UsageError
from kuke_ctr.processes.runner import Processes

A, B = "docker.io/library/a:1", "host:5000/b:1"
PINNED = f"host:5000/b@sha256:{'0' * 64}"


def words(verb: Verb, flags: str, names: str, version: str = "2.1.6") -> str:
    """nerdctl's words, by a nerdctl of this version."""
    nerdctl = Nerdctl(Processes(), "nerdctl", "/c.sock", 20.0, print, known_version=[version])
    return " ".join(words_of(nerdctl, verb, flags.split(), names.split()))


@pytest.mark.parametrize(
    ("verb", "flags", "names", "expected"),
    [
        ("pull", "", A, f"pull --quiet {A}"),
        ("pull", "", PINNED, f"pull --quiet {PINNED}"),
        (
            "pull",
            "--local --platform linux/arm64 --plain-http --skip-verify",
            A,
            f"pull --quiet --platform linux/arm64 --insecure-registry {A}",
        ),
        (
            "pull",
            "--hosts-dir=/d --all-platforms",
            A,
            f"pull --quiet --hosts-dir=/d --all-platforms {A}",
        ),
        ("push", "", A, f"push --all-platforms {A}"),
        ("push", "--platform linux/arm64", A, f"push --platform linux/arm64 {A}"),
        ("import", "", "/f.tar", "load --input /f.tar"),
        ("import", "--platform linux/arm64", "-", "load --platform linux/arm64"),
        ("export", "--all-platforms", f"- {A} {B}", f"save --all-platforms {A} {B}"),
    ],
)
def test_the_words(verb: Verb, flags: str, names: str, expected: str) -> None:
    assert words(verb, flags, names) == expected


@pytest.mark.parametrize(
    ("verb", "flags", "names", "why"),
    [
        ("pull", "--user alice:pw", A, "nerdctl pull has no --user"),
        ("pull", "--label a=b", A, "nerdctl pull has no --label"),
        ("pull", "--tlscacert f", A, "nerdctl pull has no --tlscacert"),
        ("push", "", f"{A} {B}", "nerdctl pushes an image under its own name only"),
        ("import", "--base-name x", "f", "nerdctl load has no --base-name"),
        ("import", "--no-unpack", "f", "nerdctl load has no --no-unpack"),
        ("export", "--skip-manifest-json", f"- {A}", "nerdctl save has no --skip-manifest-json"),
    ],
)
def test_what_stays_with_ctr(verb: Verb, flags: str, names: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"^{why}$"):
        words(verb, flags, names)


@pytest.mark.parametrize("name", ["docker.io/a:1", "a:1", f"{B}{PINNED[-72:]}", "host:5000/b"])
@pytest.mark.parametrize(("verb", "before"), [("pull", ""), ("push", ""), ("export", f"- {A} ")])
def test_a_name_that_nerdctl_would_change_stays_with_ctr(
    verb: Verb, before: str, name: str
) -> None:
    with pytest.raises(UsageError, match="may take another image for "):
        words(verb, "", before + name)


def test_one_name_of_an_image_is_all_that_an_old_nerdctl_saves() -> None:
    with pytest.raises(UsageError, match="saves one name of an image only"):
        words("export", "", f"- {A} {B}", "1.7.7")
    assert words("export", "", f"- {A}", "1.7.7") == f"save {A}"
