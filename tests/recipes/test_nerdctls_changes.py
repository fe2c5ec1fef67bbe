"""What nerdctl changes, what ctr changes, and what is said of it; a ctr and a nerdctl of shell."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.runner import Processes
from kuke_ctr.recipes.nerdctl_exec import NerdctlExec
from kuke_ctr.recipes.start import Outcome
from tests.support.cell_host import NO_TASK
from tests.support.fake_ctr import FakeCtr
from tests.support.fake_nerdctl import FakeNerdctl
from tests.support.runtime_host import tasks_table

NS = "kukeon-main"
OWN, FORGED, CELL = "ab" * 32, "cd" * 32, "ef" * 32
FATAL = 'time="2026-11-27T10:00:00Z" level=fatal msg={}\n'
SERVER = "Server:\n  Version:  2.1.9\n  UUID: the-daemon\n"

BOTH = ("name==x:1", "name==docker.io/library/x:1")

Capture = pytest.CaptureFixture[str]


def labels_of(container: str, **more: str) -> dict[str, str]:
    return {
        "nerdctl/name": container[:4],
        "nerdctl/state-dir": f"/srv/nd/1935db59/containers/{NS}/{container}",
        **more,
    }


class Host:
    """A ctr and a nerdctl for the same daemon; `own` is nerdctl's, the others only look so."""

    def __init__(self, ctr: FakeCtr, nerdctl: FakeNerdctl, address: str) -> None:
        self.ctr = ctr
        self.nerdctl = nerdctl
        self.address = address

    def answer(self, *words: str, stdout: str = "", stderr: str = "", exit_code: int = 0) -> None:
        """What ctr says in the namespace."""
        where = ("-a", self.address, "-n", NS)
        self.ctr.answer(*where, *words, stdout=stdout, stderr=stderr, exit_code=exit_code)

    @property
    def changes(self) -> list[str]:
        """The calls of nerdctl that are no questions."""
        where = f"--address {self.address} --namespace "
        calls = [line.removeprefix(where) for line in self.nerdctl.calls]
        return [line.removeprefix(f"{NS} ") for line in calls if line.startswith(f"{NS} ")]

    @property
    def ctrs(self) -> list[str]:
        """The calls of ctr in the namespace."""
        calls = [call[4:] for call in self.ctr.calls if call[2:4] == ["-n", NS]]
        return [" ".join(call) for call in calls]


