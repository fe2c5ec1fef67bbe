"""stop, start, restart, wait and rm --force of what is Kukeon's, over a fake ctr."""

from pathlib import Path

import pytest

from tests.support.cell_host import APP, HALTED, LABELLED, LOST, ROOT, SIDE
from tests.support.cells import write_cell
from tests.support.ending_host import EndingHost
from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, changes, run

STOPS = "to stop the cell: `kuke stop web --realm main`"
CALLS = ("rm", "start", "kill", "restart")


@pytest.fixture
def cells(cell_host: FakeCtr, tmp_path: Path) -> EndingHost:
    """The host of `cell_host`; a signal ends each of its tasks."""
    host = EndingHost(cell_host, tmp_path / "states")
    for name in (APP, SIDE, ROOT, "mine"):
        host.set(name, "RUNNING")
        host.ends(name, code=0)
    return host


def test_the_name_of_a_cell_means_all_its_containers_the_root_last(
    cells: EndingHost, capsys: Capture
) -> None:
    code, out, err = run("stop web", capsys)
    assert (code, out, changes(cells.fake)) == (2, "", [])
    assert f"web: the containers {APP}, {SIDE}, {ROOT}\n" in err
    assert f"{ROOT} is the root container of Kukeon's cell web" in err
    assert f"hint: {STOPS}; to do it: add --yes" in err
    code, out, err = run("stop --yes web mine", capsys)
    assert code == 0
    assert set(out.split()) == {APP, SIDE, ROOT, "mine"}
    assert out.split()[-1] == ROOT
    signalled = [call.split()[-1] for call in changes(cells.fake)]
    assert signalled[-1] == ROOT
    assert err.count(STOPS) == 1


@pytest.mark.parametrize("word", [f"{APP} {SIDE} {ROOT}", "default/web", "default/default/web"])
def test_the_root_is_last_however_it_is_named(
    cells: EndingHost, capsys: Capture, word: str
) -> None:
    code, out, _ = run(f"stop -y {word}", capsys)
    assert (code, out.split()[-1]) == (0, ROOT)


def test_one_container_of_a_cell_comes_back_and_the_better_way_is_named(
    cells: EndingHost, capsys: Capture
) -> None:
    code, out, err = run("stop web/app", capsys)
    assert (code, out) == (0, f"{APP}\n")
    assert "again in about half a minute (restartPolicy: always)" in err
    assert err.count(STOPS) == 1


def test_a_cell_that_does_not_run_is_no_failure(cells: EndingHost, capsys: Capture) -> None:
    code, out, err = run("stop halted", capsys)
    assert (code, out) == (0, f"{HALTED}\n")
    assert f"{HALTED} is not running: it has no task" in err
    code, _, err = run("stop lost", capsys)
    assert code == 3
    assert f"containerd has no container {LOST}" in err
    assert "`kuke start lost --realm main`" in err


def test_a_name_of_two_cells_stops_neither(
    cells: EndingHost, capsys: Capture, tmp_path: Path
) -> None:
    write_cell(tmp_path / "run-path", "lab/two/web", {"app": {}, "root": {"root": True}})
    code, _, err = run("stop --yes web", capsys)
    assert (code, changes(cells.fake)) == (2, [])
    assert "web names 2 cells of realm main" in err
    assert "name one of them: default/default/web, lab/two/web" in err


@pytest.mark.parametrize("verb", ["start", "restart"])
@pytest.mark.parametrize(
    ("word", "cell"), [("web", "web"), (APP, "web"), (HALTED, "halted"), (LABELLED, "gone")]
)
def test_kuke_starts_what_is_kukeons(
    cells: EndingHost, capsys: Capture, verb: str, word: str, cell: str
) -> None:
    code, out, err = run(f"{verb} mine {word} --yes", capsys)
    assert (code, out) == (1, "")
    assert f"hint: to {verb} the cell: `kuke {verb} {cell} --realm main`" in err
    assert changes(cells.fake) == []


def test_a_running_container_of_a_cell_goes_only_with_both_words(
    cells: EndingHost, capsys: Capture
) -> None:
    assert run(f"rm {APP}", capsys)[0] == 1
    for words, missing in (("", "--yes --kukeon"), ("--yes", "--kukeon")):
        code, _, err = run(f"rm -f {words} {ROOT} {APP}", capsys)
        assert (code, changes(cells.fake)) == (2, [])
        assert f"this removes {APP}, {ROOT} of Kukeon's cell web (running)" in err
        deletes = "to delete the whole cell with Kukeon's record: `kuke delete cell web"
        assert f"to do it: add {missing}; {deletes}" in err
    for name in (APP, ROOT):
        cells.becomes(name, "-", "rm", "--force")
        cells.fake.answer(*N, "containers", "rm", name)
    code, out, _ = run(f"rm -f --yes --kukeon {ROOT} {APP}", capsys)
    assert (code, out) == (0, f"{APP}\n{ROOT}\n")
