"""`tasks kill` and `tasks rm` of a cell that Kukeon deletes once its workload has ended well."""

import json
from pathlib import Path

import pytest

from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, changes, run, tasks_table

APP, SIDE, ROOT = (f"default_default_brief_{name}" for name in ("app", "side", "root"))
SAID = (
    f"Kukeon deletes the cell brief with all its files when {APP} has ended with exit code 0 "
    "(autoDelete)"
)


@pytest.fixture
def brief(fake_ctr: FakeCtr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """A cell with autoDelete, of which one workload and the root run."""
    return _host(fake_ctr, tmp_path, monkeypatch, running=(APP, ROOT))


def _host(
    ctr: FakeCtr,
    folder: Path,
    patch: pytest.MonkeyPatch,
    *,
    running: tuple[str, ...],
    policy: str = "",
) -> FakeCtr:
    cell = folder / "data/main/default/default/brief"
    cell.mkdir(parents=True)
    realm = {"kind": "Realm", "metadata": {"name": "main"}, "spec": {"namespace": "kukeon-main"}}
    (folder / "data/main/metadata.json").write_text(json.dumps(realm))
    parts = [
        {"id": name.rpartition("_")[2], "containerdId": name, "root": name == ROOT}
        for name in (APP, SIDE, ROOT)
    ]
    spec = {"autoDelete": True, "containers": [{**part, "restartPolicy": policy} for part in parts]}
    (cell / "metadata.json").write_text(json.dumps({"kind": "Cell", "spec": spec}))
    patch.setenv("KUKEON_RUN_PATH", str(folder))
    ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")
    ctr.answer(*N, "tasks", "ls", stdout=tasks_table(*((name, "RUNNING") for name in running)))
    for name in running:
        info = json.dumps({"ID": name, "Labels": {}, "Spec": {}})
        ctr.answer(*N, "containers", "info", name, stdout=info)
        ctr.answer(*N, "tasks", "kill", name)
        ctr.answer(*N, "tasks", "kill", "--signal", "SIGKILL", name)
    return ctr


def test_the_last_workload_is_asked_about(brief: FakeCtr, capsys: Capture) -> None:
    code, out, err = run(f"tasks kill {APP}", capsys)
    assert (code, out) == (2, "")
    assert SAID in err
    assert changes(brief) == []
    assert run(f"tasks kill {APP} --yes", capsys)[:2] == (0, f"{APP}\n")


def test_a_dry_run_tells(brief: FakeCtr, capsys: Capture) -> None:
    code, _, err = run(f"tasks kill {APP} --dry-run", capsys)
    assert code == 0
    assert f"note: {SAID}" in err


def test_sigkill_gives_an_exit_code_that_keeps_the_cell(brief: FakeCtr, capsys: Capture) -> None:
    assert run(f"tasks kill -9 {APP}", capsys)[:2] == (0, f"{APP}\n")


@pytest.mark.parametrize(("running", "policy"), [((APP, SIDE, ROOT), ""), ((APP, ROOT), "always")])
def test_a_cell_that_goes_on_is_not_deleted(
    fake_ctr: FakeCtr,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    running: tuple[str, ...],
    policy: str,
) -> None:
    _host(fake_ctr, tmp_path, monkeypatch, running=running, policy=policy)
    code, out, err = run(f"tasks kill {APP}", capsys)
    assert (code, out) == (0, f"{APP}\n")
    assert "autoDelete" not in err
