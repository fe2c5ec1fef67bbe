"""What containers rm does with what is Kukeon's."""

import pytest

from tests.support.cell_host import APP, HALTED, LABELLED, LOST, NEW, ROOT, type_answer
from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, changes, run

FORMED = "shop_back_other_app"


@pytest.mark.parametrize("flags", ["", "--yes", "--kukeon"])
def test_it_needs_both_words_and_says_what_is_lost(
    cell_host: FakeCtr, capsys: Capture, flags: str
) -> None:
    code, out, err = run(f"containers rm {HALTED} {flags}", capsys)
    assert (code, out) == (2, "")
    stopped = "stopped; `kuke start halted --realm main` starts it again"
    assert f"{HALTED} of Kukeon's cell halted ({stopped})" in err
    assert "what it wrote in its files is lost" in err
    assert f"`kuke start` fails ({HALTED}: container not found)" in err
    assert "to delete the whole cell with Kukeon's record: `kuke delete cell halted" in err
    needed = [word for word in ("--yes", "--kukeon") if word not in flags]
    assert f"add {' '.join(needed)}; to delete" in err
    assert changes(cell_host) == []


def test_both_words_remove_it(cell_host: FakeCtr, capsys: Capture) -> None:
    cell_host.answer(*N, "containers", "rm", HALTED)
    assert run(f"containers rm {HALTED} --yes --kukeon", capsys) == (0, f"{HALTED}\n", "")


@pytest.mark.parametrize(
    ("answer", "code"), [("halted", 0), ("y", 130), ("", 130), ("halted web", 130)]
)
def test_the_answer_is_the_name_of_the_cell(
    cell_host: FakeCtr,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
) -> None:
    cell_host.answer(*N, "containers", "rm", HALTED)
    type_answer(monkeypatch, answer)
    assert run(f"containers rm {HALTED}", capsys)[0] == code
    assert bool(changes(cell_host)) is (code == 0)


def test_yes_alone_is_no_answer_at_a_terminal_either(
    cell_host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_answer(monkeypatch, "halted")
    assert run(f"containers rm {HALTED} --yes", capsys)[0] == 2
    assert changes(cell_host) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (NEW, "never started; `kuke start new --realm main --space shop --stack back` starts it"),
        (LABELLED, "cell gone (known by its labels; no record of it could be read)"),
    ],
)
def test_what_is_known_of_the_cell_is_said(
    cell_host: FakeCtr, capsys: Capture, name: str, said: str
) -> None:
    code, _, err = run(f"containers rm {name}", capsys)
    assert (code, changes(cell_host)) == (2, [])
    assert said in err


def test_the_form_of_the_id_is_enough(cell_host: FakeCtr, capsys: Capture) -> None:
    cell_host.answer(*N, "containers", "ls", "-q", stdout=f"{FORMED}\n")
    info = f'{{"ID": "{FORMED}", "Labels": {{}}, "Spec": {{}}}}'
    cell_host.answer(*N, "containers", "info", FORMED, stdout=info)
    code, _, err = run(f"containers rm {FORMED} --yes", capsys)
    assert (code, changes(cell_host)) == (2, [])
    assert "cell other (known by its id" in err


@pytest.mark.parametrize("name", [APP, ROOT])
def test_a_cell_that_runs_is_stopped_by_kuke(
    cell_host: FakeCtr, capsys: Capture, name: str
) -> None:
    code, _, err = run(f"containers rm {name} --yes --kukeon", capsys)
    assert (code, changes(cell_host)) == (1, [])
    assert "RUNNING; the container was not removed" in err
    assert "to stop the cell: `kuke stop web --realm main`" in err


def test_what_containerd_lacks_is_not_asked_about(cell_host: FakeCtr, capsys: Capture) -> None:
    gone = f'ctr: container "{LOST}" in namespace "kukeon-main": not found\n'
    cell_host.answer(*N, "containers", "info", LOST, stderr=gone, exit_code=1)
    assert run(f"containers rm {LOST}", capsys)[0] == 3


def test_all_leaves_them_out_and_says_so(cell_host: FakeCtr, capsys: Capture) -> None:
    cell_host.answer(*N, "containers", "rm", "idle")
    code, out, err = run("containers rm --all --yes", capsys)
    assert (code, out) == (0, "idle\n")
    assert "3 containers belong to Kukeon's cells gone, halted, new and will not be removed" in err
    assert changes(cell_host) == ["-n kukeon-main containers rm idle"]


def test_all_with_both_words_takes_them_too(cell_host: FakeCtr, capsys: Capture) -> None:
    for name in (HALTED, NEW, LABELLED, "idle"):
        cell_host.answer(*N, "containers", "rm", name)
    code, out, _ = run("containers rm --all --yes --kukeon", capsys)
    assert (code, set(out.split())) == (0, {HALTED, NEW, LABELLED, "idle"})
    assert run("containers rm --all --kukeon", capsys)[0] == 2


def test_a_dry_run_tells_the_same_and_changes_nothing(cell_host: FakeCtr, capsys: Capture) -> None:
    code, out, err = run(f"containers rm {HALTED} --dry-run", capsys)
    assert (code, out) == (0, f"env ctr -n kukeon-main containers rm {HALTED}\n")
    assert "note: this removes" in err
    assert changes(cell_host) == []


def test_kukeons_labels_are_left_alone(cell_host: FakeCtr, capsys: Capture) -> None:
    code, _, err = run(f"containers label {APP} a=b", capsys)
    assert (code, changes(cell_host)) == (2, [])
    assert "belongs to Kukeon's cell web" in err
    cell_host.answer(*N, "containers", "label", APP, "a=b")
    assert run(f"containers label {APP} a=b --kukeon", capsys)[:2] == (0, f"{APP}\n")


@pytest.mark.parametrize("name", [LOST, HALTED, FORMED])
def test_no_new_container_gets_an_id_of_kukeons(
    cell_host: FakeCtr, capsys: Capture, name: str
) -> None:
    code, _, err = run(f"containers create --rootfs / {name} sh", capsys)
    assert (code, changes(cell_host)) == (1, [])
    assert "choose another name" in err
    assert ("kuke start" in err) is (name != FORMED)
    assert "nothing was created" in run(f"run --name {name} img:1", capsys)[2]
    assert not any("run" in call for call in cell_host.calls)
