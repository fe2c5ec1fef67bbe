"""Which images a word means that somebody looks for."""

import pytest

from kuke_ctr.parse.image_patterns import familiar, is_pattern, matching, of_any_repository

REFS = [
    "docker.io/library/busybox:1.36",
    "docker.io/library/busybox:latest",
    "docker.io/grafana/loki:3",
    "registry.example:5000/team/app:1.0",
    "registry.example:5000/team/app@sha256:" + "a" * 64,
    "app:dev",
    "sha256:" + "b" * 64,
]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("busybox", REFS[:2]),
        ("busybox:1.36", REFS[:1]),
        ("library/busybox:latest", REFS[1:2]),
        ("docker.io/busybox:1.36", REFS[:1]),
        ("grafana/loki", REFS[2:3]),
        ("loki", []),
        ("registry.example:5000/team/app", REFS[3:5]),
        ("registry.example:5000/team/app:1.0", REFS[3:4]),
        ("app:dev", REFS[5:6]),
        ("app", REFS[5:6]),
        (REFS[6], REFS[6:7]),
        ("busy*", REFS[:2]),
        ("*busybox*", REFS[:2]),
        ("library/busy*:1.*", REFS[:1]),
        ("docker.io/*", REFS[:3]),
        ("*/app:?.?", REFS[3:4]),
        ("*[0-9]", [REFS[0], REFS[2], REFS[3]]),
        ("*", REFS),
    ],
)
def test_a_word_means_what_docker_reads_or_its_pattern(word: str, found: list[str]) -> None:
    assert matching(word, REFS) == found


def test_what_is_no_name_finds_nothing_and_raises_nothing() -> None:
    for word in ("", ":", "@", "a b", "[", "http://x/y", "/"):
        assert matching(word, REFS) == []


def test_the_short_name_is_the_one_that_docker_shows() -> None:
    assert [familiar(ref) for ref in REFS[:4]] == [
        "busybox:1.36",
        "busybox:latest",
        "grafana/loki:3",
        "registry.example:5000/team/app:1.0",
    ]
    assert is_pattern("a?") and is_pattern("*") and not is_pattern("a:1.0")


@pytest.mark.parametrize(
    ("word", "patterns"),
    [
        ("shop", ["*/shop:*", "*/shop@*"]),
        ("shop:1", ["*/shop:1"]),
        ("demo/shop", []),
        ("*shop", []),
        (f"shop@sha256:{'a' * 64}", []),
        ("", []),
    ],
)
def test_a_short_name_may_end_any_repository(word: str, patterns: list[str]) -> None:
    assert of_any_repository(word) == patterns
