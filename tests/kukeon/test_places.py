"""Every namespace of a host, with its realm."""

from kuke_ctr.kukeon.places import Place, places
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.fake_ctr import FakeCtr


def test_realms_stand_first_and_other_namespaces_have_none(fake_ctr: FakeCtr) -> None:
    names = ("default", "kukeon-team", "main.kukeon.io", "moby", "kukeon-team_history")
    fake_ctr.answer("namespaces", "ls", "-q", stdout="".join(f"{name}\n" for name in names))
    found, warnings = places(Session(SharedOptions()).host)
    assert [tuple(one) for one in found] == [
        ("main.kukeon.io", "main"),
        ("kukeon-team", "team"),
        ("default", None),
        ("kukeon-team_history", None),
        ("moby", None),
    ]
    assert list(warnings) == []
    assert str(Place("kukeon-team", "team")) == "realm team (namespace kukeon-team)"
    assert str(Place("default", None)) == "namespace default"
