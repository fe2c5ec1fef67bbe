"""`kuke-ctr nerdctl`: any command of nerdctl's, with namespace and address filled in."""

import socket
import subprocess  # noqa: TID251 (for what tests start)
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def place(tmp_path: Path, fake_ctr: FakeCtr) -> Iterator[list[str]]:
    """The options that name a namespace, a socket that answers, and a nerdctl."""
    fake_ctr.answer("-a", str(tmp_path / "c.sock"), "namespaces", "ls", "-q", stdout="team\n")
    program = tmp_path / "nerdctl"
    program.write_text('#!/bin/sh\nfor word; do printf "<%s>" "$word"; done\nexit 7\n')
    program.chmod(0o755)
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
