"""Every list over recordings of every ctr version, against records that were cut out by hand."""

import json
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main

FIXTURES = Path(__file__).parents[2] / "fixtures"
VERSIONS = ["1.4.13", "1.6.20", "1.7.24", "2.1.9"]
EXPECTED = {
    version: json.loads((FIXTURES / "expected" / f"{version}.json").read_text())
    for version in VERSIONS
}
Capture = pytest.CaptureFixture[str]


def run(version: str, folder: str, *words: str) -> int:
    return main([*words, "--replay", str(FIXTURES / "ctr-output" / version / folder)])


def rows(version: str, folder: str, capsys: Capture, *words: str) -> list[dict[str, object]]:
    assert run(version, folder, *words, "-o", "json") == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("noun", ["images", "containers", "tasks", "namespaces"])
def test_a_list_is_what_was_cut_out_by_hand(version: str, noun: str, capsys: Capture) -> None:
    words = [noun, "ls"] if noun == "namespaces" else [noun, "ls", "--realm", "main"]
    found = rows(version, "healthy", capsys, *words)
    expected = EXPECTED[version][noun]
    assert len(expected) > 3
    for row in found:
        if "platforms" in row:
            platforms = row["platforms"]
            assert isinstance(platforms, list)
            row["platforms"] = ",".join(platforms) or "-"
    assert [{key: row[key] for key in expected[0]} for row in found] == expected


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("noun", ["images", "containers", "tasks"])
def test_an_empty_namespace_is_fine_and_a_missing_one_is_not_found(
    version: str, noun: str, capsys: Capture
) -> None:
    assert rows(version, "healthy", capsys, noun, "ls", "-n", "empty-ns") == []
    assert run(version, "healthy", noun, "ls", "-n", "no-such-ns", "-o", "json") == 3
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_names_that_lost_a_space_or_hold_a_line_break_are_never_passed_off_as_right(
    version: str, capsys: Capture
) -> None:
    assert run(version, "odd-labels", "images", "ls", "--realm", "main", "-o", "json") == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert "printed with -q" in err or "could not be read" in err


@pytest.mark.parametrize("version", VERSIONS)
def test_a_namespace_label_with_a_tab_is_refused_and_the_others_are_read(
    version: str, capsys: Capture
) -> None:
    assert run(version, "odd-labels", "namespaces", "ls", "-o", "jsonl") == 4
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 6
    assert "tabbed=a" in err


@pytest.mark.parametrize("version", VERSIONS)
def test_images_with_missing_content_are_listed_and_ctrs_complaint_is_shown(
    version: str, capsys: Capture
) -> None:
    assert run(version, "missing-content", "images", "ls", "-n", "moby", "-o", "json") == 0
    out, err = capsys.readouterr()
    platforms = {image["ref"].rpartition("/")[2]: image["platforms"] for image in json.loads(out)}
    assert platforms == {
        "noconfig:1": [],
        "noindexed:1": ["linux/amd64", "linux/arm64/v8"],
        "nolayer:1": ["linux/amd64"],
        "nomanifest:1": [],
        "busybox:1.35": ["linux/amd64"],
    }
    assert "failed resolving platform for image docker.io/broken/noconfig:1" in err


@pytest.mark.parametrize("version", VERSIONS)
def test_a_dead_daemon_is_ctrs_own_message(version: str, capsys: Capture) -> None:
    assert run(version, "no-daemon", "images", "ls", "-n", "kukeon-main", "-o", "raw") == 1
    err = capsys.readouterr().err
    assert "hint: is containerd running?" in err
