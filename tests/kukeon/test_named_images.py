"""The images that Kukeon's records name."""

import json
from pathlib import Path

import pytest

from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.named_images import named_images
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.records import RealmSource

MAIN = Resolution("main", "main.kukeon.io", RealmSource.RECORD)
BY_FLAG = Resolution("default", "main.kukeon.io", RealmSource.FLAG)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def cell(image: str) -> str:
    return json.dumps({"kind": "Cell", "spec": {"containers": [{"id": "app", "image": image}]}})


def realm(folder: Path, namespace: str | None) -> Path:
    spec = {} if namespace is None else {"namespace": namespace}
    write(folder / "metadata.json", json.dumps({"kind": "Realm", "spec": spec}))
    return folder


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    """A realm with a stopped cell, a blueprint and a config; another realm; a volume's lies."""
    main = realm(tmp_path / "data" / "main", "main.kukeon.io")
    write(main / "s" / "t" / "c" / "metadata.json", cell("r.example/app:1"))
    write(main / "s" / "t" / "short" / "metadata.json", cell("busybox"))
    write(
        main / "s" / "t" / "blueprints" / "agent",
        "kind: CellBlueprint\nspec:\n  cell:\n    containers:\n      - image: r.example/agent:1\n",
    )
    write(main / "configs" / "prod", "spec:\n  values:\n    TOOL: r.example/tool:2\n")
    write(main / "volumes" / "v" / "c" / "metadata.json", cell("tenant.example/lie:1"))
    other = realm(tmp_path / "data" / "other", "other.kukeon.io")
    write(other / "s" / "t" / "c" / "metadata.json", cell("r.example/other:1"))
    return tmp_path


@pytest.mark.parametrize("resolution", [MAIN, BY_FLAG])
def test_cells_blueprints_and_configs_name_images(run_path: Path, resolution: Resolution) -> None:
    names = {one.name for one in named_images(run_path, resolution)}
    assert {
        "r.example/app:1",
        "docker.io/library/busybox:latest",
        "r.example/agent:1",
        "r.example/tool:2",
    } <= names
    assert not names & {"tenant.example/lie:1", "r.example/other:1"}


def test_the_records_of_before_0_5_name_them_too(tmp_path: Path) -> None:
    folder = realm(tmp_path / "main", None)
    write(folder / "s" / "t" / "c" / "metadata.json", cell("r.example/app:1"))
    assert "r.example/app:1" in {one.name for one in named_images(tmp_path, MAIN)}
    assert "r.example/app:1" in {one.name for one in named_images(tmp_path, BY_FLAG)}


def test_a_record_that_cant_be_read_may_name_any_image(run_path: Path) -> None:
    write(run_path / "data" / "main" / "s" / "t" / "c" / "metadata.json", '{"spec": [')
    with pytest.raises(UsageError, match="are not known"):
        named_images(run_path, MAIN)


def test_no_run_path_names_nothing(tmp_path: Path) -> None:
    assert named_images(tmp_path / "nope", MAIN) == []
