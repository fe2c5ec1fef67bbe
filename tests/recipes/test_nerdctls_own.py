"""Which containers nerdctl may change."""

import pytest

from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.nerdctls_own import data_root, is_nerdctls, places

ID = "20507e564c62"


@pytest.mark.parametrize(
    ("labels", "own"),
    [
        ({}, False),
        ({"app": "web"}, False),
        ({"nerdctl/name": "web"}, True),
        ({"nerdctl/name": "web", "kukeon.io/cell": "c"}, False),
        ({"nerdctl/name": "web", "realm.kukeon.io": "main"}, False),
        ({"nerdctl/name": "web", "kukeon.io/container-type": "root"}, False),
        ({"kukeon.io/cell": "c"}, False),
    ],
)
def test_only_its_own_and_never_kukeons(labels: dict[str, str], own: bool) -> None:
    assert is_nerdctls(labels) is own


@pytest.mark.parametrize(
    ("folder", "root"),
    [
        (f"/var/lib/nerdctl/1935db59/containers/main/{ID}", "/var/lib/nerdctl"),
        (f"/srv/nd/124a7919/containers/main/{ID}", "/srv/nd"),
        ("/srv/nd/124a7919/containers/main/other", None),
        ("relative/1/containers/main/" + ID, None),
        ("", None),
    ],
)
def test_the_data_root_stands_in_a_label(folder: str, root: str | None) -> None:
    info = ContainerInfo(id=ID, labels={"nerdctl/state-dir": folder})
    assert data_root(info) == root


def test_the_flags_by_which_nerdctl_finds_its_own() -> None:
    labels = {"nerdctl/state-dir": f"/srv/nd/1935/containers/main/{ID}"}
    info = ContainerInfo(id=ID, labels=labels)
    assert places(info, "/c.sock") == ["--address", "/c.sock", "--data-root", "/srv/nd"]
    assert places(ContainerInfo(id=ID), None) == []
