"""Which containers nerdctl may change."""

import pytest

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.shared.output import note
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.nerdctls_own import data_root, is_nerdctls, made_by_nerdctl, places
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.fake_ctr import FakeCtr

ID = "20507e564c62" + "ab" * 26


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
        (f"/srv/containers/nerdctl/124a7919/containers/main/{ID}", "/srv/containers/nerdctl"),
        ("/srv/nd/124a7919/containers/main/other", None),
        (f"/srv/nd/124a7919/containers/other/{ID}", None),
        (f"/srv/nd/124a7919/containers/main/more/{ID}", None),
        ("relative/1/containers/main/" + ID, None),
        ("", None),
    ],
)
def test_the_data_root_stands_in_a_label(folder: str, root: str | None) -> None:
    info = ContainerInfo(id=ID, labels={"nerdctl/state-dir": folder})
    assert data_root(info, "main") == root
    assert made_by_nerdctl(info, "main") is (root is not None)


def test_labels_alone_do_not_make_a_container_nerdctls() -> None:
    labels = {"nerdctl/state-dir": "/tenant/1935db59/containers/main/web"}
    info = ContainerInfo(id="web", labels=labels)
    assert is_nerdctls(labels)
    assert data_root(info, "main") == "/tenant"
    assert not made_by_nerdctl(info, "main")


def test_the_flags_by_which_nerdctl_finds_its_own(fake_ctr: FakeCtr) -> None:
    labels = {"nerdctl/state-dir": f"/srv/nd/1935/containers/main/{ID}"}
    own, forged = (ContainerInfo(id=one, labels=labels) for one in (ID, "web"))
    scope = Scope(Session(SharedOptions(address="/c.sock"), note).host.ctr, "main")
    assert places(own, scope) == ["--address", "/c.sock", "--data-root", "/srv/nd"]
    assert places(forged, scope) == ["--address", "/c.sock"]
