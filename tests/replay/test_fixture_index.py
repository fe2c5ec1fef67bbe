"""The names of the fixtures are short and plain, and each INDEX.md says what is in its folder."""

import json
from pathlib import Path

import pytest

from kuke_ctr.processes.recordings import LONGEST_NAME
from scripts.lib import fixture_index
from scripts.lib.fixture_index import INDEX, RECORDINGS, RENEW

FOLDERS = list(fixture_index.folders())
DIGEST = "sha256:0758ad4bae6016dc40bdfe2a6a592863a6e2ba787aa5daf4e88649afa1423fd6"


def record(folder: Path, name: str, *argv: str, exit_code: int = 0, **more: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    recording = {"argv": argv, "exit_code": exit_code, **more}
    (folder / name).write_text(json.dumps(recording))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: "/".join(path.parts[-2:]))
def test_an_index_is_current(folder: Path) -> None:
    text = (folder / INDEX).read_text(encoding="utf-8")
    assert text == fixture_index.index(folder), f"run {RENEW}"


def test_every_folder_that_is_replayed_has_an_index() -> None:
    assert {path.parent for path in RECORDINGS.glob(f"**/{INDEX}")} == set(FOLDERS)
    assert len(FOLDERS) > 25


def test_every_name_is_short_and_ascii() -> None:
    names = [path.name for path in RECORDINGS.parent.rglob("*")]
    assert len(names) > 900
    assert [name for name in names if len(name) > LONGEST_NAME or not name.isascii()] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: "/".join(path.parts[-2:]))
def test_every_recording_has_a_number_of_its_own(folder: Path) -> None:
    numbers = [path.name.partition("-")[0] for path in folder.glob("*.json")]
    assert all(number.isdecimal() for number in numbers)
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("namespaces ls -q", "007-namespaces-ls-q.json"),
        ("-n main content get " + DIGEST, "007-main-content-get-0758ad4b.json"),
        (f"-n main content ls digest=={DIGEST}", "007-main-content-ls-digest-0758ad4b.json"),
        (
            f"-n main content ls digest=={DIGEST} digest==sha256:1 digest==sha256:2",
            "007-main-content-ls-digest-0758ad4b-and-2.json",
        ),
        ("-n main snapshots info schlüssel", "007-main-snapshots-info-schl-ssel.json"),
        ("-n main snapshots info 漢字", "007-main-snapshots-info.json"),
        (
            "-n kuke-system.kukeon.io containers info kukeon_kukeon_kukeond_root",
            "007-kuke-system.kukeon.io-containers-info..kukeond_root.json",
        ),
    ],
)
def test_a_recording_is_named_after_its_call(words: str, name: str) -> None:
    assert fixture_index.file_name(7, ["ctr", *words.split()]) == name
    assert len(fixture_index.file_name(12345, ["ctr", *words.split()])) <= LONGEST_NAME


def test_an_index_has_a_line_for_each_call_in_the_order_of_replay(tmp_path: Path) -> None:
    folder = tmp_path / "2.1.9" / "healthy"
    record(folder, "1000-tasks-ls.json", "ctr", "tasks", "ls", exit_code=1)
    record(folder, "999-x.json", "ctr", "snapshots", "info", "two words\n")
    record(folder, "1001-events.json", "ctr", "events", exit_code=-9, timed_out=True)
    (tmp_path / "2.1.9" / "empty").mkdir()
    assert list(fixture_index.folders(tmp_path)) == [folder]
    fixture_index.write(folder)
    title, _, _, _, *lines = (folder / INDEX).read_text().splitlines()
    assert title == "# 2.1.9/healthy"
    assert lines == [
        r"    999-x.json          <- ctr snapshots info 'two words\n'",
        "    1000-tasks-ls.json  <- ctr tasks ls  (exit code 1)",
        "    1001-events.json    <- ctr events  (exit code -9, time limit)",
    ]
