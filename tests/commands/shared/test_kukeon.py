"""What every command says and asks where something is Kukeon's."""

import pytest

from kuke_ctr.commands.shared.kukeon import cell_answers, confirm_kukeon
from kuke_ctr.errors import Declined
from kuke_ctr.kukeon.members import Member
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.cell_host import HALTED, type_answer
from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, run, tasks_table

STARTS = "to start the cell: `kuke start halted --realm main`"


@pytest.mark.parametrize("status", [None, "STOPPED"])
@pytest.mark.parametrize("line", ["attach", "logs", "tasks start", "containers create --rootfs /"])
def test_a_stopped_cell_is_started_by_kuke(
    cell_host: FakeCtr, capsys: Capture, line: str, status: str | None
) -> None:
    rows = [(HALTED, status)] if status is not None else []
    cell_host.answer(*N, "tasks", "ls", stdout=tasks_table(*rows))
    code, out, err = run(f"{line} {HALTED}", capsys)
    assert (code in (1, 5, 125), out) == (True, "")
    assert STARTS in err
    assert "kuke-ctr tasks" not in err
    assert "kuke-ctr containers rm" not in err


def test_each_cell_has_an_answer_of_its_own() -> None:
    """One name typed must not stand for two cells."""
    web, twin, db = (
        Member("a", "web"),
        Member("b", "web", space="lab", stack="two"),
        Member("c", "db", stack="two"),
    )
    assert cell_answers([web, web, db]) == ["web", "db"]
    assert cell_answers([web, twin, db]) == ["default/default/web", "lab/two/web", "db"]


@pytest.mark.parametrize(
    "line",
    ["tasks start ID", "task start -d ID", "t start ID", "tasks start ID --detach", "t start ID x"],
)
def test_ctr_itself_is_not_given_the_start_of_kukeons_container(
    cell_host: FakeCtr, capsys: Capture, line: str
) -> None:
    code, out, err = run(f"ctr -- {line.replace('ID', HALTED)}", capsys)
    assert (code, out) == (2, "")
    assert STARTS in err


@pytest.mark.parametrize("line", ["tasks kill -s KILL", "c rm", "t delete -f"])
def test_before_ctr_itself_ends_kukeons_container_a_warning_says_whose_it_is(
    cell_host: FakeCtr, capsys: Capture, line: str
) -> None:
    code, out, err = run(f"ctr --dry-run -- {line} {HALTED}", capsys)
    assert code == 0
    assert f"ctr -n kukeon-main {line} {HALTED}" in out
    assert f"warning: {HALTED} belongs to Kukeon's cell halted" in err


@pytest.mark.parametrize(
    ("answer", "fits"),
    [("a b", True), ("b, a", True), ("a", False), ("a b c", False), ("yes", False), ("", False)],
)
def test_each_cell_must_be_named(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, answer: str, fits: bool
) -> None:
    type_answer(monkeypatch, answer)
    session = Session(SharedOptions())
    if fits:
        confirm_kukeon(session, "x", ["a", "b", "a"], yes=False, kukeon=False)
    else:
        with pytest.raises(Declined, match="nothing was changed"):
            confirm_kukeon(session, "x", ["a", "b"], yes=False, kukeon=True)
    assert capsys.readouterr().err == "x\nTo do it, type the 2 names (a, b): "
