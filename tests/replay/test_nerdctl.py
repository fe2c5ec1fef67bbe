"""nerdctl alone, as it was recorded: what ctr would have added is not there."""

import json

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import TOP

VERSIONS = ["1.7.7", "2.1.6"]
Capture = pytest.CaptureFixture[str]


def rows(version: str, capsys: Capture, *words: str) -> list[dict[str, object]]:
    folder = TOP / "fixtures" / "ctr-output" / f"nerdctl-{version}" / "reads"
    scope = ("-n", "kukeon-main", "--backend", "nerdctl", "--replay", str(folder))
    assert main([*words, *scope, "-o", "json"]) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_labels_with_commas_are_exact_in_both_versions(version: str, capsys: Capture) -> None:
    images = {str(row["ref"]): row for row in rows(version, capsys, "images", "ls")}
    assert images["docker.io/library/busybox:latest"]["labels"] == {
        "note": "hello world",
        "team": "a,b",
    }
    containers = {row["id"]: row for row in rows(version, capsys, "containers", "ls")}
    labels = containers["nk_default_web_app"]["labels"]
    assert isinstance(labels, dict)
    assert (labels["team"], labels["kukeon.io/cell"]) == ("a,b", "web")


@pytest.mark.parametrize("version", VERSIONS)
def test_ids_are_whole_and_states_are_those_of_tasks(version: str, capsys: Capture) -> None:
    found = {str(row["id"]): row["status"] for row in rows(version, capsys, "ps", "-a")}
    kukeons = {name: status for name, status in found.items() if name.startswith("nk_")}
    assert kukeons == {
        "nk_default_done_once": "STOPPED",
        "nk_default_made_only": None,
        "nk_default_web_app": "RUNNING",
        "nk_default_web_side": "RUNNING",
    }
    assert sorted(len(name) for name in found if name not in kukeons) == [64, 64]


@pytest.mark.parametrize("version", VERSIONS)
def test_events_of_other_namespaces_are_left_out(version: str, capsys: Capture) -> None:
    found = rows(version, capsys, "events")
    assert [row["topic"] for row in found] == ["/images/create", "/images/delete"]
    assert {row["namespace"] for row in found} == {"kukeon-main"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_filter_of_ctrs_is_never_given_to_nerdctl(version: str, capsys: Capture) -> None:
    folder = TOP / "fixtures" / "ctr-output" / f"nerdctl-{version}" / "reads"
    scope = ("-n", "kukeon-main", "--backend", "nerdctl", "--replay", str(folder))
    assert main(["containers", "ls", "id~=web", *scope]) == 4
    said = capsys.readouterr().err
    assert "note: nerdctl does not have ctr's filters" in said
    assert "not run: ctr -n kukeon-main containers ls 'id~=web'" in said
