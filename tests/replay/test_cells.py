"""`cells` on recorded Kukeon hosts, held against what Kukeon's own client said at that moment."""

import json
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import FIXTURES

Capture = pytest.CaptureFixture[str]
RICH = FIXTURES / "kukeon-rich-0.9.1"


def run(*words: str, host: Path = RICH) -> int:
    return main([*words, "--run-path", str(host / "run"), "--replay", str(host / "ctr")])


def cells(capsys: Capture, *words: str, host: Path = RICH) -> list[dict[str, object]]:
    assert run("cells", "ls", *words, "-o", "json", host=host) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_every_cell_is_as_kukes_own_client_has_it(capsys: Capture) -> None:
    kuke = json.loads((RICH / "kuke/cells.json").read_text())
    assert {
        (
            cell["spec"]["realmId"],
            cell["spec"]["spaceId"],
            cell["spec"]["stackId"],
            cell["metadata"]["name"],
            cell["status"]["state"],
        )
        for cell in kuke
    } == {
        (cell["realm"], cell["space"], cell["stack"], cell["name"], cell["recorded"])
        for cell in cells(capsys, "-A")
    }


def test_how_many_run_is_what_kuke_counts(capsys: Capture) -> None:
    """`kuke get cell -o wide` has it in the column CONTAINERS."""
    lines = (RICH / "kuke/cells.txt").read_text().splitlines()
    place = lines[0].split().index("CONTAINERS")
    kuke = {(row[1], row[0]): row[place] for row in map(str.split, lines[2:])}
    assert {(cell["realm"], cell["name"]): cell["running"] for cell in cells(capsys, "-A")} == kuke


def test_a_stopped_cells_containers_are_stopped_though_kuke_calls_them_ready(
    capsys: Capture,
) -> None:
    """Kukeon's client lists the containers of the stopped cell as Ready; containerd runs none."""
    (halted,) = [cell for cell in cells(capsys, "-r", "main") if cell["name"] == "halted"]
    assert (halted["recorded"], halted["now"], halted["running"]) == ("Exited", "stopped", "0/2")
    assert halted["differs"] is None


def test_where_a_cell_comes_from(capsys: Capture) -> None:
    found = {cell["name"]: cell for cell in cells(capsys, "-r", "main")}
    assert found["ag1"]["made_from"] == "blueprint agent"
    assert found["cfg1"]["made_from"] == "config prod"
    assert found["web"]["made_from"] is None
    assert found["web"]["address"] == "10.88.2.2"
    assert found["ag1"]["volumes"] == ["vol:/vol"]
    assert found["done"]["exit_codes"] == ["once:3"]
    assert found["done"]["reason"] == "StartCellFailed"


@pytest.mark.parametrize("host", ["kukeon-0.1.0", "kukeon-0.9.1"])
def test_older_hosts_have_cells_too(capsys: Capture, host: str) -> None:
    found = {cell["name"]: cell for cell in cells(capsys, "-r", "main", host=FIXTURES / host)}
    assert found["web"]["recorded"] == "Ready"
    assert found["web"]["now"] == "running"


def test_a_record_that_is_behind_the_times_is_told(capsys: Capture) -> None:
    """Kukeon 0.1 wrote no state after a cell had ended."""
    host = FIXTURES / "kukeon-0.1.0"
    assert run("cells", "ls", "-r", "main", host=host) == 0
    out, err = capsys.readouterr()
    assert "done  default  default  Ready     partly" in out
    assert "note: cell default/default/done: recorded as Ready, but once does not run" in err


@pytest.mark.parametrize(
    "name", ["done", "default/done", "default/default/done", "default_default_done_once"]
)
def test_one_cell_by_its_name(capsys: Capture, name: str) -> None:
    assert run("cells", "show", "-r", "main", name) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "CELL         default/default/done"
    assert "default_default_done_once" in out
    assert run("cells", "show", "-r", "main", name, "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["name"] == "done"


def test_a_cell_that_there_is_not_names_those_there_are(capsys: Capture) -> None:
    assert run("cells", "show", "-r", "main", "wbe") == 3
    assert "the realm has: web, " in capsys.readouterr().err


def test_without_containerd_the_recorded_part_is_shown(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUKE_CTR_BIN", str(tmp_path / "no-ctr"))
    line = ("cells", "ls", "-r", "main", "--run-path", str(RICH / "run"), "-o", "json")
    assert main([*line]) == 0
    out, err = capsys.readouterr()
    assert {cell["now"] for cell in json.loads(out)} == {None}
    assert len(json.loads(out)) == 8
    assert "what runs in realm main (namespace kukeon-main) is not known" in err
