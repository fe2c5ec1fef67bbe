"""The log file of a container on another host: a file of this one is never taken for it."""

import json
from pathlib import Path

import pytest

import kuke_ctr
from kuke_ctr.cli.main import main
from kuke_ctr.errors import UsageError
from kuke_ctr.recipes import logs, own_logs
from tests.support.far_host import FarHost

N = ("-n", "team-a")
SILENT = "ctr: task web not found: not found\n"
FINDS = '[ "$4" = -maxdepth ] || exec /usr/bin/find "$@"; printf "%s\\n" {}'


@pytest.fixture
def log(far_host: FarHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A container web on web3, whose log has the name of a file of this host."""
    log = tmp_path / "logs/team-a/web.log"
    log.parent.mkdir(parents=True)
    log.write_text("of this host")
    monkeypatch.setattr(own_logs, "LOGS", tmp_path / "logs")
    info = json.dumps({"ID": "web", "Labels": {"kuke-ctr/log": str(log)}, "Spec": {}})
    ctr = far_host.ctr
    ctr.answer(*N, "containers", "info", "web", stdout=info)
    ctr.answer(*N, "containers", "ls", "-q", stdout="web\n")
    ctr.answer(*N, "containers", "rm", "web")
    ctr.answer(*N, "tasks", "ls", stdout="TASK    PID    STATUS    \n")
    ctr.answer(*N, "tasks", "ps", "web", stderr=SILENT, exit_code=1)
    far_host.program("find", FINDS.format('"$1" "$2" "$3"'))
    far_host.program("rm", ":")
    return log


def test_the_log_of_the_other_host_goes_with_its_container(far_host: FarHost, log: Path) -> None:
    assert main(["-H", "web3", *N, "containers", "rm", "web"]) == 0
    assert log.read_text() == "of this host"
    assert far_host.ran("rm") == [["rm", "-f", "--", str(log)]]


def test_a_dry_run_names_the_removal(
    far_host: FarHost, log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["-H", "web3", *N, "--dry-run", "containers", "rm", "web"]) == 0
    assert f"ssh web3 rm -f -- {log}" in capfd.readouterr().out
    assert far_host.ran("rm") == []


def test_what_is_no_file_there_is_left(far_host: FarHost, log: Path) -> None:
    far_host.program("find", FINDS.format('"$1" "$2"'))
    assert main(["-H", "web3", *N, "containers", "rm", "web"]) == 0
    assert log.exists()
    assert far_host.ran("rm") == []


def test_a_log_that_cannot_be_removed_there_is_told(
    far_host: FarHost, log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    far_host.program("rm", "echo 'rm: Read-only file system' >&2; exit 1")
    assert main(["-H", "web3", *N, "containers", "rm", "web"]) == 0
    told = f"web was removed, but not its log file {log}: rm: Read-only file system"
    assert told in capfd.readouterr().err


def test_a_start_goes_on_with_the_log_of_the_other_host(
    far_host: FarHost, log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log.unlink()
    assert main(["-H", "web3", *N, "--dry-run", "tasks", "start", "-d", "web"]) == 0
    assert f"file://{log}" in capfd.readouterr().out


def test_nobody_is_shown_a_file_of_this_host(
    far_host: FarHost, log: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logs, "LOGS", log.parent.parent)
    assert main(["-H", "web3", *N, "inspect", "--type", "container", "web", "-o", "json"]) == 0
    assert json.loads(capfd.readouterr().out)[0]["log"] is None
    with pytest.raises(UsageError, match="a file of web3 cannot be opened here"):
        kuke_ctr.logs(kuke_ctr.open_realm(namespace="team-a", host="web3"), "web")