@pytest.fixture
def host(tmp_path: Path, fake_ctr: FakeCtr, monkeypatch: pytest.MonkeyPatch) -> Host:
    """No task runs."""
    folder = tmp_path / "nerdctl"
    folder.mkdir()
    address = str(tmp_path / "c.sock")
    here = Host(fake_ctr, FakeNerdctl(folder), address)
    monkeypatch.setenv("KUKE_CTR_NERDCTL", str(here.nerdctl.program))
    monkeypatch.setenv("CONTAINERD_ADDRESS", address)
    monkeypatch.setattr("kuke_ctr.processes.runner.check_socket", lambda path, argv: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    fake_ctr.answer("-a", address, "version", stdout=SERVER)
    fake_ctr.answer("-a", address, "namespaces", "ls", "-q", stdout=f"{NS}\n")
    here.answer("tasks", "ls", stdout=tasks_table())
    here.answer("images", "ls", "-q", *BOTH, stdout="x:1\n")
    given = {
        OWN: labels_of(OWN),
        FORGED: labels_of(OWN),
        "image": labels_of("image"),
        CELL: labels_of(CELL, **{"kukeon.io/cell": "web"}),
    }
    here.answer("containers", "ls", "-q", stdout="".join(f"{name}\n" for name in given))
    for name, labels in given.items():
        info = json.dumps({"ID": name, "Labels": labels, "Spec": {}})
        here.answer("containers", "info", name, stdout=info)
        here.answer("tasks", "ps", name, stderr=NO_TASK, exit_code=1)
    return here


def test_its_own_is_removed_by_nerdctl(host: Host, capsys: Capture) -> None:
    host.nerdctl.answer(f"rm {OWN}", stdout=f"{OWN}\n")
    assert main(["rm", "-n", NS, OWN]) == 0
    assert capsys.readouterr() == (f"{OWN}\n", "")
    assert host.changes == [f"--data-root /srv/nd rm {OWN}"]
    assert not any(line.startswith("containers rm") for line in host.ctrs)


def test_its_own_is_started_by_nerdctl(host: Host, capsys: Capture) -> None:
    host.nerdctl.answer(f"start {OWN}", stdout=f"{OWN}\n")
    assert main(["start", "-n", NS, OWN]) == 0
    assert host.changes == [f"--data-root /srv/nd start {OWN}"]
    assert not any("tasks start" in line or "label" in line for line in host.ctrs)


def test_its_own_is_stopped_by_nerdctl(host: Host, capsys: Capture) -> None:
    host.answer("tasks", "ls", stdout=tasks_table((OWN, "RUNNING")))
    assert main(["stop", "-n", NS, "-t", "3", OWN, "--dry-run"]) == 0
    assert f"--data-root /srv/nd stop --time 3 {OWN}\n" in capsys.readouterr().out
    for words in (("-s", "INT"), ("-t", "0.5"), ("-t", "-1")):
        assert main(["stop", "-n", NS, *words, OWN, "--dry-run"]) == 0
        assert "tasks kill" in capsys.readouterr().out


def test_those_of_ctr_have_their_signal_before_nerdctl_waits(
    host: Host, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    limits: list[float | None] = []
    run_all = Processes.run_all

    def spy(self: Processes, calls: Sequence[Call]) -> list[Result]:
        limits.extend(call.timeout for call in calls if "stop" in call.argv)
        return run_all(self, calls)

    monkeypatch.setattr(Processes, "run_all", spy)
    host.answer("tasks", "ls", stdout=tasks_table((OWN, "RUNNING"), ("image", "RUNNING")))
    line = ["stop", "-n", NS, "-t", "30", OWN, "image", "--dry-run"]
    assert main([*line, "--timeout", "5"]) == 0
    words = capsys.readouterr().out
    assert words.index("tasks kill") < words.index("stop --time 30")
    assert main(line) == 0
    assert main([*line, "--timeout", "99"]) == 0
    assert limits == [40.0, None, 99.0]


def test_a_failure_of_nerdctl_is_told(host: Host, capsys: Capture) -> None:
    said = FATAL.format(f'"1 errors:\\nno such container: {OWN}"')
    host.nerdctl.answer(f"rm --force {OWN}", stderr=said, exit_code=1)
    assert main(["rm", "-n", NS, "-f", OWN]) == 3
    assert f"nerdctl: no such container: {OWN}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["image", FORGED, CELL])
def test_what_only_looks_like_nerdctls_stays_with_ctr(host: Host, name: str) -> None:
    assert main(["rm", "-n", NS, name, "--dry-run"]) in (0, 2)
    assert main(["exec", "-n", NS, "--backend", "nerdctl", name, "true"]) == 125
    assert host.changes == []
    assert any(line.startswith("tasks exec") for line in host.ctrs)


def test_the_log_of_its_own(host: Host, tmp_path: Path, capfd: Capture) -> None:
    """What only looks like nerdctl's has no log that nerdctl could show."""
    host.nerdctl.answer(f"logs --tail 1 {OWN}", stdout="last\n", stderr="bad\n")
    line = ["logs", "-n", "1", "--namespace", NS]
    assert main([*line, OWN]) == 0
    assert capfd.readouterr() == ("last\n", "bad\n")
    assert host.changes == [f"--data-root /srv/nd logs --tail 1 {OWN}"]
    line[2] = "0"
    folder = str(tmp_path / "recording")
    assert main([*line, OWN, "--record", folder]) == 0
    assert main([*line, OWN, "--replay", folder]) == 0
    assert capfd.readouterr().out == ""
    before = host.changes
    for name in ("image", FORGED):
        assert main([*line, name]) == 5
    assert host.changes == before


def test_ctr_alone(host: Host, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    line = ["rm", "-n", NS, OWN, "--dry-run"]
    assert main([*line, "--backend", "ctr"]) == 0
    assert "containers rm" in capsys.readouterr().out
    monkeypatch.delenv("KUKE_CTR_NERDCTL")
    monkeypatch.setattr("kuke_ctr.recipes.nerdctls.is_installed", lambda name: False)
    asked = len(host.ctrs)
    assert main(line) == 0
    assert "nerdctl is not used" not in capsys.readouterr().err
    of_ctr = host.ctrs[asked:]
    assert len(of_ctr) == len(host.ctrs[:asked])  # nothing is asked for nerdctl's sake
    assert host.nerdctl.calls == []
    named = ["--nerdctl", "/nowhere/nerdctl"]
    assert main([*line, *named, "--backend", "nerdctl"]) == 127


@pytest.mark.parametrize("verb", ["rm", "start", "stop"])
def test_a_nerdctl_that_was_named_and_is_not_there_is_told(
    host: Host, verb: str, capsys: Capture
) -> None:
    host.answer(
        "tasks", "ls", stdout=tasks_table((OWN, "RUNNING" if verb == "stop" else "STOPPED"))
    )
    main([verb, "-n", NS, OWN, "--dry-run", "--nerdctl", "/nowhere/nerdctl"])
    assert "warning: nerdctl is not used: " in capsys.readouterr().err


def test_an_older_nerdctl_is_left_out_with_a_warning(host: Host, capsys: Capture) -> None:
    host.nerdctl.answer("--version", stdout="nerdctl version 1.5.0\n")
    assert main(["rm", "-n", NS, OWN, "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert "containers rm" in out
    assert "1.5.0 is too old" in err


@pytest.mark.parametrize("code", [1, 5, 137])
def test_exec_ends_with_the_code_that_nerdctl_tells(host: Host, code: int, capfd: Capture) -> None:
    said = FATAL.format(f'"exec failed with exit code {code}"')
    host.nerdctl.answer(f"exec -- {OWN} false", stdout="out\n", stderr=f"err{said}", exit_code=1)
    assert main(["exec", "-n", NS, "--backend", "nerdctl", OWN, "false"]) == code
    assert capfd.readouterr() == ("out\n", "err")


def test_exec_that_starts_nothing(host: Host, capfd: Capture) -> None:
    runc = "OCI runtime exec failed: exec failed: unable to start container process: exec: "
    said = FATAL.format(json.dumps(f'{runc}"no": executable file not found in $PATH: unknown'))
    host.nerdctl.answer(f"exec -- {OWN} no", stderr=said, exit_code=1)
    assert main(["exec", "-n", NS, "--backend", "nerdctl", OWN, "no"]) == 127
    stopped = FATAL.format('"cannot exec in a stopped state"')
    host.nerdctl.answer(f"exec -- {OWN} true", stderr=stopped, exit_code=1)
    assert main(["exec", "-n", NS, "--backend", "nerdctl", OWN, "true"]) == 125
    assert "cannot exec in a stopped state" in capfd.readouterr().err


@pytest.mark.parametrize("ours", ["exec-ours", None])
def test_no_signal_goes_to_the_process_of_somebody_else(
    host: Host, ours: str | None, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    table = "PID    INFO\n11     -\n12     "

    def left(self: NerdctlExec, *words: object, **more: object) -> Outcome:
        self._before = self._exec_ids()
        host.answer("tasks", "ps", OWN, stdout=f"{table}&ProcessDetails{{ExecID:exec-theirs,}}\n")
        return Outcome(129, finished=False, signal=1, why="killed", process=ours)

    host.answer("tasks", "ps", OWN, stdout=f"{table}-\n")
    monkeypatch.setattr(NerdctlExec, "run", left)
    monkeypatch.setattr("kuke_ctr.recipes.start._ENDS_WITHIN", 0.0)
    assert main(["exec", "-n", NS, "--backend", "nerdctl", OWN, "sleep"]) == 129
    assert not any("exec-theirs" in line for line in host.ctrs)
    assert any("exec-ours" in line for line in host.ctrs) is (ours is not None)
    assert f"in {OWN}: `kuke-ctr tasks " in capfd.readouterr().err


def test_what_run_asks_of_nerdctl(host: Host, capsys: Capture) -> None:
    words = ["-d", "--name", "web", "-e", "A", "-u", "1:1", "-w", "/tmp", "--memory-limit", "1m"]
    line = ["run", "-n", NS, "--backend", "nerdctl", "--dry-run", *words, "x:1", "ls", "-l"]
    assert main(line) == 0
    planned = capsys.readouterr().out
    assert " run --pull never --net none --name web --label kuke-ctr/run=" in planned
    for given in ("--detach", "--env A", "--user 1:1", "--workdir /tmp", "--memory 1048576"):
        assert given in planned
    assert planned.endswith(" -- x:1 ls -l\n")


@pytest.mark.parametrize("backend", ["ctr", "nerdctl"])
def test_a_label_of_kukeons_is_told(host: Host, backend: str, capsys: Capture) -> None:
    line = ["run", "-n", NS, "--backend", backend, "--dry-run", "-d", "--name", "web"]
    for label, told in (("kukeon.io/cell=web", True), ("team=a", False)):
        main([*line, "--label", label, "x:1"])
        found = "note: the label kukeon.io/cell says" in capsys.readouterr().err
        assert found is told


def test_run_never_takes_another_image(host: Host, capsys: Capture) -> None:
    host.answer("images", "ls", "-q", *BOTH, stdout="docker.io/library/x:1\nx:1\n")
    assert main(["run", "-n", NS, "--backend", "nerdctl", "x:1"]) == 2
    assert "nerdctl may run docker.io/library/x:1 for x:1" in capsys.readouterr().err
    assert host.changes == []


@pytest.mark.parametrize("words", [["--mount", "type=bind"], ["-d", "--null-io"], ["-h", "x"]])
def test_what_nerdctl_cannot_run(host: Host, words: list[str], capsys: Capture) -> None:
    host.nerdctl.answer("--version", stdout="nerdctl version 1.7.7\n")
    assert main(["run", "-n", NS, "--backend", "nerdctl", *words, "x:1"]) == 2
    assert "--backend ctr" in capsys.readouterr().err
    assert host.changes == []


@pytest.mark.parametrize(("state", "code"), [("STOPPED", 1), ("CREATED", 125), ("", 125)])
def test_a_run_whose_process_speaks_like_nerdctl_keeps_its_container(
    host: Host, state: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = "kuke_ctr.commands.everyday.run_nerdctl.NerdctlRun._made"
    monkeypatch.setattr(made, lambda self: [OWN])
    host.answer("tasks", "ls", stdout=tasks_table(*([(OWN, state)] if state else [])))
    host.nerdctl.answer(f"rm --force {OWN}")
    said = FATAL.format('"open /etc/app.yaml: file not found"')
    host.nerdctl.answer("-- x:1 app", stderr=said, exit_code=1)
    assert main(["run", "-n", NS, "--backend", "nerdctl", "x:1", "app"]) == code
    assert any(call.startswith("rm ") for call in host.changes) is (state != "STOPPED")
