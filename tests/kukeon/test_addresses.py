import pytest

from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.addresses import DOCKERS_A, checked_address


@pytest.mark.parametrize("text", ["/run/c.sock", "unix:///run/c.sock"])
def test_a_path_is_an_address(text: str) -> None:
    assert checked_address(text, "--address") == "/run/c.sock"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("-r", DOCKERS_A),
        ("--realm", DOCKERS_A),
        ("q", DOCKERS_A),
        ("tcp://127.0.0.1:1", "Unix sockets only, not to tcp://"),
        ("ssh://host", "Unix sockets only, not to ssh://"),
        ("unix:/run/c.sock", "--address /run/c.sock"),
        ("unix:run/c.sock", "--address /run/c.sock"),
        ("unix://run/c.sock", "--address /run/c.sock"),
        ("unix://", "absolute"),
        ("x y.sock", "x y.sock'"),
    ],
)
def test_all_else_is_refused(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_address(text, "--address")
    assert caught.value.message == f"--address: {text!r} is not the path of a socket"
    assert hint in (caught.value.hint or "")


def test_the_hint_names_where_the_address_came_from() -> None:
    with pytest.raises(UsageError) as caught:
        checked_address("unix:/c.sock", "CONTAINERD_ADDRESS")
    assert (caught.value.hint or "").endswith("CONTAINERD_ADDRESS=/c.sock")
    with pytest.raises(UsageError) as caught:
        checked_address("-r", "CONTAINERD_ADDRESS")
    assert caught.value.hint != DOCKERS_A
