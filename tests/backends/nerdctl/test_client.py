"""The argv of a call of nerdctl, and what it starts with."""

from pathlib import Path

import pytest

from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.errors import NotFound
from kuke_ctr.processes.calls import Call, time_limit
from kuke_ctr.processes.recordings import call_key
from kuke_ctr.processes.runner import Processes
from tests.support.fake_nerdctl import FakeNerdctl

SOCKET = "/run/containerd/containerd.sock"


def of(program: str, said: list[str]) -> Nerdctl:
    return Nerdctl(Processes(), program, SOCKET, 10.0, said.append)


def test_namespace_and_address_are_always_explicit() -> None:
    argv = of("nerdctl", []).argv("images", "--format", "json", namespace="kukeon-main")
    assert argv == (
        *("nerdctl", "--address", SOCKET, "--namespace", "kukeon-main"),
        *("images", "--format", "json"),
    )
    assert of("nerdctl", []).argv("info")[3:5] == ("--namespace", "default")


def test_a_recording_is_found_without_address_and_data_root() -> None:
    argv = of("/opt/nerdctl-2.1.6", []).argv("logs", "c1", namespace="main", data_root="/srv/nd")
    assert "--data-root" in argv
    assert call_key(argv) == ("nerdctl", "-n", "main", "logs", "c1")


def test_the_environment_never_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeNerdctl(tmp_path)
    fake.answer("ps", stdout="x\n")
    monkeypatch.setenv("CONTAINERD_NAMESPACE", "of-others")
    monkeypatch.setenv("CONTAINERD_ADDRESS", "/of/others.sock")
    nerdctl = of(str(fake.program), [])
    said = nerdctl.processes.run(Call(nerdctl.argv("ps", namespace="main")))
    assert said.stdout == b"x\n"
    assert "others" not in fake.environment
    assert fake.calls == [f"--address {SOCKET} --namespace main ps"]


def test_warnings_are_passed_on_and_failures_raised(tmp_path: Path) -> None:
    fake = FakeNerdctl(tmp_path)
    log = 'time="now" level=warning msg="failed to remove container c1" error="it is in use"\n'
    fake.answer("prune", stderr=f'time="now" level=info msg="x"\n{log}')
    fake.answer("inspect", stderr='time="now" level=fatal msg="no such image: x"\n', exit_code=1)
    said: list[str] = []
    nerdctl = of(str(fake.program), said)
    calls = [nerdctl.argv(verb) for verb in ("prune", "inspect")]
    good, bad = nerdctl.processes.run_all([Call(argv) for argv in calls])
    nerdctl.checked(good)
    assert said == ["failed to remove container c1: it is in use"]
    with pytest.raises(NotFound, match="nerdctl: no such image: x"):
        nerdctl.checked(bad)


def test_a_time_limit_names_nerdctl() -> None:
    assert "nerdctl did not answer" in time_limit(of("/opt/nerdctl-2", []).call("ps")).message
