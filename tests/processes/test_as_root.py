"""--sudo: kuke-ctr again under sudo, once, with what says which realm and which containerd."""

import os
import subprocess  # noqa: TID251 (a process of its own is replaced)
import sys
from pathlib import Path

import pytest

from kuke_ctr.errors import Forbidden
from kuke_ctr.processes.as_root import become_root, sudo_argv

SUDO = """#!/bin/sh
# as the real one: the environment is reset, but for the named variables
[ "$2" = -- ] || exit 99
names=${1#--preserve-env=}
shift 2
printf '%s\\n' "$names" "$@" > {folder}/asked
for name in $(echo "$names" | tr , ' '); do
    eval "kept_$name=\\$$name"
    kept="$kept $name=\\"\\$kept_$name\\""
done
eval "exec env -i PATH='$PATH' $kept \\"\\$@\\""
"""

AS_USER = "import os, sys; os.geteuid = lambda: 1000; from kuke_ctr.cli.main import main; "
"""The first process believes that it is not root."""


@pytest.fixture
def sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sudo on PATH; the file that it writes its words to."""
    program = tmp_path / "bin/sudo"
    program.parent.mkdir()
    program.write_text(SUDO.replace("{folder}", str(tmp_path)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "asked"


def as_user(*words: str) -> subprocess.CompletedProcess[str]:
    code = f"{AS_USER}sys.argv = {['/usr/bin/kuke-ctr-none', *words]!r}; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="what sudo starts has to be root")
def test_the_same_command_runs_again_with_our_variables(
    sudo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUKE_CTR_REALM", "a realm's; $(x)")
    monkeypatch.setenv("CONTAINERD_ADDRESS", "/my.sock")
    monkeypatch.setenv("MY_SECRET", "hush")
    done = as_user("--sudo", "config", "show", "--origin", "-o", "csv", "-r", "it's; $(x)")
    assert done.returncode == 0, done.stderr
    assert "realm,it's; $(x),--realm" in done.stdout
    assert "address,/my.sock,CONTAINERD_ADDRESS" in done.stdout
    names, *argv = sudo.read_text().splitlines()
    assert names == "CONTAINERD_ADDRESS,KUKEON_RUN_PATH,KUKE_CTR_REALM,KUKE_CTR_SUDO"
    assert argv[:4] == [sys.executable, "-P", "-m", "kuke_ctr"]
    assert argv[4:] == ["--sudo", "config", "show", "--origin", "-o", "csv", "-r", "it's; $(x)"]
    assert "hush" not in sudo.read_text()


def test_a_sudo_that_does_not_make_us_root_is_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("KUKE_CTR_SUDO", "1")
    with pytest.raises(Forbidden, match="sudo did not make kuke-ctr root"):
        become_root(["sudo", "false"])


def test_as_root_it_does_nothing(sudo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    become_root(["sudo", "false"])
    assert not sudo.exists()


def test_wrong_usage_is_told_before_sudo_asks_for_a_password(sudo: Path) -> None:
    done = as_user("images", "ls", "--sudo", "--nope")
    assert done.returncode == 2
    assert not sudo.exists()


def test_what_stands_behind_a_program_is_the_programs(sudo: Path) -> None:
    as_user("exec", "--dry-run", "-n", "x", "c1", "ls", "--sudo")
    assert not sudo.exists()


def test_without_a_sudo_there_is_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = as_user("config", "show", "--sudo")
    assert done.returncode == 127
    assert done.stderr.startswith("kuke-ctr: sudo is not installed (not on PATH)\nhint: run it as")


def test_names_alone_stand_in_the_command(tmp_path: Path) -> None:
    program = tmp_path / "kuke-ctr"
    program.touch()
    environ = {"KUKE_CTR_REALM": "m", "TOKEN": "secret", "KUKE_CTR_X,LD_PRELOAD": "evil"}
    argv = sudo_argv(environ, [str(program), "run", "-e", "TOKEN"], ["TOKEN", "NONE"])
    assert argv == [
        *("sudo", "--preserve-env=KUKE_CTR_REALM,KUKE_CTR_SUDO,TOKEN", "--"),
        *(sys.executable, "-P", str(program), "run", "-e", "TOKEN"),
    ]
