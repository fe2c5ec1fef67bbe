"""Records that a container, or anybody but Kukeon, may have written: nobody's log is found by them.

The two tenants have a cell each; the log of the one is what the other is after.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kuke_ctr.errors import Forbidden
from kuke_ctr.kukeon.cell_list import recorded_cells
from kuke_ctr.kukeon.cells import find_container
from kuke_ctr.kukeon.kept import RESERVED, is_kept
from kuke_ctr.kukeon.realms import Resolution, resolve
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.recipes.log_file import LogFile, open_log
from tests.support.paths import TOP

VICTIM = "default_default_db_app"
SECRET = "of another tenant"
NOBODY = 65534


def write_cell(cell: Path, *containers: dict[str, object]) -> Path:
    """The record of a cell, as Kukeon writes it; the cell's folder."""
    cell.mkdir(parents=True)
    record = {"kind": "Cell", "spec": {"containers": list(containers)}}
    (cell / "metadata.json").write_text(json.dumps(record))
    return cell


def named(cell: str, name: str = "app", **more: object) -> dict[str, object]:
    return {"id": name, "containerdId": f"default_default_{cell}_{name}", **more}


@pytest.fixture
def realm_folder(tmp_path: Path) -> Path:
    """The realm `main` with the victim's cell `db`, and `web`."""
    realm = tmp_path / "data/main"
    cell = write_cell(realm / "default/default/db", named("db"))
    (cell / "app").mkdir()
    (cell / "app/log").write_text(SECRET)
    write_cell(realm / "default/default/web", named("web"))
    return realm


def resolved(run_path: Path) -> Resolution:
    settings = Settings(run_path, "default", None, None, ("ctr",), "kukeon.io", "a test")
    return resolve("main", settings, existing=lambda: frozenset({"kukeon-main"}))


def output_of(run_path: Path, container: str) -> str | None:
    """What `logs` would show; "refused" where it would not open it, None where nothing is found."""
    found = find_container(run_path, resolved(run_path), container)
    for path in found.outputs() if found is not None else ():
        try:
            descriptor = open_log(LogFile(path, found.base)) if found is not None else None
        except Forbidden:
            return "refused"
        if descriptor is not None:
            with os.fdopen(descriptor) as file:
                return file.read()
    return None


@pytest.mark.parametrize("host", ["0.1.0", "0.9.1", "rich-0.9.1"])
@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another group")
def test_what_real_hosts_have_is_believed(tmp_path: Path, host: str) -> None:
    lines = (TOP / f"fixtures/ctr-output/kukeon-{host}/tree.txt").read_text().splitlines()[1:]
    records = []
    for line in lines:
        mode, _, kind, name = line.split(maxsplit=3)
        path = tmp_path / name
        if kind == "d":
            path.mkdir()
        elif kind == "-":
            path.touch()
        else:
            continue
        os.chown(path, -1, NOBODY)
        path.chmod(int(mode, 8))
        if path.name == "metadata.json" or path.parent.name in ("volumes", "vol", "rvol"):
            records.append(path)
    for path in records:
        below_volumes = path.parent.name == "volumes"
        way = [path, *path.parents[: len(path.relative_to(tmp_path).parts) - 1]]
        assert all(map(is_kept, way)) is not below_volumes, path
    assert len(records) > 4


def test_a_cells_own_record_says_where_its_log_is(realm_folder: Path) -> None:
    assert output_of(realm_folder.parent.parent, VICTIM) == SECRET


RESERVED_PLACES = [
    f"{place}{name}" for name in RESERVED for place in ("", "default/", "default/default/")
]


@pytest.mark.parametrize("place", RESERVED_PLACES)
@pytest.mark.parametrize("below", ["", "vol", "default/default/db", "vol/default/default/db"])
def test_nothing_below_a_reserved_folder_is_a_record(
    realm_folder: Path, place: str, below: str
) -> None:
    shutil.rmtree(realm_folder / "default/default/db")
    cell = write_cell(realm_folder / place / below, named("db"), named("web", "x"))
    (cell / "app").mkdir()
    (cell / "app/log").write_text("forged")
    assert output_of(realm_folder.parent.parent, VICTIM) is None
    names = [
        one.name
        for one in recorded_cells(realm_folder.parent.parent, resolved(realm_folder.parent.parent))
    ]
    assert names == ["web"]


def test_nor_is_a_realm_of_such_a_name(realm_folder: Path) -> None:
    for base in (realm_folder.parent, realm_folder.parent.parent):
        forged = base / "volumes"
        write_cell(forged / "default/default/evil", named("evil"))
        document = {"kind": "Realm", "spec": {"namespace": "kukeon-main"}}
        (forged / "metadata.json").write_text(json.dumps(document))
    assert output_of(realm_folder.parent.parent, "default_default_evil_app") is None


