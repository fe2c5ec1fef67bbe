"""`inspect` over recordings of every ctr version, and of a host of Kukeon's."""

import json
import shutil
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import FIXTURES

VERSIONS = ["1.4.13", "1.6.20", "1.7.24", "2.1.9"]
Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_container_of_every_version(version: str, capsys: Capture, tmp_path: Path) -> None:
    recorded = FIXTURES / version
    for file in (
        *(recorded / "healthy").glob("*[0-9]-containers-ls-q.json"),
        *(recorded / "healthy").glob("*-tasks-ls-all.json"),
        *(recorded / "store").glob("*-containers-info.json"),
    ):
        shutil.copy(file, tmp_path)
    where = ("--type", "container", "--replay", str(tmp_path))
    assert main(["inspect", "-n", "kukeon-main", "cap-w", *where]) == 0
    out, err = capsys.readouterr()
    (found,) = json.loads(out)
    assert (found["id"], found["task"], found["cell"]) == ("cap-web", None, None)
    assert found["process"]["env"][0].startswith("PATH=")
    assert found["mounts"][0]["destination"] == "/proc"
    assert "is not known: the recording" in found["problems"][0]
    assert "cap-w: the container cap-web" in err


def test_an_attachable_container_of_kukeons(capsys: Capture) -> None:
    host = FIXTURES / "kukeon-rich-0.9.1"
    where = ("--run-path", str(host / "run"), "--replay", str(host / "ctr"))
    assert main(["inspect", "-r", "main", "dev", "re/sec", *where]) == 0
    dev, secret = json.loads(capsys.readouterr().out)
    assert dev["cell"]["attachable"] is True
    assert dev["log"]["kind"] == "the terminal output that kuketty recorded"
    assert dev["task"]["status"] == "RUNNING"
    joined = {one["type"]: one["joins"] for one in dev["namespaces"]}
    assert joined["network"] == joined["ipc"].replace("ipc", "net") == "/proc/18611/ns/net"
    assert [one for one in secret["process"]["env"] if "***" in one] == ["TOK=***"]
