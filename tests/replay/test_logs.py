"""`kuke-ctr logs` of every container on two recorded Kukeon hosts, with containerd and without."""

from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.replay.test_kukeon_hosts import HOSTS

Capture = pytest.CaptureFixture[bytes]

LOGS = {
    "default": {
        "default_default_web_app": "default/default/default/web/app/log",
        "default_default_web_side-car": "default/default/default/web/side-car/log",
        "default_default_web_root": None,
    },
    "main": {
        "default_default_web_app": "main/default/default/web/app/log",
        "default_default_web_side-car": "main/default/default/web/side-car/log",
        "default_default_web_root": None,
        "default_default_done_once": "main/default/default/done/once/log",
        "default_default_done_root": None,
        "default_default_dev_shell": "main/default/default/dev/shell/tty/capture",
        "default_default_dev_root": None,
    },
    "kuke-system": {
        "kukeon_kukeon_kukeond_kukeond": "kuke-system/kukeon/kukeon/kukeond/kukeond/log",
        "kukeon_kukeon_kukeond_root": None,
    },
}
"""Of Kukeon 0.9: realm -> container -> its file, None for a root container, which has null IO."""

CONTAINERS = [(realm, container) for realm, those in LOGS.items() for container in those]
OF_0_1 = [(realm, container) for realm, container in CONTAINERS if "dev" not in container]


def run(version: str, container: str, *words: str, containerd: bool) -> int:
    host = HOSTS / f"kukeon-{version}"
    answers = ["--replay", str(host / "ctr")] if containerd else ["-a", "/nowhere/containerd.sock"]
    return main(["logs", container, *words, "--run-path", str(host / "run"), *answers])


def listed(version: str, realm: str, capsys: Capture) -> set[str]:
    host = HOSTS / f"kukeon-{version}"
    options = ["--run-path", str(host / "run"), "--replay", str(host / "ctr")]
    assert main(["containers", "ls", "-q", "-r", realm, *options]) == 0
    return set(capsys.readouterr().out.decode().split())


@pytest.mark.parametrize("realm", LOGS)
def test_no_container_of_these_hosts_is_left_out(realm: str, capfdbinary: Capture) -> None:
    assert listed("0.9.1", realm, capfdbinary) == set(LOGS[realm])
    old = {container for of, container in OF_0_1 if of == realm}
    assert listed("0.1.0", realm, capfdbinary) == old


@pytest.mark.parametrize("containerd", [True, False], ids=["recorded", "containerd is down"])
@pytest.mark.parametrize(("realm", "container"), CONTAINERS)
def test_kukeon_0_9_has_a_file_for_each(
    realm: str, container: str, containerd: bool, capfdbinary: Capture
) -> None:
    file = LOGS[realm][container]
    code = run("0.9.1", container, "-r", realm, containerd=containerd)
    out, err = capfdbinary.readouterr()
    if file is None:
        assert (code, out) == (5, b"")
        assert b"root container of a Kukeon cell" in err
    else:
        data = (HOSTS / "kukeon-0.9.1" / "run" / "data" / file).read_bytes()
        assert (code, out, err) == (0, data, b"")


@pytest.mark.parametrize("containerd", [True, False], ids=["recorded", "containerd is down"])
@pytest.mark.parametrize(("realm", "container"), OF_0_1)
def test_kukeon_0_1_has_none_and_that_is_said(
    realm: str, container: str, containerd: bool, capfdbinary: Capture
) -> None:
    assert run("0.1.0", container, "-r", realm, containerd=containerd) == 5
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert b"to FIFOs" in err
    assert f"kuke-ctr attach {container}".encode() in err


@pytest.mark.parametrize("name", ["kuke-system", "kukeon-system"])
def test_the_system_realm_is_found_by_both_names(name: str, capfdbinary: Capture) -> None:
    container = "kukeon_kukeon_kukeond_kukeond"
    assert run("0.9.1", container, "-r", name, "-n", "1", containerd=False) == 0
    assert b"reconcile ok" in capfdbinary.readouterr().out


def test_by_its_namespace_a_realm_is_found_as_well(capfdbinary: Capture) -> None:
    container = "default_default_done_once"
    assert run("0.9.1", container, "--namespace", "kukeon-main", containerd=False) == 0
    assert capfdbinary.readouterr().out == b"done\n"
    assert run("0.9.1", container, "--namespace", "team-a", containerd=True) in {3, 4}
    assert capfdbinary.readouterr().out == b""


def test_following_a_recorded_host_ends_with_what_there_is(capfdbinary: Capture) -> None:
    container = "default_default_web_app"
    assert run("0.9.1", container, "-r", "main", "-f", "--tail", "1", containerd=True) == 0
    assert capfdbinary.readouterr() == (b"tick\n", b"")


@pytest.mark.parametrize("version", ["0.1.0", "0.9.1"])
def test_a_container_of_another_realm_is_not_found(version: str, capfdbinary: Capture) -> None:
    for realm in ("mytenant", "team"):
        assert run(version, "default_default_web_app", "-r", realm, containerd=True) in {3, 4}
        assert capfdbinary.readouterr().out == b""


def test_the_fixtures_hold_every_output_of_the_recorded_host() -> None:
    data = HOSTS / "kukeon-0.9.1" / "run" / "data"
    there = {path for name in ("log", "capture") for path in data.glob(f"*/*/*/**/{name}")}
    named = {file for those in LOGS.values() for file in those.values() if file is not None}
    assert {str(Path(path).relative_to(data)) for path in there} == named
