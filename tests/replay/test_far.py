"""The whole command line on another host, whose ssh is a script; its recordings need no ssh."""

import json
import os
import tarfile
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.cells import write_cell
from tests.support.fake_ctr import FakeCtr
from tests.support.fake_ssh import FakeSsh

IMAGES = (
    f"REF   TYPE DIGEST{' ' * 65} SIZE    PLATFORMS   LABELS \n"
    f"app:1 x/y  sha256:{'0' * 64} 1.0 KiB linux/amd64 -      \n"
)
SECRET = "hunter2"


@pytest.fixture
def far(
    fake_ssh: FakeSsh, fake_ctr: FakeCtr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeSsh:
    """A host web3 that has a ctr, and the records of a realm with a password."""
    run_path = tmp_path / "far-run"
    write_cell(run_path, namespace="team-a")
    record = run_path / "data/main/metadata.json"
    document = json.loads(record.read_text())
    document["spec"]["registryCredentials"] = [{"username": "ann", "password": SECRET}]
    record.write_text(json.dumps(document))
    fake_ssh.write(cases=f"export PATH={fake_ctr.folder}:$PATH KUKEON_RUN_PATH={run_path}")
    fake_ctr.answer("-n", "team-a", "images", "ls", stdout=IMAGES)
    fake_ctr.answer("-n", "team-a", "images", "ls", "-q", stdout="app:1\n")
    fake_ctr.answer("namespaces", "ls", "-q", stdout="team-a\n")
    fake_ctr.answer("--version", stdout="ctr github.com/containerd/containerd 1.7.24\n")
    monkeypatch.setenv("PATH", f"{fake_ssh.folder}:/usr/bin:/bin")
    return fake_ssh


def test_a_list_of_another_host(far: FakeSsh, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "ls", "-H", "web3", "-r", "main", "-o", "name", "-x"]) == 0
    out, err = capfd.readouterr()
    assert out == "app:1\n"
    lines = err.splitlines()
    assert lines[0].startswith("+ ssh web3 sh -s 3:/opt/kukeon 1:/etc/kukeon/kukeond.yaml ")
    assert "+ ssh web3 ctr -n team-a images ls" in lines
    assert far.commands[0][-2] == "web3"
    assert len([call for call in far.calls if "-N" in call]) == 1  # one connection


