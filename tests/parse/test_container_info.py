"""The facts of a container, from real Kukeon hosts."""

import json
from pathlib import Path

import pytest

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.container_info import ContainerInfo, parse_container_info
from tests.support.paths import FIXTURES


def recorded(host: str) -> dict[str, ContainerInfo]:
    found = {}
    for path in (FIXTURES / host / "ctr").glob("*.json"):
        call = json.loads(path.read_text())
        if "info" in call["argv"] and "containers" in call["argv"] and call["exit_code"] == 0:
            facts = parse_container_info(call["stdout"])
            found[facts.id] = facts
    return found


def test_an_attachable_container_has_kukettys_folder() -> None:
    facts = recorded("kukeon-0.9.1")
    with_kuketty = [one for one in facts.values() if one.kuketty is not None]
    assert with_kuketty
    assert all(str(one.kuketty).endswith("/tty") for one in with_kuketty)
    assert len(with_kuketty) < len(facts)


def test_labels_image_and_snapshot_are_there() -> None:
    facts = recorded("kukeon-0.9.1")["kukeon_kukeon_kukeond_kukeond"]
    assert facts.labels["kukeon.io/cell"] == "kukeond"
    assert facts.image == "docker.io/library/kukeond:v0"
    assert (facts.snapshot, facts.snapshotter) == ("kukeon_kukeon_kukeond_kukeond", "overlayfs")
    assert facts.runtime == "io.containerd.runc.v2"
    assert facts.log is None


def test_a_terminal_and_our_log_are_seen() -> None:
    text = '{"ID": "a", "Labels": {"kuke-ctr/log": "/l"}, "Spec": {"process": {"terminal": true}}}'
    facts = parse_container_info(text)
    assert facts.terminal
    assert facts.log == Path("/l")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ID": 5}'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_container_info(text)


def test_the_namespaces_of_a_process_are_seen_by_its_number() -> None:
    found = recorded("kukeon-0.9.1")["default_default_web_app"]
    assert {path.rpartition("/")[2] for path in found.joined} == {"ipc", "uts", "net"}
    assert all(path.startswith("/proc/") for path in found.joined)
    assert recorded("kukeon-0.9.1")["default_default_web_root"].joined == ()


@pytest.mark.parametrize(
    ("path", "joined"),
    [
        ("/proc/42/ns/net", ("/proc/42/ns/net",)),
        ("/proc/../proc//42/ns/net", ("/proc/42/ns/net",)),
        ("//proc/42/task/43/ns/net", ("/proc/42/task/43/ns/net",)),
        ("/proc/self/ns/net", ("/proc/self/ns/net",)),
        ("/run/netns/42", ()),
        ("/proc/sys", ()),
        ("", ()),
        (7, ()),
    ],
)
def test_other_paths_name_no_process(path: object, joined: tuple[str, ...]) -> None:
    spec = {"linux": {"namespaces": [{"type": "network", "path": path}, {"type": "pid"}, None]}}
    assert parse_container_info(json.dumps({"ID": "x", "Spec": spec})).joined == joined
