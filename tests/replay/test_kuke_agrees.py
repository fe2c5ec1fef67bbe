"""The rich Kukeon host, kind by kind: what kuke-ctr says is what Kukeon's own client said then.

Where the two differ, a test says which is nearer to the truth, and why. Cells are in test_cells.py.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import FIXTURES

Capture = pytest.CaptureFixture[str]
Row = dict[str, Any]
RICH = FIXTURES / "kukeon-rich-0.9.1"

HALTED = {"default_default_halted_app", "default_default_halted_root"}
"""The containers of the stopped cell."""

KILLED_ROOT = "default_default_done_root"
"""The root that Kukeon killed after its cell's start had failed."""


def told(capsys: Capture, *words: str) -> Any:
    """What kuke-ctr gives as JSON."""
    where = ("--run-path", str(RICH / "run"), "--replay", str(RICH / "ctr"))
    assert main([*words, *where, "-o", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def kuke(kind: str) -> list[Row]:
    """What `kuke get KIND -o json` gave."""
    found: list[Row] = json.loads((RICH / "kuke" / f"{kind}.json").read_text())
    return found


def kukes_table(kind: str) -> Iterator[Row]:
    """The rows of `kuke get KIND -o wide`, by their headers; no cell of these has a space."""
    header, _, *lines = (RICH / "kuke" / f"{kind}.txt").read_text().splitlines()
    for line in lines:
        yield dict(zip(header.split(), line.split(), strict=True))


def our_containers(capsys: Capture) -> dict[str, Row]:
    """The containers of every cell of every realm, by id."""
    found = {}
    for cell in told(capsys, "cells", "ls", "-A"):
        path = f"{cell['space']}/{cell['stack']}/{cell['name']}"
        shown = told(capsys, "cells", "show", "-r", cell["realm"], path)
        for container in shown["containers"]:
            where = {key: cell[key] for key in ("realm", "space", "stack")}
            found[container["id"]] = {**container, **where, "cell": cell["name"]}
    return found


def volume(mount: Row) -> str:
    return f"{mount['source']}:{mount['target']}"


def test_every_container_is_recorded_as_kuke_has_it(capsys: Capture) -> None:
    levels = ("realm", "space", "stack", "cell")
    fields = (*levels, "name", "image", "root", "restart_policy", "attachable", "volumes")
    ours = {
        key: [container[field] for field in fields]
        for key, container in our_containers(capsys).items()
    }
    assert ours == {
        spec["containerdId"]: [
            *(spec[f"{level}Id"] for level in levels),
            spec["id"],
            spec["image"],
            spec.get("root", False),
            spec["restartPolicy"] or None,
            spec.get("attachable", False),
            [volume(mount) for mount in spec["volumes"] or []],
        ]
        for spec in kuke("containers")
    }


def test_containerd_has_every_container_that_kuke_lists(capsys: Capture) -> None:
    listed = {row["id"] for row in told(capsys, "containers", "ls", "-A")}
    assert listed == {spec["containerdId"] for spec in kuke("containers")}


def test_a_container_is_ready_in_kuke_where_its_task_runs(capsys: Capture) -> None:
    """But for the stopped cell and a killed root, which Kukeon's client calls Ready as well.

    containerd has no running task of theirs, and the records of their cells say Stopped and Error.
    """
    names = {
        (spec["realmId"], spec["cellId"], spec["id"]): spec["containerdId"]
        for spec in kuke("containers")
    }
    ready = {
        names[row["REALM"], row["CELL"], row["NAME"]]
        for row in kukes_table("containers")
        if row["STATE"] == "Ready"
    }
    running = {row["id"] for row in told(capsys, "tasks", "ls", "-A") if row["status"] == "RUNNING"}
    assert ready - running == HALTED | {KILLED_ROOT}
    assert running - ready == set()
    ours = our_containers(capsys)
    assert {ours[key]["state"] for key in HALTED} == {"Stopped"}
    assert {ours[key]["status"] for key in HALTED} == {None}
    assert (ours[KILLED_ROOT]["state"], ours[KILLED_ROOT]["status"]) == ("Error", "STOPPED")


def test_an_image_is_named_under_the_realm_whose_namespace_holds_it(capsys: Capture) -> None:
    """Kukeon's client reads `<realm>.<suffix>`, which is another namespace for two realms here.

    It lists `app:2` in main and the app in team; those lie in main.kukeon.io and team.kukeon.io,
    from which no cell of these realms is ever started.
    """
    theirs = {
        (found["Realm"], image["name"], image["digest"])
        for found in kuke("images")
        for image in found["Images"] or []
    }
    ours = {(row["realm"], row["ref"], row["digest"]) for row in told(capsys, "images", "ls", "-A")}
    elsewhere = {"main", "team"}
    assert {row for row in theirs if row[0] not in elsewhere} == {
        row for row in ours if row[0] not in elsewhere
    }
    for realm in elsewhere:
        (found,) = [found for found in kuke("images") if found["Realm"] == realm]
        assert found["Namespace"] == f"{realm}.kukeon.io"
        residual = told(capsys, "images", "ls", "--namespace", found["Namespace"])
        assert {row["digest"] for row in residual} == {row["digest"] for row in found["Images"]}
        started = {spec["image"] for spec in kuke("containers") if spec["realmId"] == realm}
        assert started <= {ref for name, ref, _ in ours if name == realm}


def test_the_size_of_an_image_is_kukes_rounded(capsys: Capture) -> None:
    """ctr prints the size in binary units with one decimal; Kukeon has the bytes."""
    exact = {
        image["digest"]: image["size"] for found in kuke("images") for image in found["Images"]
    }
    for row in told(capsys, "images", "ls", "-A"):
        if row["digest"] in exact:
            assert row["size_bytes"] == pytest.approx(exact[row["digest"]], rel=0.03)


def test_cells_name_the_volumes_that_kuke_lists(capsys: Capture) -> None:
    """`rvol` is mounted by no cell: kuke-ctr has no list of volumes."""
    mounted = {
        mount.partition(":")[0]
        for container in our_containers(capsys).values()
        for mount in container["volumes"]
        if not mount.startswith("/")
    }
    listed = {found["metadata"]["name"] for found in kuke("volumes")}
    assert mounted == {"vol"}
    assert listed == {"vol", "rvol"}


def test_a_cell_names_the_blueprint_or_the_config_that_kuke_lists(capsys: Capture) -> None:
    known = {f"blueprint {found['metadata']['name']}" for found in kuke("blueprints")}
    known |= {f"config {found['metadata']['name']}" for found in kuke("configs")}
    named = {cell["made_from"] for cell in told(capsys, "cells", "ls", "-A")} - {None}
    assert named == known


@pytest.mark.parametrize(
    "path", sorted((RICH / "kuke").glob("cell-main-*.json")), ids=lambda path: path.stem
)
def test_one_cell_is_as_kuke_has_it(path: Path, capsys: Capture) -> None:
    """The exit code of a root is not among those of its cell: Kukeon itself ends roots."""
    theirs = json.loads(path.read_text())
    ours = told(capsys, "cells", "show", "-r", "main", theirs["metadata"]["name"])
    status = theirs["status"]
    assert ours["recorded"] == status["state"]
    assert (ours["reason"], ours["message"]) == (status.get("reason"), status.get("message"))
    assert ours["recorded_at"] == status["updatedAt"][:19] + "Z"
    assert {row["name"]: (row["state"], row["restarts"]) for row in ours["containers"]} == {
        found["name"]: (found["state"], found["restartCount"]) for found in status["containers"]
    }
    ended = [row for row in status["containers"] if row["exitCode"] and row["name"] != "root"]
    assert ours["exit_codes"] == [f"{row['name']}:{row['exitCode']}" for row in ended]