def test_the_host_of_the_environment_and_this_one(
    far: FakeSsh, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUKE_CTR_HOST", "ssh://root@web3")
    assert main(["realms", "resolve", "main"]) == 0
    assert "team-a" in capfd.readouterr().out
    assert far.calls[-1][-2] == "web3"
    asked = len(far.calls)
    main(["realms", "resolve", "main", "--host", "local"])
    assert len(far.calls) == asked
    monkeypatch.setenv("KUKE_CTR_HOST", "-oProxyCommand=x")
    assert main(["realms", "resolve", "main"]) == 2


def test_a_recording_of_another_host_replays_without_ssh(
    far: FakeSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "recording"
    line = ["images", "ls", "-r", "main", "-o", "json"]
    assert main([*line, "-H", "web3", "--record", str(folder)]) == 0
    recorded = capfd.readouterr().out
    texts = [one.read_text() for one in folder.iterdir()]
    assert all(json.loads(text)["host"] == "web3" for text in texts)
    assert not any(SECRET in text for text in texts)
    monkeypatch.setenv("PATH", os.devnull)
    for host in ([], ["-H", "web3"]):
        assert main([*line, *host, "--replay", str(folder)]) == 0
        assert capfd.readouterr().out == recorded
    assert main([*line, "-H", "web4", "--replay", str(folder)]) == 4


def test_ssh_that_is_not_installed_is_127(
    far: FakeSsh, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    assert main(["images", "ls", "-H", "web3"]) == 127
    assert "ssh is not installed on this host" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("line", "code"), [(["images", "ls"], 1), (["exec", "web", "true"], 125)], ids=str
)
def test_a_failure_of_ssh_is_not_ctrs(
    far: FakeSsh, line: list[str], code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    far.fail("root@web3: Permission denied (publickey).")
    assert main(["-H", "web3", *line]) == code
    err = capfd.readouterr().err
    assert "ssh could not reach web3: root@web3: Permission denied (publickey)." in err
    assert "hint: no key of yours" in err


def test_a_connection_that_is_lost_midway_is_told(
    far: FakeSsh, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    far.write(cases='case "$1" in *content*rm*) exit 255;; esac')
    line = ["content", "rm", "-n", "team-a", "-H", "web3", "-y", f"sha256:{'0' * 64}"]
    assert main(line) == 1
    err = capfd.readouterr().err
    assert "the connection to web3 was lost" in err
    assert "\nran: ssh web3 ctr -n team-a content rm" in err


def test_an_error_of_ctr_says_which_host(far: FakeSsh, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["content", "ls", "-H", "web3", "-r", "main"]) == 1
    err = capfd.readouterr().err
    assert "kuke-ctr: web3: ctr: nothing is known of" in err
    assert "\nran: ssh web3 ctr -n team-a content ls\n" in err


def test_a_shell_that_talks_is_refused(far: FakeSsh, capfd: pytest.CaptureFixture[str]) -> None:
    far.write(cases="echo Welcome to web3")
    assert main(["images", "ls", "-H", "web3"]) == 4
    assert "prints text of its own: 'Welcome to web3'" in capfd.readouterr().err


@pytest.mark.parametrize(
    "line",
    [
        ["cp", "web:/etc/hosts", "x"],
        ["ctr", "--", "images", "ls"],
        ["snapshots", "mount", "web", "{empty}"],
        ["nerdctl", "--", "compose", "down"],
        ["images", "ls", "--sudo"],
        ["ps", "--backend", "nerdctl"],
    ],
    ids=lambda words: words[0],
)
def test_what_needs_this_host_asks_no_other(
    far: FakeSsh, tmp_path: Path, line: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["-H", "web3", *(one.format(empty=tmp_path / "empty") for one in line)]) in (2, 125)
    assert "host" in capfd.readouterr().err
    assert far.calls == []


@pytest.mark.parametrize(
    "line",
    [
        "tasks checkpoint --image-path ./saved web",
        "tasks checkpoint --image-path /saved --work-path work web",
        "containers create --rootfs ./root new sh",
        "containers create --config spec.json new",
        "containers create --seccomp-profile ./x.json app:1 new",
        "containers create --mount type=bind,src=data,dst=/d app:1 new",
        "run -v ./data:/d app:1",
        "run --runc-root runc app:1",
    ],
)
def test_a_relative_path_is_refused_there(
    far: FakeSsh, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["-H", "web3", "-r", "main", *line.split()]) in (2, 125)
    out, err = capfd.readouterr()
    assert out == ""
    assert "needs an absolute path with --host\nhint: it is a path on web3" in err


def test_settings_of_this_host_are_not_those_of_another(
    far: FakeSsh, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONTAINERD_ADDRESS", "/only/here.sock")
    monkeypatch.setenv("KUKE_CTR_BIN", "only-here-ctr")
    monkeypatch.setenv("KUKE_CTR_REALM", "main")
    assert main(["images", "ls", "-H", "web3", "-q", "-x"]) == 0
    assert "only" not in capfd.readouterr().err


def test_an_archive_is_sent(
    far: FakeSsh, fake_ctr: FakeCtr, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with tarfile.open(tmp_path / "app.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("index.json"))
    sent = (tmp_path / "app.tar").read_bytes()
    took = tmp_path / "took"
    words = ("-n", "team-a", "images", "import", "-")
    fake_ctr.answer(*words, first=f"cat > {took}")
    fake_ctr.answer("-n", "team-a", "content", "ls", "-q")
    file = str(tmp_path / "app.tar")
    main(["images", "import", "-H", "web3", "-r", "main", file, "-x"])
    assert took.read_bytes() == sent
    assert f"+ ssh web3 ctr -n team-a images import - < {file}" in capfd.readouterr().err
