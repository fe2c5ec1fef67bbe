"""`tree` on the recorded Kukeon hosts, and where one of the two that tell is not there."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support import tables
from tests.support.fake_ctr import FakeCtr
from tests.support.paths import FIXTURES

Capture = pytest.CaptureFixture[str]
RICH = FIXTURES / "kukeon-rich-0.9.1"
Node = dict[str, object]


def tree(*words: str, host: Path = RICH) -> int:
    return main(["tree", *words, "--run-path", str(host / "run"), "--replay", str(host / "ctr")])


def nodes(capsys: Capture, *words: str, host: Path = RICH) -> list[Node]:
    assert tree(*words, "-o", "json", host=host) == 0
    found: list[Node] = json.loads(capsys.readouterr().out)
    return found


def kuke(kind: str) -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = json.loads((RICH / f"kuke/{kind}.json").read_text())
    return found


def test_it_has_what_kukes_own_client_lists(capsys: Capture) -> None:
    found = nodes(capsys, "-A")
    paths = {
        kind: {node["path"] for node in found if node["kind"] == kind}
        for kind in ("space", "stack", "cell")
    }
    ids = ("realmId", "spaceId", "stackId")
    spaces = {f"{each['spec']['realmId']}/{each['metadata']['name']}" for each in kuke("spaces")}
    stacks = {
        "/".join((*(each["spec"][key] for key in ids[:2]), each["metadata"]["name"]))
        for each in kuke("stacks")
    }
    cells = {
        "/".join((*(each["spec"][key] for key in ids), each["metadata"]["name"]))
        for each in kuke("cells")
    }
    assert paths == {"space": spaces, "stack": stacks, "cell": cells}
    containers = json.loads((RICH / "kuke/containers.json").read_text())
    assert sorted(str(node["path"]) for node in found if node["kind"] == "container") == sorted(
        "/".join(each[key] for key in (*ids, "cellId", "id")) for each in containers
    )
    assert {node["note"] for node in found} == {None}
    assert {node["recorded"] for node in found} == {True}


def test_it_is_drawn_with_state_image_and_age(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Noon(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Noon":
            assert tz is UTC
            return cls(2026, 11, 27, 12, tzinfo=UTC)

    monkeypatch.setattr("kuke_ctr.commands.kukeon.tree.datetime", Noon)
    assert tree("-r", "main") == 0
    lines = [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["NAME", "STATUS", "IMAGE", "AGE"]
    assert lines[1] == ["main", "(kukeon-main)"]
    assert ["├─", "halted", "stopped"] in lines
    assert ["│", "├─", "app", "-        docker.io/library/busybox:latest  18h"] in lines
    assert ["└─", "side-car", "RUNNING", "docker.io/library/busybox:latest  18h"] in lines


def test_a_narrow_terminal_gets_it_narrow(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kuke_ctr.commands.kukeon.tree.terminal_width", lambda: 50)
    assert tree("-A") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 50
    assert any(line.startswith("      │  └─ work ") for line in lines)


@pytest.mark.parametrize("host", ["kukeon-0.1.0", "kukeon-0.9.1"])
def test_older_hosts_are_trees_too(capsys: Capture, host: str) -> None:
    found = {node["path"]: node for node in nodes(capsys, "-A", host=FIXTURES / host)}
    assert found["main/default/default/web/app"]["status"] == "RUNNING"
    assert found["main/default/default/done"]["status"] in ("partly", "stopped")
    assert found["mytenant"]["exists"] is True


def test_words_alone_cost_no_call_for_each_container(capsys: Capture) -> None:
    assert tree("-r", "main", "-q", "-x") == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[:4] == [
        *("main", "default", "default/default", "default/default/ag1"),
    ]
    assert len(err.splitlines()) == 2


def test_other_forms_are_flat(capsys: Capture) -> None:
    assert tree("-r", "main", "--columns", "path,status", "--sort-by", "-path") == 0
    assert capsys.readouterr().out.splitlines()[1].split() == [
        *("main/default/default/web/side-car", "RUNNING"),
    ]


def test_without_containerd_the_records_are_shown(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUKE_CTR_BIN", str(tmp_path / "no-ctr"))
    assert main(["tree", "-A", "--run-path", str(RICH / "run"), "-o", "json"]) == 0
    out, err = capsys.readouterr()
    found = {node["path"]: node for node in json.loads(out)}
    sec = found["main/default/default/re/sec"]
    assert (sec["exists"], sec["status"], sec["recorded"], sec["note"]) == (None, None, True, None)
    assert found["main"]["exists"] is None
    assert err.startswith("warning: what runs in realms default, kuke-system, main, mytenant, team")
    assert err.count("\n") == 1


def test_without_records_the_containers_tell(capsys: Capture, tmp_path: Path) -> None:
    where = ("--run-path", str(tmp_path), "--replay", str(RICH / "ctr"))
    assert main(["tree", "-n", "kukeon-main", *where, "-o", "json"]) == 0
    found = {node["path"]: node for node in json.loads(capsys.readouterr().out)}
    cell = found["kukeon-main/default/default/re"]
    assert (cell["status"], cell["recorded"]) == ("running", False)
    assert "no record" in str(cell["note"])
    sec = found["kukeon-main/default/default/re/sec"]
    assert (sec["recorded"], sec["exists"], sec["note"]) == (False, True, "no record")


N = ("-n", "kukeon-main")


def test_what_does_not_fit_is_marked(fake_ctr: FakeCtr, tmp_path: Path, capsys: Capture) -> None:
    run = tmp_path / "run"
    shutil.copytree(RICH / "run", run)
    stack = run / "data/main/default/default"
    for each in stack.iterdir():
        if each.is_dir() and each.name not in ("web", "halted"):
            shutil.rmtree(each)
    (stack.parent / "empty").mkdir()
    shutil.copy(stack / "metadata.json", stack.parent / "empty")
    names = ["default_default_web_app", "default_default_web_root", "mine"]
    listed = tables.containers([(name, "i:1", "r") for name in names])
    fake_ctr.answer(*N, "containers", "ls", stdout="\n".join(listed) + "\n")
    fake_ctr.answer(*N, "tasks", "ls", stdout="\n".join(tables.tasks([])) + "\n")
    for name in names:
        info = json.dumps({"ID": name, "CreatedAt": "2020-01-01T00:00:00Z"})
        fake_ctr.answer(*N, "containers", "info", name, stdout=info)
    assert main(["tree", "-r", "main", "--run-path", str(run)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "STATUS", "IMAGE", "AGE", "NOTE"]
    assert [line for line in lines if line.startswith("│  └─ empty")] == ["│  └─ empty"]
    (gone,) = [line for line in lines if "─ side-car" in line]
    assert gone.endswith("no such container in containerd")
    (halted,) = [line for line in lines if "halted" in line]
    assert halted.split("halted")[1].split(maxsplit=1) == [
        *("absent", "containerd has none of its containers"),
    ]
    (web,) = [line for line in lines if "─ web" in line]
    assert "recorded as Ready, but app, root do not run and containerd has no" in web
    assert lines[-2].rstrip() == "└─ (not Kukeon's)"
    assert lines[-1].split()[:4] == ["└─", "mine", "-", "i:1"]


def test_a_realm_that_there_is_not(capsys: Capture, tmp_path: Path) -> None:
    where = ("--run-path", str(tmp_path), "--replay", str(RICH / "ctr"))
    assert main(["tree", "-n", "nope", *where]) == 4  # not recorded
    assert capsys.readouterr().out == ""
