"""The words of `cp`: `web:` for containers, then what is in them, and nothing that is not."""

import os
from pathlib import Path

import pytest

from kuke_ctr.completion import values
from kuke_ctr.completion.copied import is_inside, paths_inside, pids_in
from tests.completion.test_answer import asked
from tests.support.fake_ctr import FakeCtr
from tests.support.fake_ssh import FakeSsh
from tests.support.paths import TOP

LIMITS = ("--connect-timeout", "250ms", "--timeout", "250ms")
SHIM = ["/bin/containerd-shim-runc-v2", "-namespace", "team", "-id", "web", "-address", "/c.sock"]


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc in which 7 is the shim of namespace team, and 8 the process of a container."""
    folder = tmp_path / "proc"
    (folder / "7").mkdir(parents=True)
    (folder / "7/cmdline").write_text("\0".join(SHIM))
    (folder / "8/root/etc").mkdir(parents=True)
    (folder / "8/status").write_text("PPid:\t7\n")
    return folder


@pytest.mark.parametrize(
    ("word", "inside"),
    [
        ("web:", True),
        ("web/app:/etc", True),
        ("web", False),
        *((one, False) for one in ("./a:b", "../a:b", "/a:b", "~/a:b", ":x")),
    ],
)
def test_a_colon_names_a_container_as_in_cp(word: str, inside: bool) -> None:
    assert is_inside(word) is inside


def test_only_what_runs_has_a_pid() -> None:
    table = "TASK    PID     STATUS    \nweb     12      RUNNING\nold     13      STOPPED\n"
    table += "cold    14      PAUSED\nlost    0       UNKNOWN\nnone    0       RUNNING\n"
    assert pids_in(table) == {"web": 12, "cold": 14}


def test_paths_in_a_container_are_found_and_links_stay_inside(proc: Path) -> None:
    root = proc / "8/root"
    for name in ("etc/hosts", "etc/host.conf", "etc/.hidden"):
        (root / name).touch()
    (root / "etc/hold").mkdir()
    (root / "out").symlink_to("/etc")
    (root / "up").symlink_to("../../../..")
    assert paths_inside("/etc/ho", 8, "team", proc) == [
        "/etc/hold/",
        "/etc/host.conf",
        "/etc/hosts",
    ]
    assert paths_inside("/etc/", 8, "team", proc) == paths_inside("/etc/h", 8, "team", proc)
    assert paths_inside("/etc/.", 8, "team", proc) == ["/etc/.hidden"]
    assert paths_inside("/out/hos", 8, "team", proc) == ["/out/host.conf", "/out/hosts"]
    assert paths_inside("/up/", 8, "team", proc) == ["/up/etc/", "/up/out", "/up/up"]
    assert paths_inside("", 8, "team", proc) == ["/etc/", "/out", "/up"]
    assert paths_inside("/etc/hosts/", 8, "other", proc) == []


def test_a_process_that_is_not_the_containers_shows_nothing(proc: Path) -> None:
    assert paths_inside("/", 8, "team", proc) == ["/etc/"]
    assert paths_inside("/", 8, "te", proc) == []
    (proc / "8/root/etc").rmdir()
    (proc / "8/root").rmdir()
    (proc / "8/root").symlink_to("/")
    assert paths_inside("/", 8, "team", proc) == []


@pytest.fixture
def here(fake_ctr: FakeCtr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with some files; containerd has the containers web and wet."""
    fake_ctr.answer(*LIMITS, "-n", "n", "containers", "ls", "-q", stdout="web\nwet\n")
    folder = tmp_path / "here"
    (folder / "we").mkdir(parents=True)
    for name in ("wells", "we/b:c"):
        (folder / name).touch()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(TOP))
    return folder


@pytest.mark.parametrize("verb", ["cp", "cp -a wells", "cp --namespace n"])
def test_bash_gets_containers_and_files(here: Path, verb: str) -> None:
    line = f"kuke-ctr -n n {verb} we"
    assert asked("bash", line, "we") == ["joined", "web:", "wet:", "we/", "wells"]
    assert asked("bash", f"{line}ll", "well") == ["files"]
    assert asked("bash", f"{line}/", "we/") == ["files"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_add_their_own_files(here: Path, shell: str) -> None:
    assert asked(shell, "cp", "-n", "n", "we") == ["mixed", "web:\t", "wet:\t"]
    assert asked(shell, "cp", "-n", "n", "./") == ["files"]


def test_behind_the_colon_nothing_is_asked_for_what_does_not_run(
    here: Path, fake_ctr: FakeCtr
) -> None:
    fake_ctr.answer(*LIMITS, "-n", "n", "tasks", "ls", stdout="TASK    PID    STATUS    \n")
    assert asked("bash", "kuke-ctr cp -n n web:/e", "/e") == ["words"]
    told = [call for call in fake_ctr.calls if "tasks" in call]
    assert len(told) == (os.geteuid() == 0)


def test_of_a_container_on_another_host_no_path_is_looked_for_here(
    fake_ctr: FakeCtr, fake_ssh: FakeSsh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(values, "PATIENCE", 20)
    given = {"--namespace": "x", "--host": "web3"}
    assert values.values("copied", "web:/", given) == []
    assert fake_ssh.calls  # for the settings there
    assert fake_ctr.calls == []
