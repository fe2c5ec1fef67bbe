"""Errors of another host name it, and what they print can be pasted here."""

from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.commands.shared.far_errors import of_far
from kuke_ctr.errors import CtrFailed, Forbidden
from tests.support.far_host import FarHost

RAN = "ran: ssh web3 ctr -n team-a content ls"
LINE = ["-n", "team-a", "content", "ls"]


def test_the_host_of_the_environment_is_named(
    far_host: FarHost, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUKE_CTR_HOST", "web3")
    far_host.ctr.answer(*LINE, stderr="ctr: broken\n", exit_code=1)
    assert main(LINE) == 1
    err = capfd.readouterr().err
    assert "kuke-ctr: web3: ctr: broken" in err
    assert RAN in err.splitlines()


def test_the_host_of_the_settings_file_is_named(
    far_host: FarHost,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "kuke-ctr").mkdir(mode=0o700)
    (tmp_path / "kuke-ctr/config.yaml").write_text("host: web3\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    far_host.ctr.answer(*LINE, stderr="ctr: broken\n", exit_code=1)
    assert main(LINE) == 1
    assert RAN in capfd.readouterr().err.splitlines()


def test_of_two_hosts_it_is_the_one_that_failed(
    far_host: FarHost, capfd: pytest.CaptureFixture[str]
) -> None:
    far_host.ctr.answer(*LINE[:2], "images", "ls", stderr="ctr: broken\n", exit_code=1)
    places = ["--from-host", "web3", "--from-namespace", "team-a", "--to-host", "web4"]
    assert main(["images", "copy", *places, "--to-namespace", "team-a", "app:1"]) == 1
    assert "ran: ssh web3 ctr -n team-a images ls" in capfd.readouterr().err


def test_this_host_is_no_other_one(far_host: FarHost, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", "local", "--ctr", "/bin/false --x", *LINE]) == 1
    err = capfd.readouterr().err
    assert "ssh" not in err and "local:" not in err
    assert far_host.commands == []


@pytest.mark.parametrize(
    "said", ["run the same command with --sudo", "run the same command with sudo", "try --sudo"]
)
def test_sudo_is_not_advised_where_it_is_refused(said: str) -> None:
    error = CtrFailed("ctr: permission denied", hint=said, command=("ctr", "images", "ls"))
    found = of_far(error, "web3")
    assert found.hint == "connect as a user who may: --host ssh://root@web3"
    there = of_far(Forbidden("permission denied reading web3:/opt/kukeon", hint=said), "web3")
    assert there.hint == found.hint
    assert of_far(error, "ssh://ann@web3:22").hint == (
        "connect as a user who may: --host ssh://root@web3:22"
    )
    here = of_far(Forbidden("permission denied reading app.tar", hint=said), "web3")
    assert here.hint == "run it as a user who may"


def test_a_file_there_is_named_with_its_host(
    far_host: FarHost, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "far-run").rmdir()
    assert main(["-H", "web3", *LINE]) == 2
    assert f"web3:{tmp_path}/far-run does not exist" in capfd.readouterr().err
