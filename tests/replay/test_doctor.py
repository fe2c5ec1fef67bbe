"""`doctor` over the recorded Kukeon hosts: what is wrong on each is written down here."""

import json
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import FIXTURES as HOSTS

Capture = pytest.CaptureFixture[str]

FOUND = {
    "0.1.0": [
        ("kuke-system", "warning", "kukeond-down", ["kukeond"]),
        ("main", "warning", "cell-differs", ["done"]),
    ],
    "0.9.1": [
        ("kuke-system", "warning", "kukeond-down", ["kukeond"]),
        ("main", "info", "cell-failed", ["done"]),
    ],
    "rich-0.9.1": [
        ("main", "warning", "residual-namespace", ["app:2"]),
        ("main", "info", "cell-failed", ["done"]),
        ("team", "warning", "residual-namespace", ["kukeon.internal/app:1"]),
    ],
}
"""Version -> realm, severity, check, names. Kukeon's own `kuke status` of rich-0.9.1 warns of the
two residual namespaces, too, and of nothing else."""


def run(version: str, *words: str) -> int:
    host = HOSTS / f"kukeon-{version}"
    return main(["doctor", *words, "--run-path", str(host / "run"), "--replay", str(host / "ctr")])


@pytest.mark.parametrize("version", FOUND)
def test_what_is_wrong_on_a_recorded_host(version: str, capsys: Capture) -> None:
    assert run(version, "-o", "json") == 5
    found = json.loads(capsys.readouterr().out)
    told = [(one["realm"], one["severity"], one["check"], one["names"]) for one in found]
    assert told == FOUND[version]


def test_a_page_for_a_person(capsys: Capture) -> None:
    assert run("0.9.1") == 5
    place = f"--run-path {HOSTS / 'kukeon-0.9.1' / 'run'}"
    assert capsys.readouterr().out.splitlines() == [
        "REALM kuke-system (namespace kuke-system.kukeon.io)",
        "  warning  Kukeon's daemon, kukeond, does not run (its container kukeond has no running "
        "task): cells keep running, but `kuke` commands fail, containers that end are not "
        "restarted, and records are not renewed",
        "           hint: if it does not stay up, its log says why: `kuke-ctr logs "
        f"kukeon_kukeon_kukeond_kukeond --namespace kuke-system.kukeon.io {place}`",
        "           fix: kuke daemon start",
        "           seen: ctr -n kuke-system.kukeon.io tasks ls",
        "",
        "REALM main (namespace kukeon-main)",
        "  info     cell default/default/done failed: cell wound down immediately after start: "
        'cell "done": container "once" exited within startup grace window (task status=stopped); '
        "run `kuke log done --container once` for details",
        "           hint: to try again: `kuke start done --realm main`",
        "           seen: ctr -n kukeon-main containers ls",
        "                 ctr -n kukeon-main tasks ls",
        "",
        "1 warning, 1 info; looked at 5 realms: 5 images, 12 containers, 12 tasks, 17 snapshots, "
        "0 leases",
    ]


def test_one_realm_alone(capsys: Capture) -> None:
    assert run("rich-0.9.1", "--realm", "mytenant") == 0
    assert capsys.readouterr().out == (
        "nothing is wrong; looked at 1 realm: "
        "0 images, 0 containers, 0 tasks, 0 snapshots, 0 leases\n"
    )
    assert run("rich-0.9.1", "--realm", "team") == 5


def test_the_system_realm_by_its_other_name(capsys: Capture) -> None:
    assert run("0.9.1", "--realm", "kukeon-system", "-q") == 5
    assert capsys.readouterr().out == "kukeond-down\n"


def test_a_realm_that_there_is_not(capsys: Capture) -> None:
    assert run("0.9.1", "--realm", "nope") == 3
    assert "there is no realm nope" in capsys.readouterr().err


@pytest.mark.parametrize("version", FOUND)
def test_without_containerd_the_files_are_looked_at(
    version: str, tmp_path: Path, capsys: Capture
) -> None:
    path = HOSTS / f"kukeon-{version}" / "run"
    assert main(["doctor", "--run-path", str(path), "-a", str(tmp_path / "c.sock")]) == 5
    out = capsys.readouterr().out
    assert out.startswith("HOST\n  error    ")
    assert f"looked at 5 realms below {path} only" in out
