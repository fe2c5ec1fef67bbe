"""The OCI spec of a container, in what every recorded ctr printed, and in what is none."""

import json

import pytest

from kuke_ctr.parse.container_spec import read_spec, text_in
from kuke_ctr.records.container_details import ProcessDetails
from tests.support.paths import FIXTURES

VERSIONS = ["1.4.13", "1.6.20", "1.7.24", "2.1.9"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_spec_of_a_recorded_container(version: str) -> None:
    (file,) = (FIXTURES / version / "store").glob("*-containers-info.json")
    document = json.loads(json.loads(file.read_text())["stdout"])
    spec = read_spec(document)
    assert spec.process.args[:2] == tuple(document["Spec"]["process"]["args"][:2])
    assert (spec.process.cwd, spec.process.user, spec.process.terminal) == ("/", "0:0", False)
    assert spec.process.env[0].startswith("PATH=")
    assert [one.destination for one in spec.mounts][:2] == ["/proc", "/dev"]
    assert spec.mounts[1].options[0] == "nosuid"
    assert {kind for kind, _ in spec.namespaces} >= {"pid", "ipc", "uts", "mount", "network"}
    assert spec.cgroup == document["Spec"]["linux"]["cgroupsPath"]
    assert text_in(document, "UpdatedAt") == document["UpdatedAt"]


@pytest.mark.parametrize("document", [None, [], {}, {"Spec": 3}, {"Spec": {"process": []}}])
def test_what_is_not_there_is_left_out(document: object) -> None:
    assert read_spec(document) == (ProcessDetails(), (), (), None)


def test_what_does_not_fit_is_left_out() -> None:
    spec = read_spec(
        {
            "Spec": {
                "process": {"args": ["a", 3], "user": {"uid": "0"}, "terminal": 1, "env": "x"},
                "mounts": [{"destination": ""}, 3, {"destination": "/d", "options": None}],
                "linux": {"namespaces": [{"type": 1}, {"type": "pid", "path": ""}]},
            }
        }
    )
    assert spec.process == ProcessDetails(args=("a",))
    assert [one.destination for one in spec.mounts] == ["/d"]
    assert spec.namespaces == (("pid", None),)
