"""Recorded Kukeon hosts, through the whole command line, with what is on them written down."""

import json

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import FIXTURES as HOSTS

Capture = pytest.CaptureFixture[str]

NAMESPACES = {
    "0.1.0": {
        "default": "kukeon.io",
        "kuke-system": "kuke-system.kukeon.io",
        "main": "kukeon-main",
        "mytenant": "mytenant",
        "team": "team-a",
    },
    "0.9.1": {
        "default": "default.kukeon.io",
        "kuke-system": "kuke-system.kukeon.io",
        "main": "kukeon-main",
        "mytenant": "mytenant.kukeon.io",
        "team": "team-a",
    },
}
NAMESPACES["rich-0.9.1"] = NAMESPACES["0.9.1"]
BUSYBOX = "docker.io/library/busybox:latest"
MORE = {("rich-0.9.1", "main"): ["kukeon.internal/app:1"]}
WEB = ["default_default_web_app", "default_default_web_root", "default_default_web_side-car"]


def run(version: str, *words: str) -> int:
    host = HOSTS / f"kukeon-{version}"
    return main([*words, "--run-path", str(host / "run"), "--replay", str(host / "ctr")])


def rows(version: str, capsys: Capture, *words: str) -> list[dict[str, object]]:
    assert run(version, *words, "-o", "json") == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("version", NAMESPACES)
def test_every_realm_is_listed_with_its_namespace(version: str, capsys: Capture) -> None:
    listed = rows(version, capsys, "realms", "ls")
    assert {realm["name"]: realm["namespace"] for realm in listed} == NAMESPACES[version]
    assert {realm["source"] for realm in listed} == {"record"}
    assert {realm["exists"] for realm in listed} == {True}


@pytest.mark.parametrize(
    ("version", "realm"),
    [(version, realm) for version in NAMESPACES for realm in NAMESPACES[version]],
)
def test_every_realm_resolves_by_its_record(version: str, realm: str, capsys: Capture) -> None:
    assert run(version, "realms", "resolve", realm, "-o", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["namespace"] == NAMESPACES[version][realm]
    assert (found["name"], found["source"], found["exists"]) == (realm, "record", True)
    assert [rule["rule"] for rule in found["rules"] if rule["won"]] == ["record"]


@pytest.mark.parametrize("version", NAMESPACES)
@pytest.mark.parametrize("realm", ["default", "main", "team"])
def test_realms_with_an_image_show_it(version: str, realm: str, capsys: Capture) -> None:
    image, *more = rows(version, capsys, "images", "ls", "--realm", realm)
    assert [one["ref"] for one in more] == MORE.get((version, realm), [])
    assert image["ref"] == BUSYBOX
    assert image["platforms"] == ["linux/amd64"]


@pytest.mark.parametrize("version", NAMESPACES)
def test_the_tenant_without_images_is_told_about_the_namespace_default(
    version: str, capsys: Capture
) -> None:
    assert run(version, "images", "ls", "--realm", "mytenant", "-o", "json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert "`default`, which has 1" in err


def test_the_containers_and_tasks_of_a_host_are_all_there(capsys: Capture) -> None:
    containers = rows("0.9.1", capsys, "containers", "ls", "--realm", "main")
    done = ["default_default_done_once", "default_default_done_root"]
    assert [row["id"] for row in containers] == [
        "default_default_dev_root",
        "default_default_dev_shell",
        *done,
        *WEB,
    ]
    tasks = rows("0.9.1", capsys, "tasks", "ls", "--realm", "main")
    assert [row["id"] for row in tasks if row["status"] == "STOPPED"] == done
    assert {row["id"]: row["pid"] for row in tasks}["default_default_web_app"] == 28270


@pytest.mark.parametrize("version", NAMESPACES)
def test_the_web_cell_runs_in_the_default_realm(version: str, capsys: Capture) -> None:
    tasks = rows(version, capsys, "tasks", "ls", "--realm", "default")
    assert {row["id"]: row["status"] for row in tasks} == dict.fromkeys(WEB, "RUNNING")


@pytest.mark.parametrize("version", NAMESPACES)
def test_all_realms_at_once_name_the_realm_of_each_row(version: str, capsys: Capture) -> None:
    images = rows(version, capsys, "images", "ls", "-A")
    assert {row["realm"] for row in images} == {"default", "kuke-system", "main", "team"}


@pytest.mark.parametrize("version", NAMESPACES)
def test_the_system_realm_is_found_by_both_names(version: str, capsys: Capture) -> None:
    one = rows(version, capsys, "containers", "ls", "--realm", "kuke-system")
    other = rows(version, capsys, "containers", "ls", "--realm", "kukeon-system")
    assert one == other != []
