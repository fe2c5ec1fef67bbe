"""`kuke-ctr nerdctl`: any command of nerdctl's, with namespace and address filled in."""

import socket
import subprocess  # noqa: TID251 (for what tests start)
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.cells import write_cell
from tests.support.fake_ctr import FakeCtr
from tests.support.fake_nerdctl import INFO

Capture = pytest.CaptureFixture[str]


PROGRAM = f"""#!/bin/sh
case "$*" in
*--version) echo nerdctl version 2.1.6; exit ;;
*"info --format json") echo '{INFO.strip()}'; exit ;;
esac
for word; do printf "<%s>" "$word"; done
exit 7
"""


@pytest.fixture
def place(tmp_path: Path, fake_ctr: FakeCtr) -> Iterator[list[str]]:
    """The options that name a namespace, a socket that answers, and a nerdctl."""
    fake_ctr.answer("-a", str(tmp_path / "c.sock"), "namespaces", "ls", "-q", stdout="team\n")
    program = tmp_path / "nerdctl"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    told = "Server:\n  Version: v2.1.9\n  UUID: the-daemon\n"
    fake_ctr.answer("-a", str(tmp_path / "c.sock"), "version", stdout=told)
    by_compose = ('labels."com.docker.compose.project"', 'labels."nerdctl/name"')
    there = ("-a", str(tmp_path / "c.sock"), "-n", "team")
    fake_ctr.answer(*there, "containers", "ls", "-q", *by_compose)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "c.sock"))
        listening.listen()
        yield ["-n", "team", "-a", str(tmp_path / "c.sock"), "--nerdctl", str(program)]


def test_kuke_ctr_becomes_nerdctl(place: list[str], tmp_path: Path) -> None:
    words = ["compose", "--project-name", "a b", "up", "-r", "x", "--", "-n"]
    done = subprocess.run(
        [sys.executable, "-m", "kuke_ctr", "nerdctl", *place, "-x", "--", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    where = f"--address {tmp_path}/c.sock --namespace team"
    assert done.stdout == f"<--address><{tmp_path}/c.sock><--namespace><team>" + "".join(
        f"<{word}>" for word in words
    )
    assert f"+ {tmp_path}/nerdctl {where} compose --project-name 'a b' up -r x -- -n\n" in (
        done.stderr
    )
    assert done.returncode == 7


def test_a_dry_run_prints_what_would_run(place: list[str], tmp_path: Path, capsys: Capture) -> None:
    assert main(["nerdctl", *place, "--dry-run", "--", "exec", "-u", "0:0", "web", "ls"]) == 0
    where = f"--address {tmp_path}/c.sock --namespace team"
    assert capsys.readouterr().out == f"{tmp_path}/nerdctl {where} exec -u 0:0 web ls\n"


def test_where_there_is_no_nerdctl(place: list[str], capsys: Capture) -> None:
    assert main(["nerdctl", *place[:-1], "/nowhere/nerdctl", "--", "ps"]) == 127
    hint = capsys.readouterr().err.partition("hint: ")[2]
    assert hint.startswith("install nerdctl, or name it with --nerdctl PATH; ctr alone has no ")


@pytest.mark.parametrize(
    "words",
    [
        ["-n", "other", "ps"],
        ["ps", "--host=/other.sock"],
        ["--a=/other.sock", "stop", "web"],
        ["--n", "other", "rmi", "x"],
    ],
)
def test_another_place_is_refused(place: list[str], words: list[str], capsys: Capture) -> None:
    assert main(["nerdctl", *place, "--dry-run", "--", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "cannot be given to nerdctl: kuke-ctr fills it in" in err


def test_a_flag_before_the_verb_that_nobody_knows_is_refused(
    place: list[str], capsys: Capture
) -> None:
    assert main(["nerdctl", *place, "--dry-run", "--", "--odd", "stop", "web"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "--odd stands before nerdctl's verb" in err


def test_the_hostname_of_a_container_is_no_help(place: list[str], capsys: Capture) -> None:
    place[1] = "typo"
    assert main(["nerdctl", *place, "--dry-run", "--", "run", "-h", "web", "app"]) == 0
    assert "warning: there is no namespace typo" in capsys.readouterr().err


def test_the_same_place_is_not(place: list[str]) -> None:
    assert main(["nerdctl", *place, "--dry-run", "--", "ps", "--namespace", "team"]) == 0


def test_a_password_is_never_shown(place: list[str], capsys: Capture) -> None:
    for word in ("-pS3cret", "--password=S3cret"):
        assert main(["nerdctl", *place, "-x", "--dry-run", "--", "login", "-u", "me", word]) == 2
        out, err = capsys.readouterr()
        assert "S3cret" not in out + err
        assert "--password-stdin" in err
    signs_in = ["login", "-u", "me", "--password-stdin", "registry.example"]
    assert main(["nerdctl", *place, "--dry-run", "--", *signs_in]) == 0


def test_a_namespace_that_there_is_not_is_told(place: list[str], capsys: Capture) -> None:
    place[1] = "typo"
    assert main(["nerdctl", *place, "--dry-run", "--", "images"]) == 0
    assert "warning: there is no namespace typo; nerdctl lists it as" in capsys.readouterr().err


def test_no_recording_of_it(place: list[str], tmp_path: Path, capsys: Capture) -> None:
    assert main(["nerdctl", *place, "--record", str(tmp_path / "r"), "--", "ps"]) == 2


def test_a_nerdctl_for_another_containerd_is_refused(
    place: list[str], fake_ctr: FakeCtr, capsys: Capture
) -> None:
    fake_ctr.answer("-a", place[3], "version", stdout="Server:\n  UUID: another\n")
    assert main(["nerdctl", *place, "--dry-run", "--", "rm", "web"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "asks another containerd than ctr" in err
    assert "--backend" not in err
    assert main(["nerdctl", *place, "--dry-run", "--", "logout"]) == 0


def test_an_old_nerdctl_is_refused(place: list[str], tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "nerdctl").write_text("#!/bin/sh\necho nerdctl version 1.6.2\n")
    assert main(["nerdctl", *place, "--dry-run", "--", "ps"]) == 1
    assert "nerdctl 1.6.2 is too old" in capsys.readouterr().err


def test_what_cannot_be_executed_is_not_mended_by_sudo(
    place: list[str], tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "nerdctl").chmod(0o644)
    assert main(["nerdctl", *place, "--", "ps"]) == 126
    assert "hint: name another one with --nerdctl\n" in capsys.readouterr().err


def test_a_realm_without_a_namespace_is_told(
    place: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("KUKEON_RUN_PATH", str(tmp_path / "run-path"))
    write_cell(tmp_path / "run-path", "default/default/web")
    place[:2] = ["-r", "main"]
    assert main(["nerdctl", *place, "--dry-run", "--", "images"]) == 0
    assert "(realm main); nerdctl lists it as an empty one" in capsys.readouterr().err
