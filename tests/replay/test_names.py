"""Containers by the names of their cells, on three recorded Kukeon hosts."""

import json
import shutil
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import FIXTURES

Capture = pytest.CaptureFixture[str]

HOSTS = ("0.1.0", "0.9.1", "rich-0.9.1")
CELLS = {
    "ag1": "default_default_ag1_work",
    "cfg1": "default_default_cfg1_work",
    "dev": "default_default_dev_shell",
    "done": "default_default_done_once",
    "halted": "default_default_halted_app",
    "slow": "default_default_slow_sh",
}
"""Cells of the realm main of rich-0.9.1 -> the only container but the root, as for `kuke log`."""


def run(host: str, *words: str, answers: Path | None = None, containerd: bool = True) -> int:
    folder = FIXTURES / f"kukeon-{host}"
    replay = ["--replay", str(answers or folder / "ctr")]
    daemon = replay if containerd else ["-a", "/nowhere/containerd.sock"]
    return main([*words, "--run-path", str(folder / "run"), *daemon])


def rows(host: str, capsys: Capture, *words: str) -> list[dict[str, str]]:
    assert run(host, *words, "-o", "json") == 0
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """The recording of rich-0.9.1, with what its ctr says of what is no id."""
    folder = tmp_path / "ctr"
    shutil.copytree(FIXTURES / "kukeon-rich-0.9.1/ctr", folder)
    for number, word in enumerate((*CELLS, "web", "nope"), start=900):
        argv = ["ctr", "-n", "kukeon-main", "containers", "info", word]
        said = f'ctr: container "{word}" in namespace "kukeon-main": not found\n'
        answer = {"argv": argv, "stdout": "", "stderr": said, "exit_code": 1}
        (folder / f"{number}-{word}.json").write_text(json.dumps(answer))
    return folder


@pytest.mark.parametrize("host", HOSTS)
def test_every_container_has_a_path(host: str, capsys: Capture) -> None:
    found = rows(host, capsys, "containers", "ls", "-A")
    assert found
    for row in found:
        space, stack, cell, name = row["id"].split("_")
        path = f"{cell}/{name}" if name == "root" else f"{space}/{stack}/{cell}/{name}"
        assert run(host, "containers", "info", path, "-r", row["realm"]) == 0
        out, err = capsys.readouterr()
        assert json.loads(out)["ID"] == row["id"]
        assert err.startswith(f"{path}: the container {row['id']}\n")


@pytest.mark.parametrize("cell", CELLS)
def test_a_cells_only_container_is_meant_by_its_name(
    cell: str, answers: Path, capsys: Capture
) -> None:
    assert run("rich-0.9.1", "containers", "info", cell, "-r", "main", answers=answers) == 0
    assert json.loads(capsys.readouterr().out)["ID"] == CELLS[cell]


def test_a_cell_of_two_is_told_with_what_to_type(answers: Path, capsys: Capture) -> None:
    for verb in (["containers", "info"], ["logs"]):
        code = run("rich-0.9.1", *verb, "web", "-r", "main", answers=answers)
        assert code == 2
        assert "name one of them: web/app, web/side-car\n" in capsys.readouterr().err


def test_the_names_that_there_are_can_be_typed(answers: Path, capsys: Capture) -> None:
    assert run("rich-0.9.1", "containers", "info", "nope", "-r", "main", answers=answers) == 3
    err = capsys.readouterr().err
    assert "hint: the realm has: done, ag1, cfg1, dev, halted and 5 more (" in err


LOGS = {
    "done": "done/once/log",
    "halted": "halted/app/log",
    "web/app": "web/app/log",
    "default/default/web/side-car": "web/side-car/log",
    "dev": "dev/shell/tty/capture",
}


@pytest.mark.parametrize("words", ["logs dev/shell", "cells show dev"])
def test_a_cell_of_another_realm_is_told_with_the_command_for_it(
    capsys: Capture, words: str
) -> None:
    """Who forgets -r asks realm default."""
    assert run("rich-0.9.1", *words.split(), "-r", "mytenant") != 0
    err = capsys.readouterr().err
    assert "hint: realm main (namespace kukeon-main) has it: `kuke-ctr " in err


@pytest.mark.parametrize("containerd", [True, False], ids=["recorded", "containerd is down"])
@pytest.mark.parametrize("word", LOGS)
def test_logs_by_the_name_of_a_cell(
    answers: Path, capfdbinary: pytest.CaptureFixture[bytes], containerd: bool, word: str
) -> None:
    words = ("logs", word, "-r", "main", "-o", "raw")
    assert run("rich-0.9.1", *words, answers=answers, containerd=containerd) == 0
    out, err = capfdbinary.readouterr()
    records = FIXTURES / "kukeon-rich-0.9.1/run/data/main/default/default"
    assert out == (records / LOGS[word]).read_bytes()
    assert err.startswith(f"{word}: the container default_default_".encode())


def test_without_containerd_two_containers_are_told_as_well(
    capsys: Capture,
) -> None:
    assert run("rich-0.9.1", "logs", "web", "-r", "main", containerd=False) == 2
    assert "name one of them: web/app, web/side-car\n" in capsys.readouterr().err
