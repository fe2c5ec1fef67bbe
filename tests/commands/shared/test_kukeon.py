"""What every command says and asks where something is Kukeon's."""

import pytest

from kuke_ctr.commands.shared.kukeon import confirm_kukeon
from kuke_ctr.errors import Declined
from kuke_ctr.session import Session, SharedOptions
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
