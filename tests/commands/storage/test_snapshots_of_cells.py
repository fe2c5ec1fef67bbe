"""What snapshots rm and prune do with the files of Kukeon's containers."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.cell_host import type_answer
from tests.support.cells import write_cell
from tests.support.fake_ctr import FakeCtr
from tests.support.storage_host import CHAIN, MAIN, Capture, changing, snapshots

WEB, LOST = "default_default_web_app", "default_default_lost_app"
OLD = f"{datetime.now(UTC) - timedelta(hours=2):%FT%TZ}"


@pytest.fixture
def host(storage_host: FakeCtr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """Files of a recorded container, of one that is lost, of one that a label tells, of nobody."""
    run_path = tmp_path / "run-path"
    monkeypatch.setenv("KUKEON_RUN_PATH", str(run_path))
    write_cell(run_path, "default/default/web")
    write_cell(run_path, "default/default/lost")
    keys = (WEB, LOST, "labelled", "old")
    rows = ((CHAIN, "", "Committed"), *((key, CHAIN, "Active") for key in keys))
    storage_host.answer(*MAIN, "snapshots", "ls", stdout=snapshots(*rows))
    storage_host.answer(*MAIN, "containers", "ls", "-q", stdout=f"{WEB}\nlabelled\n")
    for name, labels in ((WEB, {}), ("labelled", {"kukeon.io/cell": "gone"})):
        info = {"ID": name, "Labels": labels, "SnapshotKey": name, "Snapshotter": "overlayfs"}
        storage_host.answer(*MAIN, "containers", "info", name, stdout=json.dumps(info))
    for key in keys:
        told = {"Name": key, "Labels": {"containerd.io/gc.root": OLD}, "Created": OLD}
        storage_host.answer(*MAIN, "snapshots", "info", key, stdout=json.dumps(told))
        line = f"mount -t overlay overlay /mnt -o upperdir=/s/{key},lowerdir=/s/1\n"
        storage_host.answer(*MAIN, "snapshots", "mounts", "/mnt", key, stdout=line)
        storage_host.answer(*MAIN, "snapshots", "rm", key)
    return storage_host


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (WEB, f"{WEB} has the files of Kukeon's container {WEB} (cell web)"),
        (LOST, "(cell lost)"),
        ("labelled", "(cell gone)"),
        (CHAIN, f"the files of Kukeon's container {WEB} (cell web) are on top of {CHAIN}"),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--yes"], ["--kukeon"]])
def test_removing_needs_both_words(
    host: FakeCtr, capsys: Capture, key: str, says: str, flags: list[str]
) -> None:
    assert main(["snapshots", "rm", "-r", "main", key, *flags]) == 2
    assert says in capsys.readouterr().err
    assert changing(host) == []


def test_with_both_words_or_the_cells_name_it_goes(
    host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["snapshots", "rm", "-r", "main", WEB, "--yes", "--kukeon"]) == 0
    assert main(["snapshots", "rm", "-r", "main", WEB, "--dry-run"]) == 0
    assert "(cell web)" in capsys.readouterr().err
    type_answer(monkeypatch, "web")
    assert main(["snapshots", "rm", "-r", "main", WEB]) == 0
    type_answer(monkeypatch, "y")
    assert main(["snapshots", "rm", "-r", "main", WEB]) == 130
    assert len(changing(host)) == 2


@pytest.mark.parametrize("flags", [[], ["--yes"], ["--kukeon"]])
def test_committing_takes_the_files_away_too(
    host: FakeCtr, capsys: Capture, flags: list[str]
) -> None:
    assert main(["snapshots", "commit", "-r", "main", "new", WEB, *flags]) == 2
    assert f"{WEB} has the files of Kukeon's container {WEB} (cell web)" in capsys.readouterr().err
    assert changing(host) == []


@pytest.mark.parametrize("verb", ["prepare", "view", "commit"])
@pytest.mark.parametrize("key", [LOST, "default_default_web_new"])
def test_no_snapshot_gets_a_key_that_kukeon_would_take(
    host: FakeCtr, capsys: Capture, verb: str, key: str
) -> None:
    old = ["old"] if verb == "commit" else []
    assert main(["snapshots", verb, "-r", "main", key, *old]) == 1
    assert "nothing was created" in capsys.readouterr().err
    assert changing(host) == []


def test_what_is_nobodys_goes_with_yes_alone(host: FakeCtr) -> None:
    assert main(["snapshots", "rm", "-r", "main", "old", "--yes"]) == 0
    assert changing(host) == [[*MAIN, "snapshots", "rm", "old"]]


def test_prune_leaves_the_files_of_a_lost_container(host: FakeCtr, capsys: Capture) -> None:
    assert main(["snapshots", "prune", "-r", "main", "--yes"]) == 0
    out, err = capsys.readouterr()
    assert out == "old\n"
    assert f"{LOST} has the files of a container of Kukeon's cell lost" in err
    assert main(["snapshots", "prune", "-r", "main", "--kukeon"]) == 2
    assert "of Kukeon's cell lost" in capsys.readouterr().err
    assert main(["snapshots", "prune", "-r", "main", "--kukeon", "--yes"]) == 0
    assert set(capsys.readouterr().out.split()) == {LOST, "old"}
