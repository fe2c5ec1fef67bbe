"""Cells whose record and containers do not fit: strays, no record, records that may not be read."""

import json
import shutil
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support import tables
from tests.support.fake_ctr import FakeCtr
from tests.support.paths import FIXTURES

Capture = pytest.CaptureFixture[str]
RICH = FIXTURES / "kukeon-rich-0.9.1"
N = ("-n", "kukeon-main")
LABELS = {
    "kukeon.io/realm": "main",
    "kukeon.io/space": "default",
    "kukeon.io/stack": "default",
    "kukeon.io/container-type": "container",
}


@pytest.fixture
def host(fake_ctr: FakeCtr, tmp_path: Path) -> FakeCtr:
    """Cell web of the recorded host with a container more, cell lost that has no record, and a
    container of somebody else."""
    shutil.copytree(RICH / "run", tmp_path / "run")
    for each in (tmp_path / "run/data/main/default/default").iterdir():
        if each.is_dir() and each.name != "web":
            shutil.rmtree(each)
    web = [f"default_default_web_{name}" for name in ("app", "root", "side-car", "extra")]
    names = [*web, "default_default_lost_job", "mine"]
    listed = tables.containers([(name, "i:1", "r") for name in names])
    fake_ctr.answer(*N, "containers", "ls", stdout="\n".join(listed) + "\n")
    running = tables.tasks([(name, "7", "RUNNING") for name in names])
    fake_ctr.answer(*N, "tasks", "ls", stdout="\n".join(running) + "\n")
    for name, labels in (
        (web[3], {**LABELS, "kukeon.io/cell": "web"}),
        (names[4], {**LABELS, "kukeon.io/cell": "lost"}),
        ("mine", {"team": "x"}),
    ):
        info = json.dumps({"ID": name, "Labels": labels, "CreatedAt": "2026-11-26T17:00:00Z"})
        fake_ctr.answer(*N, "containers", "info", name, stdout=info)
    return fake_ctr


def cells(tmp_path: Path, capsys: Capture, *words: str) -> tuple[dict[str, dict[str, object]], str]:
    line = ("cells", "ls", "-r", "main", "--run-path", str(tmp_path / "run"), "-o", "json")
    assert main([*line, *words]) == 0
    out, err = capsys.readouterr()
    return {cell["name"]: cell for cell in json.loads(out)}, err


def names(cell: dict[str, object]) -> list[tuple[str, bool]]:
    parts = cell["containers"]
    assert isinstance(parts, list)
    return [(each["name"], each["recorded"]) for each in parts]


def test_what_no_record_names_is_marked(host: FakeCtr, tmp_path: Path, capsys: Capture) -> None:
    found, err = cells(tmp_path, capsys)
    assert names(found["web"])[-1] == ("extra", False)
    assert {recorded for _, recorded in names(found["web"])[:-1]} == {True}
    assert (found["web"]["running"], found["web"]["now"]) == ("3/3", "running")
    assert found["web"]["differs"] == "containerd also has extra, which the record does not name"
    assert names(found["lost"]) == [("job", False)]
    assert (found["lost"]["recorded"], found["lost"]["running"]) == (None, "1/1")
    assert "warning: cell default/default/lost: Kukeon has no record of it" in err
    assert "mine" not in str(found)
    asked = [call[4] for call in host.calls if "info" in call]
    assert sorted(asked) == ["default_default_lost_job", "default_default_web_extra", "mine"]


def test_one_that_is_in_no_record_is_marked_on_its_page(
    host: FakeCtr, tmp_path: Path, capsys: Capture
) -> None:
    assert host.answers
    line = ("cells", "show", "-r", "main", "--run-path", str(tmp_path / "run"))
    assert main([*line, "web"]) == 0
    (row,) = [row for row in capsys.readouterr().out.splitlines() if row.startswith("extra")]
    assert row.split()[1:6] == ["default_default_web_extra", "i:1", "no", "record", "RUNNING"]


def test_without_records_containers_name_the_cells(
    fake_ctr: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del fake_ctr

    def forbidden(*_: object) -> object:
        from kuke_ctr.errors import Forbidden

        raise Forbidden("permission denied reading /opt/kukeon/data")

    monkeypatch.setattr("kuke_ctr.recipes.cells.recorded_cells", forbidden)
    monkeypatch.setattr("kuke_ctr.kukeon.cell_list.recorded_cells", forbidden)
    where = ("--replay", str(RICH / "ctr"), "--run-path", str(tmp_path))
    assert main(["cells", "ls", *N, *where, "-o", "json"]) == 0
    out, err = capsys.readouterr()
    found = {cell["name"]: cell for cell in json.loads(out)}
    assert sorted(found) == ["ag1", "cfg1", "dev", "done", "halted", "re", "slow", "web"]
    assert (found["re"]["running"], found["re"]["recorded"]) == ("3/3", None)
    assert {part["name"]: part["root"] for part in found["re"]["containers"]} == {
        "root": True,
        "sec": False,
        "w": False,
    }
    assert {cell["problem"] for cell in found.values()} == {
        "its record cannot be read; labels or ids of containers name it"
    }
    assert err.count("warning: ") == 1
    monkeypatch.setenv("KUKE_CTR_BIN", str(tmp_path / "no-ctr"))
    assert main(["cells", "ls", *N, "--run-path", str(tmp_path)]) == 126
    assert main(["cells", "ls", "-r", "main", "--run-path", str(RICH / "run"), "-A"]) == 2


def test_all_realms_are_listed_without_containerd(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUKE_CTR_BIN", str(tmp_path / "no-ctr"))
    assert main(["cells", "ls", "-A", "--run-path", str(RICH / "run"), "-o", "json"]) == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)) == 10
    assert err.count("what runs in realms default, kuke-system, main, ") == 1
