"""The realms of the recorded Kukeon hosts, held against what Kukeon itself said of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.parse.units import in_units
from tests.support.paths import FIXTURES as HOSTS

Capture = pytest.CaptureFixture[str]

RICH = HOSTS / "kukeon-rich-0.9.1"
BUSYBOX = "docker.io/library/busybox:latest"
NAMESPACES = {
    "default": "default.kukeon.io",
    "kuke-system": "kuke-system.kukeon.io",
    "main": "kukeon-main",
    "mytenant": "mytenant.kukeon.io",
    "team": "team-a",
}
LOADS = "Realm {} ({}) does not see it, but `kuke image load --realm {}` puts images there."


def run(*words: str, host: Path = RICH) -> int:
    return main([*words, "--run-path", str(host / "run"), "--replay", str(host / "ctr")])


def kukes(kind: str) -> list[dict[str, Any]]:
    """What `kuke get KIND -o json` said on the rich host."""
    found: list[dict[str, Any]] = json.loads((RICH / f"kuke/{kind}.json").read_text())
    return found


def test_the_realms_and_their_namespaces_are_those_that_kuke_gets(capsys: Capture) -> None:
    assert run("realms", "ls", "-o", "json") == 0
    ours = {realm["name"]: realm["namespace"] for realm in json.loads(capsys.readouterr().out)}
    assert (
        ours
        == NAMESPACES
        == {one["metadata"]["name"]: one["spec"]["namespace"] for one in kukes("realms")}
    )


def test_the_residual_namespaces_are_those_of_kuke_status(capsys: Capture) -> None:
    said = (RICH / "kuke/status.txt").read_text()
    (line,) = [line for line in said.splitlines() if "residual namespaces: " in line]
    assert run("realms", "ls", "-o", "json") == 0
    out, err = capsys.readouterr()
    ours = [name for realm in json.loads(out) for name in realm["residual"]]
    assert ours == line.partition("residual namespaces: ")[2].split(", ")
    notes = err.splitlines()
    assert len(notes) == len(ours)
    for brief, (realm, namespace) in zip(
        notes, (("main", "kukeon-main"), ("team", "team-a")), strict=True
    ):
        assert brief.startswith(
            f"note: namespace {realm}.kukeon.io has 1 image, and realm {realm} does not see it: "
            f"`kuke-ctr realms show {realm}"
        )
        assert run("images", "ls", "-r", realm) == 0
        note = capsys.readouterr().err
        assert note.startswith(f"note: namespace {realm}.kukeon.io has 1 image. ")
        assert LOADS.format(realm, namespace, realm) in note
        assert f"`kuke-ctr images ls --namespace {realm}.kukeon.io" in note


def test_the_table_of_realms_stays_as_it_is(capsys: Capture) -> None:
    assert run("realms", "ls") == 0
    header = capsys.readouterr().out.splitlines()[0]
    assert header.split() == ["NAME", "NAMESPACE", "SOURCE", "EXISTS"]


def images(capsys: Capture, *words: str) -> dict[str, str]:
    """Name -> digest."""
    assert run("images", "ls", *words, "-o", "json") == 0
    return {image["ref"]: image["digest"] for image in json.loads(capsys.readouterr().out)}


@pytest.mark.parametrize("realm", NAMESPACES)
def test_images_are_those_that_kuke_gets_from_the_namespace_that_it_reads(
    realm: str, capsys: Capture
) -> None:
    """Kukeon's client reads `<realm>.kukeon.io`, where its `image load` writes. The cells of main
    run from kukeon-main, and those of team from team-a, as their records say: ours lists what the
    cells have, and a note names the other namespace."""
    reads = f"{realm}.kukeon.io"
    kuke = [one for one in kukes("images") if one["Realm"] == realm]
    assert [one["Namespace"] for one in kuke] in ([reads], [])
    listed = {image["name"]: image["digest"] for one in kuke for image in one["Images"]}
    assert images(capsys, "-n", reads) == listed
    ours = images(capsys, "-r", realm)
    if NAMESPACES[realm] == reads:
        assert ours == listed
    else:
        assert BUSYBOX in ours
        assert listed.keys().isdisjoint(ours)


def test_a_list_of_images_names_what_kuke_loaded_beside_the_realm(capsys: Capture) -> None:
    assert run("images", "ls", "-r", "main") == 0
    (note,) = capsys.readouterr().err.splitlines()
    assert note.startswith("note: namespace main.kukeon.io has 1 image. ")


def test_a_list_of_every_realm_names_all_of_them(capsys: Capture) -> None:
    assert run("images", "ls", "-A", "-q") == 0
    notes = capsys.readouterr().err
    assert notes.count("note: namespace ") == 2


@pytest.mark.parametrize("words", [("-o", "raw"), ("--dry-run",), ("-r", "default")])
def test_no_further_call_where_there_is_nothing_to_say(
    words: tuple[str, ...], capsys: Capture
) -> None:
    realm = () if "-r" in words else ("-r", "main")
    assert run("images", "ls", *realm, *words, "-x") == 0
    out, err = capsys.readouterr()
    assert "main.kukeon.io" not in out + err
    assert "namespaces ls" not in err


def test_the_twin_of_buildkit_is_no_residual(capsys: Capture) -> None:
    assert run("realms", "ls", "--all", "-o", "json") == 0
    assert "_history" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("version", "namespace"),
    [("0.1.0", "kukeon-fresh"), ("0.9.1", "fresh.kukeon.io"), ("rich-0.9.1", "fresh.kukeon.io")],
)
def test_a_fresh_realm_gets_the_namespace_that_kuke_will_look_for(
    version: str, namespace: str, capsys: Capture, tmp_path: Path
) -> None:
    archive = tmp_path / "app.tar"
    archive.write_bytes(bytes(1024))
    words = ("images", "import", "-r", "fresh", str(archive), "--dry-run")
    assert run(*words, host=HOSTS / f"kukeon-{version}") == 3
    assert "--create-namespace creates it" in capsys.readouterr().err
    assert run(*words, "--create-namespace", host=HOSTS / f"kukeon-{version}") == 0
    assert f"ctr namespaces create {namespace}\n" in capsys.readouterr().out


def show(capsys: Capture, realm: str, *words: str, host: Path = RICH) -> dict[str, Any]:
    assert run("realms", "show", realm, "-o", "json", *words, host=host) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("realm", NAMESPACES)
def test_a_realm_is_shown_as_kuke_gets_it(realm: str, capsys: Capture) -> None:
    (kuke,) = [one for one in kukes("realms") if one["metadata"]["name"] == realm]
    ours = show(capsys, realm)
    assert ours["namespace"] == kuke["spec"]["namespace"]
    assert ours["labels"] == kuke["metadata"]["labels"]
    assert ours["recorded"] == kuke["status"]["state"]
    assert ours["recorded_at"] == f"{kuke['status']['updatedAt'].partition('.')[0]}Z"
    given = kuke["spec"].get("registryCredentials", [])
    assert ours["credentials"] == [
        {"server": one.get("serverAddress"), "user": one["username"]} for one in given
    ]
    for kind in ("spaces", "stacks", "cells"):
        theirs = [one for one in kukes(kind) if one["spec"].get("realmId") == realm]
        assert ours[kind] == len(theirs), kind


@pytest.mark.parametrize("realm", NAMESPACES)
def test_its_content_is_that_of_kuke_status(realm: str, capsys: Capture) -> None:
    said = (RICH / "kuke/status.txt").read_text().splitlines()
    (stored,) = [line for line in said if f" {NAMESPACES[realm]} (" in line and "blobs" in line]
    ours = show(capsys, realm)
    size = in_units(ours["content_bytes"]).replace("0.0 B", "0 B")
    assert stored.endswith(f"blobs, {size})")


def test_a_realm_is_shown_on_one_page(capsys: Capture) -> None:
    assert run("realms", "show", "main") == 0
    page, _, running = capsys.readouterr().out.partition("\nRUNNING TASKS\n")
    rows = [line.split(maxsplit=1) for line in page.splitlines()]
    assert ["RESIDUAL", "main.kukeon.io (1 image)"] in rows
    assert ["CREDENTIALS", "u1 (any registry)"] in rows
    assert ["CONTAINERS", "18"] in rows
    assert "default_default_web_app" in running.splitlines()
    assert "default_default_halted_app" not in running


def test_a_realm_without_a_record_is_shown_with_how_it_was_found(
    capsys: Capture, tmp_path: Path
) -> None:
    words = ("realms", "show", "mytenant", "--run-path", str(tmp_path))
    assert main([*words, "--replay", str(RICH / "ctr")]) == 0
    page = capsys.readouterr().out
    assert "\nFOUND       layout: of kukeon-mytenant, mytenant.kukeon.io containerd has " in page
    assert "RECORD" not in page


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "yaml"])
def test_no_form_has_a_secret(form: str, capsys: Capture) -> None:
    for realm in NAMESPACES:
        assert run("realms", "show", realm, "-o", form, "-xx") == 0
        out, err = capsys.readouterr()
        assert "not-real" not in out + err


def test_without_containerd_the_files_tell(capsys: Capture) -> None:
    words = ("realms", "show", "main", "-o", "json", "--run-path", str(RICH / "run"))
    assert main([*words, "-a", "/nonexistent/c.sock"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["recorded"], found["cells"], found["exists"]) == ("Ready", 8, None)
    assert (found["images"], found["running"], found["content_bytes"]) == (None, None, None)
    assert err.startswith("warning: what containerd has is not known: ")


def test_a_namespace_is_no_realm(capsys: Capture) -> None:
    assert run("realms", "show", "-n", "moby") == 2
    assert "it is about a realm" in capsys.readouterr().err


def test_a_realm_that_nobody_knows_is_not_shown(capsys: Capture) -> None:
    assert run("realms", "show", "mian") == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "did you mean --realm main?" in err


def test_a_realm_of_kukeon_0_1_is_shown(capsys: Capture) -> None:
    found = show(capsys, "main", host=HOSTS / "kukeon-0.1.0")
    assert (found["recorded"], found["recorded_at"]) == ("Ready", None)
    assert (found["spaces"], found["stacks"], found["credentials"]) == (1, 1, [])
