"""Containers by the name of their cell, over a fake ctr and Kukeon's records."""

import json
from pathlib import Path

import pytest

from scripts.lib.kukeon import write_record
from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, changes, run, tasks_table

LIST = [*N, "containers", "ls", "-q"]
DB, ROOT = "default_default_db_pg", "default_default_db_root"
APP, SIDE = "default_default_web_app", "default_default_web_side"
GONE = "shop_back_gone_x"
LOOSE = "shop_back_loose_x"
"""Its cell has no record."""

PLAIN = ("web-2", "plain")
PRESENT = (DB, ROOT, APP, SIDE, LOOSE, *PLAIN)


def cell(run_path: Path, where: str, *names: str, **more: object) -> None:
    folder = run_path / "data/main" / where
    folder.mkdir(parents=True)
    space, stack, name = where.split("/")
    containers = [
        {"id": one, "containerdId": f"{space}_{stack}_{name}_{one}", "root": one == "root", **more}
        for one in names
    ]
    record = {"kind": "Cell", "spec": {"containers": containers}}
    (folder / "metadata.json").write_text(json.dumps(record))


@pytest.fixture
def host(fake_ctr: FakeCtr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """Cells with one container, with two, and with one that containerd lacks."""
    run_path = tmp_path / "kukeon"
    write_record(run_path, "main", "kukeon-main")
    cell(run_path, "default/default/db", "pg", "root")
    cell(run_path, "default/default/web", "app", "side")
    cell(run_path, "shop/back/gone", "x")
    cell(run_path, "shop/back/dev", "log", "root")
    cell(run_path, "shop/front/dev", "shell", "root", attachable=True)
    monkeypatch.setenv("KUKEON_RUN_PATH", str(run_path))
    monkeypatch.setattr("kuke_ctr.recipes.task_control.drops", lambda pid, number: False)
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")
    fake_ctr.answer(*N, "tasks", "ls", stdout=tasks_table(*((one, "RUNNING") for one in PRESENT)))
    fake_ctr.answer(*LIST, stdout="".join(f"{one}\n" for one in PRESENT))
    for one in PRESENT:
        info = json.dumps({"ID": one, "Labels": {}, "Spec": {}})
        fake_ctr.answer(*N, "containers", "info", one, stdout=info)
    return fake_ctr


def unknown(fake: FakeCtr, *words: str) -> None:
    said = 'ctr: container "x" in namespace "kukeon-main": not found\n'
    fake.answer(*N, *words, stderr=said, exit_code=1)


@pytest.mark.parametrize("word", ["db", "default/db", "db/pg", "default/default/db/pg"])
def test_a_cell_is_its_only_container(host: FakeCtr, capsys: Capture, word: str) -> None:
    unknown(host, "containers", "info", word)
    code, out, err = run(f"containers info {word}", capsys)
    assert (code, json.loads(out)["ID"]) == (0, DB)
    assert err == f"{word}: the container {DB}\n"
    asked = [call for call in host.calls if "info" in call]
    assert asked == [[*N, "containers", "info", one] for one in ([word] * ("/" not in word) + [DB])]


def test_each_verb_takes_it(host: FakeCtr, capsys: Capture) -> None:
    for verb in ("kill", "pause"):
        host.answer(*N, "tasks", verb, DB)
        code, out, err = run(f"tasks {verb} db", capsys)
        assert (code, out) == (0, f"{DB}\n")
        assert err.startswith(f"db: the container {DB}\n")
    host.answer(*N, "containers", "label", ROOT, "a=b")
    assert run("containers label --kukeon db/root a=b", capsys)[:2] == (0, f"{ROOT}\n")
    for words in ("ps", "metrics --format json"):
        unknown(host, "tasks", *words.split(), "db")
        host.answer(*N, "tasks", *words.split(), DB, stdout="PID     INFO\n1000    -\n")
    for word in ("db", "db/pg"):
        code, out, err = run(f"tasks ps {word} -o csv --columns task,pid", capsys)
        assert (code, out, err) == (0, f"task,pid\n{DB},1000\n", f"{word}: the container {DB}\n")
    code, out, _ = run("exec --dry-run db ls", capsys)
    assert (code, out.rstrip().endswith(f"-- {DB} ls")) == (0, True)
    code, out, err = run("tasks checkpoint --dry-run db", capsys)
    assert (code, out) == (0, f"env ctr -n kukeon-main tasks checkpoint {DB}\n")


def test_two_containers_are_named_with_what_to_type(host: FakeCtr, capsys: Capture) -> None:
    unknown(host, "containers", "info", "web")
    lines = ["containers info web", "tasks kill --yes web", "tasks kill plain web", "tasks ps web"]
    unknown(host, "tasks", "ps", "web")
    for line in lines:
        code, out, err = run(line, capsys)
        assert (code, out) == (2, "")
        assert "web names 2 containers of realm main (namespace kukeon-main)\n" in err
        assert "hint: name one of them: web/app, web/side\n" in err
    assert changes(host) == []


def test_an_attachment_means_the_attachable_container(host: FakeCtr, capsys: Capture) -> None:
    """As with `kuke attach`; without containerd, too."""
    for problem in ("not found", "connection refused"):
        for one in ("dev", "shop_front_dev_shell"):
            said = f"ctr: {one}: {problem}\n"
            host.answer(*N, "containers", "info", one, stderr=said, exit_code=1)
        assert run("attach dev", capsys)[0] == 125
        assert [*N, "containers", "info", "shop_front_dev_shell"] == [
            call for call in host.calls if "info" in call
        ][-1]
    host.answer(*N, "containers", "info", "dev", stderr="ctr: dev: not found\n", exit_code=1)
    code, _, err = run("containers info dev", capsys)
    assert (code, "name one of them: back/dev, front/dev\n" in err) == (2, True)


def test_an_exact_id_wins_and_reads_no_record(
    host: FakeCtr, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kuke_ctr.kukeon.members.recorded_members", None)
    host.answer(*N, "containers", "info", "web", stdout=json.dumps({"ID": "web"}))
    code, out, err = run("containers info web", capsys)
    assert (code, json.loads(out)["ID"], err) == (0, "web", "")
    assert LIST not in host.calls


def test_what_only_looks_like_a_cell_is_asked_about_before_harm(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer(*N, "tasks", "kill", LOOSE)
    host.answer(*N, "tasks", "pause", LOOSE)
    code, out, err = run("tasks kill loose", capsys)
    assert (code, out) == (2, "")
    assert "no record of Kukeon names a cell for loose: " in err
    assert f"{LOOSE} has only an id of that form and will get the signal" in err
    assert run("tasks kill loose --yes", capsys)[:2] == (0, f"{LOOSE}\n")
    assert run("tasks pause loose", capsys)[:2] == (0, f"{LOOSE}\n")


@pytest.mark.parametrize("word", ["gone", GONE, "gone/x"])
def test_a_record_without_a_container_says_how_to_start_the_cell(
    host: FakeCtr, capsys: Capture, word: str
) -> None:
    for one in (word, GONE):
        unknown(host, "containers", "info", one)
    for line in (f"containers info {word}", f"tasks kill {word}", f"tasks start {word}"):
        code, _, err = run(line, capsys)
        assert code in (3, 125)
        assert (
            f"containerd has no container {GONE}; only Kukeon's record of shop/back/gone/x" in err
        )
        assert "`kuke start gone --realm main --space shop --stack back`" in err


def test_what_is_missing_is_told_with_names_to_type(host: FakeCtr, capsys: Capture) -> None:
    for word, first in (("db", "db"), ("web/ap", "web/app"), ("default_default_db_p", DB)):
        code, _, err = run(f"tasks pause {word}x", capsys)
        assert code == 3
        assert f"there is no container {word}x in realm main" in err
        assert f"hint: the realm has: {first}, " in err
    code, _, err = run("tasks pause default_default_db", capsys)
    assert f"2 ids begin with default_default_db: {DB}, {ROOT} (" in err


@pytest.mark.parametrize("word", ["a/../b", "a//b", "/", "db/", "../db", "/etc/passwd"])
def test_what_is_no_path_of_names_is_refused(host: FakeCtr, capsys: Capture, word: str) -> None:
    code, _, err = run(f"containers info {word}", capsys)
    assert code == 2
    assert "is not a valid container name" in err
    assert host.calls == []
