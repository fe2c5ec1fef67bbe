"""A host with a cell of Kukeon's that runs, one that is stopped, and containers of others."""

import json
from pathlib import Path

import pytest

from tests.support.cells import NEVER, Parts, write_cell
from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import N, tasks_table

NO_TASK = "ctr: no running task found: task x not found: not found\n"
STARTED = "2026-11-27T03:50:13Z"
APP, SIDE, ROOT = (f"default_default_web_{name}" for name in ("app", "side", "root"))
HALTED = "default_default_halted_app"
NEW = "shop_back_new_app"
LABELLED = "labelled"
"""A container of Kukeon's by its label alone: its record is another realm's, or gone."""

LOST = "default_default_lost_app"
"""Containerd has no container of this one, which a record names."""


@pytest.fixture
def cell_host(fake_ctr: FakeCtr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """Cells web (running), halted, new (never started), lost; containers of others: mine, idle."""
    run_path = tmp_path / "run-path"
    monkeypatch.setenv("KUKEON_RUN_PATH", str(run_path))
    monkeypatch.setattr("kuke_ctr.recipes.task_control.drops", lambda pid, number: False)
    parts: Parts = {
        "app": {"restartPolicy": "always"},
        "side": {"restartPolicy": "on-failure"},
        "root": {"root": True},
    }
    write_cell(run_path, "default/default/web", parts, started=STARTED)
    write_cell(run_path, "default/default/halted", started=STARTED)
    write_cell(run_path, "shop/back/new", {"app": {}}, started=NEVER)
    write_cell(run_path, "default/default/lost", {"app": {}})
    fake_ctr.answer("namespaces", "ls", "-q", stdout="default\nkukeon-main\nmoby\n")
    running = [(name, "RUNNING") for name in (APP, SIDE, ROOT, "mine")]
    fake_ctr.answer(*N, "tasks", "ls", stdout=tasks_table(*running))
    names = (APP, SIDE, ROOT, HALTED, NEW, LABELLED, "mine", "idle")
    fake_ctr.answer(*N, "containers", "ls", "-q", stdout="".join(f"{n}\n" for n in names))
    for name in names:
        labels = {"kukeon.io/cell": "gone"} if name == LABELLED else {}
        info = json.dumps({"ID": name, "Labels": labels, "Spec": {}})
        fake_ctr.answer(*N, "containers", "info", name, stdout=info)
        fake_ctr.answer(*N, "tasks", "ps", name, stderr=NO_TASK, exit_code=1)
    return fake_ctr


class Typed:
    """A terminal at which somebody answers."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def isatty(self) -> bool:
        """It is one."""
        return True

    def readline(self) -> str:
        """What was typed."""
        return f"{self.answer}\n"


def type_answer(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Somebody sits at a terminal, and will answer so."""
    monkeypatch.setattr("sys.stdin", Typed(answer))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
