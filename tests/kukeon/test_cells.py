"""A cell's record with parts that are null, or of another kind."""

import json
from pathlib import Path

import pytest

from kuke_ctr.kukeon.cells import find_container
from kuke_ctr.kukeon.realms import resolve
from kuke_ctr.kukeon.settings import Settings


@pytest.mark.parametrize("odd", [{"root": None}, {"attachable": None}, {"id": None}, None, 3])
def test_a_part_that_is_null_hides_no_other_container(tmp_path: Path, odd: object) -> None:
    cell = tmp_path / "data/main/s/t/c"
    cell.mkdir(parents=True)
    if isinstance(odd, dict):
        odd = {"id": "first", "containerdId": "s_t_c_first", **odd}
    web = {"id": "web", "containerdId": "s_t_c_web", "attachable": True}
    record = {"kind": "Cell", "spec": {"containers": [odd, web]}}
    (cell / "metadata.json").write_text(json.dumps(record))
    settings = Settings(tmp_path, "default", None, None, ("ctr",), "kukeon.io", "a test")
    realm = resolve("main", settings, existing=lambda: frozenset({"kukeon-main"}))
    found = find_container(tmp_path, realm, "s_t_c_web")
    assert found is not None
    assert (found.folder, found.root, found.attachable) == (cell / "web", None, True)