@pytest.mark.parametrize(
    "container",
    [
        {"id": "../db/app", "containerdId": "default_default_web_app"},
        {"id": "app", "containerdId": VICTIM},
        {"id": "../../default/db/app", "containerdId": VICTIM},
        {"id": "/etc", "containerdId": VICTIM},
        {"id": "db_app", "containerdId": VICTIM},
        {"id": ".", "containerdId": "default_default_web_."},
    ],
)
def test_a_record_says_nothing_of_other_cells(
    realm_folder: Path, container: dict[str, object]
) -> None:
    shutil.rmtree(realm_folder / "default/default/web")
    cell = write_cell(realm_folder / "default/default/web", container)
    (cell / "app").mkdir()
    (cell / "app/log").write_text("forged")
    run_path = realm_folder.parent.parent
    asked = str(container["containerdId"])
    assert output_of(run_path, asked) == (SECRET if asked == VICTIM else None)
    (web,) = [one for one in recorded_cells(run_path, resolved(run_path)) if one.name == "web"]
    assert [part.id for part in web.containers] == [""]


LEVELS = ["default", "default/default", "default/default/web"]


@pytest.mark.parametrize("level", [*LEVELS, "default/default/web/app"])
def test_no_link_leads_to_a_log(realm_folder: Path, tmp_path: Path, level: str) -> None:
    """What a link of the name of a space, stack, cell or container leads to is not followed."""
    real = tmp_path / "elsewhere"
    write_cell(real / "default/default/web", named("web"))
    (real / "default/default/web/app").mkdir()
    (real / "default/default/web/app/log").write_text(SECRET)
    run_path = realm_folder.parent.parent
    (realm_folder / "default/default/web/metadata.json").unlink()
    link = realm_folder / level
    if link.exists():
        shutil.rmtree(link)
    link.symlink_to(real / level)
    assert output_of(run_path, "default_default_web_app") in (None, "refused")


def test_a_record_that_is_a_link_is_none(realm_folder: Path, tmp_path: Path) -> None:
    cell = realm_folder / "default/default/web"
    shutil.move(cell / "metadata.json", tmp_path / "record")
    (cell / "metadata.json").symlink_to(tmp_path / "record")
    run_path = realm_folder.parent.parent
    assert find_container(run_path, resolved(run_path), "default_default_web_app") is None
    (_, web) = recorded_cells(run_path, resolved(run_path))
    assert web.unread == f"others than Kukeon may have written {cell / 'metadata.json'}"


def of_nobody(path: Path) -> None:
    os.chown(path, NOBODY, -1)


def for_a_group(path: Path) -> None:
    os.chown(path, -1, NOBODY)
    path.chmod(path.stat().st_mode | 0o020)


def for_all(path: Path) -> None:
    path.chmod(path.stat().st_mode | 0o002)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
@pytest.mark.parametrize("make", [of_nobody, for_a_group, for_all])
@pytest.mark.parametrize("level", [*LEVELS, "default/default/web/metadata.json", ""])
def test_what_others_can_write_is_not_believed(
    realm_folder: Path, make: Callable[[Path], None], level: str
) -> None:
    make(realm_folder / level)
    run_path = realm_folder.parent.parent
    assert find_container(run_path, resolved(run_path), "default_default_web_app") is None
    cells = {one.name: one.unread for one in recorded_cells(run_path, resolved(run_path))}
    assert cells.get("web", "nothing is known") is not None


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
def test_the_owner_of_the_run_path_may_own_all(realm_folder: Path) -> None:
    """As of Kukeon without root, or of a copy of a run path."""
    run_path = realm_folder.parent.parent
    for path in (run_path, *run_path.rglob("*")):
        of_nobody(path)
    assert output_of(run_path, VICTIM) == SECRET


def test_who_mounts_a_folder_of_the_host_speaks_for_that_folder_alone(realm_folder: Path) -> None:
    """A folder beside the cells, that a container mounts: its root writes as root of the host."""
    cell = write_cell(realm_folder / "default/default/ws", named("db"), named("ws", "app"))
    (cell / "app").symlink_to(realm_folder / "default/default/db/app")
    run_path = realm_folder.parent.parent
    assert output_of(run_path, "default_default_ws_app") == "refused"
    shutil.rmtree(realm_folder / "default/default/db")
    assert output_of(run_path, VICTIM) is None
