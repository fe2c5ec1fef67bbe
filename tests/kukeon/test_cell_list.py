"""The cells of a realm, read from Kukeon's records."""

import json
from pathlib import Path

import pytest

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.cell_list import RecordedCell, recorded_cells
from kuke_ctr.kukeon.cells import find_container
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.records import RealmSource
from tests.support.paths import FIXTURES

MAIN = Resolution("main", "kukeon-main", RealmSource.RECORD)


def write(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    write(tmp_path / "data/main/metadata.json", {"spec": {"namespace": "kukeon-main"}})
    return tmp_path


def cell_in(run_path: Path, document: object, *names: str) -> RecordedCell | None:
    folder = run_path.joinpath("data/main", *(names or ("default", "default", "web")))
    write(folder / "metadata.json", document)
    return next(iter(recorded_cells(run_path, MAIN)), None)


def container(identifier: str = "app", **more: object) -> dict[str, object]:
    return {"id": identifier, "containerdId": f"default_default_web_{identifier}", **more}


@pytest.mark.parametrize("host", ["kukeon-0.1.0", "kukeon-0.9.1", "kukeon-rich-0.9.1"])
def test_the_records_of_real_hosts_are_read_whole(host: str) -> None:
    found = list(recorded_cells(FIXTURES / host / "run", MAIN))
    assert {"web", "done"} <= {cell.name for cell in found}
    assert [cell.unread for cell in found] == [None] * len(found)
    assert all(one.id and one.image and one.state for cell in found for one in cell.containers)
    assert all(sum(one.root for one in cell.containers) == 1 for cell in found)


def test_states_were_numbers_once() -> None:
    (done,) = (
        cell for cell in recorded_cells(FIXTURES / "kukeon-0.1.0/run", MAIN) if cell.name == "done"
    )
    assert done.state == "Ready"
    assert [one.state for one in done.containers] == ["Stopped", "Ready"]


def test_a_cell_that_kukeon_could_not_make_whole_has_containers_all_the_same(
    run_path: Path,
) -> None:
    """Its record has no ids; containerd has the containers that were made before the failure."""
    made = {"id": "w", "cellId": "", "realmId": "", "image": "docker.io/library/busybox:latest"}
    document = {"spec": {"containers": [made]}, "status": {"state": "Failed"}}
    cell = cell_in(run_path, document, "lab", "two", "half")
    assert cell is not None
    assert [one.id for one in cell.containers] == ["lab_two_half_w"]
    odd = cell_in(run_path, document, "lab", "two", "a b")
    assert odd is not None
    assert [one.id for one in odd.containers] == [""]


def test_a_number_without_a_name_is_shown_as_it_is(run_path: Path) -> None:
    cell = cell_in(run_path, {"status": {"state": 17}})
    assert cell is not None
    assert cell.state == "17"


def test_the_address_is_that_of_the_cells_own_name(run_path: Path) -> None:
    hosts = "127.0.0.1 localhost web\n# 10.0.0.1 web\nweb web\n10.88.2.2\tweb\n10.88.2.3 db\n"
    write(run_path / "data/main/default/default/web/etc-hosts", hosts)
    cell = cell_in(run_path, {"kind": "Cell"})
    assert cell is not None
    assert cell.address == "10.88.2.2"


def test_a_container_that_has_not_ended_has_no_exit_code(run_path: Path) -> None:
    statuses = [
        {"id": "app", "exitCode": 0, "finishTime": "0001-01-01T00:00:00Z"},
        {"id": "job", "exitCode": 0, "finishTime": "2026-11-26T17:09:16Z"},
    ]
    cell = cell_in(
        run_path,
        {
            "spec": {"containers": [container("app"), container("job")]},
            "status": {"containers": statuses, "updatedAt": "2026-11-26T17:09:19.4Z"},
        },
    )
    assert cell is not None
    assert [one.exit_code for one in cell.containers] == [None, 0]
    assert str(cell.recorded_at) == "2026-11-26 17:09:19.400000+00:00"


@pytest.mark.parametrize("time", ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-26T17:09:19"])
def test_what_is_no_time_is_left_out(run_path: Path, time: str) -> None:
    cell = cell_in(run_path, {"status": {"updatedAt": time}})
    assert cell is not None
    assert cell.recorded_at is None


@pytest.mark.parametrize(
    "broken", ["{", '{"spec": {"containers": [{"id": 5}]}}', '{"status": {"state": [1]}}']
)
def test_a_broken_record_is_a_cell_of_which_nothing_is_known(run_path: Path, broken: str) -> None:
    cell = cell_in(run_path, broken)
    assert cell is not None
    assert cell.name == "web"
    assert cell.unread is not None
    assert "metadata.json" in cell.unread


@pytest.mark.parametrize(
    "place",
    [
        ("volumes", "rvol", "forged"),
        ("default", "volumes", "vol"),
        ("default", "default", "volumes"),
        ("secrets", "a", "b"),
        ("default", "volume-meta", "x"),
        ("blueprints", "a", "b"),
        ("configs", "a", "b"),
    ],
)
def test_a_record_in_a_reserved_folder_is_none(run_path: Path, place: tuple[str, ...]) -> None:
    """A tenant that mounts a volume can write what looks like a record into it."""
    forged = {"kind": "Cell", "spec": {"containers": [container("app")]}}
    assert cell_in(run_path, forged, *place) is None
    assert find_container(run_path, MAIN, "default_default_web_app") is None
    assert find_container(run_path, MAIN, "_".join((*place, "app"))) is None


def test_a_link_to_another_folder_is_no_cell(run_path: Path, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere/metadata.json", {"kind": "Cell"})
    stack = run_path / "data/main/default/default"
    stack.mkdir(parents=True)
    (stack / "web").symlink_to(tmp_path / "elsewhere")
    assert list(recorded_cells(run_path, MAIN)) == []


def test_what_is_no_cell_is_none(run_path: Path) -> None:
    assert cell_in(run_path, {"kind": "Stack"}) is None


def test_no_run_path_is_no_cell(tmp_path: Path) -> None:
    assert list(recorded_cells(tmp_path / "nothing", MAIN)) == []


@pytest.mark.parametrize("size", [10, 100_000])
def test_volumes_and_restarts_are_read_as_kukeon_writes_them(run_path: Path, size: int) -> None:
    volumes = [
        {"kind": "volume", "source": "vol", "target": "/vol"},
        {"volumeRef": {"name": "data"}, "target": "/data"},
        {"kind": "tmpfs", "target": "/scratch"},
        {"source": "/srv"},
        "/run:/run",
    ]
    cell = cell_in(
        run_path,
        {
            "spec": {"containers": [container("app", volumes=volumes, restartPolicy="always")]},
            "status": {"containers": [{"id": "app", "restartCount": size}]},
        },
    )
    assert cell is not None
    (app,) = cell.containers
    assert app.volumes == ("vol:/vol", "data:/data", "tmpfs:/scratch", "/run:/run")
    assert (app.restarts, app.restart_policy) == (size, "always")


def test_permission_denied_is_told(run_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(path: object) -> None:
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.iterdir", deny)
    with pytest.raises(KukeCtrError) as found:
        list(recorded_cells(run_path, MAIN))
    assert found.value.exit_code == 126
