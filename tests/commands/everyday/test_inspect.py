"""`inspect`: a container or an image by any word that names it."""

import json
import os
from pathlib import Path

import pytest
import yaml

from kuke_ctr.cli.main import main
from kuke_ctr.records import ContainerDetails
from tests.support import tables
from tests.support.cells import Parts, write_cell
from tests.support.fake_ctr import FakeCtr
from tests.support.images_host import digest_of, images

Capture = pytest.CaptureFixture[str]
N = ("-n", "kukeon-main")
APP, ROOT = "default_default_web_app", "default_default_web_root"
BOTH = "example.com"
"""A container, and the beginning of the names of images."""

REF = "example.com/a:1"
SPEC = {
    "process": {
        "args": ["sleep", "5"],
        "cwd": "/",
        "user": {"uid": 0, "gid": 0},
        "env": ["PATH=/bin", "KUKEON_CELL_NAME=web", "TOK=s3cret"],
    },
    "mounts": [{"destination": "/d", "type": "bind", "source": "/s", "options": ["ro"]}],
    "linux": {
        "cgroupsPath": "/kukeon/web",
        "namespaces": [{"type": "pid"}, {"type": "network", "path": "/proc/1/ns/net"}],
    },
}


@pytest.fixture
def host(fake_ctr: FakeCtr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """A cell with a Secret, a container of somebody else's, and an image."""
    run_path = tmp_path / "run-path"
    monkeypatch.setenv("KUKEON_RUN_PATH", str(run_path))
    parts: Parts = {"app": {"secrets": [{"name": "TOK"}]}, "root": {"root": True}}
    write_cell(run_path, "default/default/web", parts)
    write_cell(run_path, "default/default/lost", {"app": {}})
    names = (APP, ROOT, BOTH, "mine-4242")
    fake_ctr.answer(*N, "containers", "ls", "-q", stdout="".join(f"{one}\n" for one in names))
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")
    row = (APP, str(os.getpid()), "RUNNING")
    fake_ctr.answer(*N, "tasks", "ls", stdout="\n".join(tables.tasks([row])) + "\n")
    for name in names:
        info = {"ID": name, "Image": REF, "Labels": {}, "Spec": SPEC, "SnapshotKey": name}
        fake_ctr.answer(*N, "containers", "info", name, stdout=json.dumps(info))
    gone = 'ctr: container "x" in namespace "kukeon-main": not found\n'
    lost = "default_default_lost_app"
    fake_ctr.answer(*N, "containers", "info", lost, stderr=gone, exit_code=1)
    fake_ctr.answer(*N, "images", "ls", "-q", stdout=f"{REF}\n")
    fake_ctr.answer(*N, "images", "ls", f"name=={REF}", stdout=images((REF, digest_of(REF))))
    for ref in ("mine", "nope", BOTH, "b:2", "example.com/a"):
        fake_ctr.answer(*N, "images", "ls", f"name=={ref}", stdout=images())
    for words in (("ls",), ("ls", "-q")):
        fake_ctr.answer(*N, "content", *words, f"digest=={digest_of(REF)}")
    return fake_ctr


def inspected(capsys: Capture, *words: str, code: int = 0) -> list[dict[str, object]]:
    assert main(["inspect", "-r", "main", *words]) == code
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_all_that_is_known_of_a_container(host: FakeCtr, capsys: Capture) -> None:
    (found,) = inspected(capsys, "web")
    assert set(found) == set(ContainerDetails.model_fields) - {"host", "realm", "extra"}
    me = os.getpid()
    assert found["id"] == found["snapshot"] == APP
    keys = ("realm", "space", "stack", "cell", "name", "root", "attachable")
    place = ("main", "default", "default", "web", "app", False, False)
    assert found["cell"] == dict(zip(keys, place, strict=True))
    task = found["task"]
    assert isinstance(task, dict)
    assert (task["status"], task["pid"], task["shim_pid"]) == ("RUNNING", me, os.getppid())
    assert task["cgroups"]
    assert found["namespaces"] == [
        {"type": "pid", "joins": None, "path": f"/proc/{me}/ns/pid"},
        {"type": "network", "joins": "/proc/1/ns/net", "path": f"/proc/{me}/ns/net"},
    ]
    assert found["cgroup"] == "/kukeon/web"
    assert found["image_digest"] == digest_of(REF)
    assert found["image_config"] is None
    assert found["problems"] == [f"the image {REF} is incomplete"]
    del host


def test_the_value_of_a_secret_is_masked_and_told(host: FakeCtr, capsys: Capture) -> None:
    assert main(["inspect", "-r", "main", "web/app", "-o", "yaml"]) == 0
    out, err = capsys.readouterr()
    (found,) = yaml.safe_load(out)
    assert found["process"]["env"] == ["PATH=/bin", "KUKEON_CELL_NAME=web", "TOK=***"]
    assert "masked the values of TOK (from Kukeon Secrets)" in err
    assert "s3cret" not in out + err
    (shown,) = inspected(capsys, "web", "--show-secrets")
    assert "TOK=s3cret" in str(shown["process"])
    del host


def test_what_has_no_task_and_is_not_kukeons(host: FakeCtr, capsys: Capture) -> None:
    (found,) = inspected(capsys, "mine-4242")
    assert (found["cell"], found["task"], found["log"]) == (None, None, None)
    assert {one["path"] for one in json.loads(json.dumps(found["namespaces"]))} == {None}
    del host


def test_an_image_is_what_images_inspect_shows(host: FakeCtr, capsys: Capture) -> None:
    (found,) = inspected(capsys, REF, code=5)
    assert main(["images", "inspect", "-r", "main", REF, "-o", "json"]) == 5
    assert json.loads(capsys.readouterr().out) == found
    del host


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ((BOTH,), "id"),
        ((BOTH, "--type", "container"), "id"),
        ((REF, "--type", "image"), "ref"),
        (("mine",), "id"),  # the front of an id, for there is no such image
    ],
)
def test_a_container_comes_before_an_image(
    host: FakeCtr, capsys: Capture, words: tuple[str, ...], key: str
) -> None:
    (found,) = inspected(capsys, *words, code=5 if key == "ref" else 0)
    assert key in found
    del host


def test_several_stand_in_the_order_of_the_words(host: FakeCtr, capsys: Capture) -> None:
    found = inspected(capsys, REF, "web/root", "nope", APP, "web/root", code=5)
    assert [one.get("id") or one["ref"] for one in found] == [REF, ROOT, APP, ROOT]
    asked = [call for call in host.calls if call[2:4] == ["content", "ls"]]
    assert len(asked) == 2  # the image of all of them is looked at once
    assert main(["inspect", "-r", "main", APP, ROOT, "-o", "jsonl"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nope",), 3, "there is no container and no image nope in realm main"),
        (("nope", "--type", "container"), 3, "there is no container nope in realm main"),
        (("nope", "--type", "image"), 3, "there is no image nope in realm main"),
        (("b:2",), 3, f"b:2 is short for docker.io/library/b:2; the realm has: {REF}"),
        (("example.com/a",), 3, f"the realm has: {REF}"),
        (
            ("lost",),
            3,
            "containerd has no container default_default_lost_app; only Kukeon's record",
        ),
        (("web", "--type", "volume"), 2, "hint: --type takes container or image"),
        (("web", "-f", "{{.Id}}"), 2, "`jq` takes a part of the JSON"),
    ],
)
def test_what_there_is_not(
    host: FakeCtr, capsys: Capture, words: tuple[str, ...], code: int, said: str
) -> None:
    assert main(["inspect", "-r", "main", *words]) == code
    assert said in capsys.readouterr().err
    del host


def test_a_state_that_is_not_known_is_a_problem_and_not_no_task(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer(*N, "tasks", "ls", stderr="ctr: something else\n", exit_code=1)
    host.answer(*N, "images", "ls", f"name=={REF}", stderr="ctr: no idea\n", exit_code=1)
    (found,) = inspected(capsys, "web")
    assert found["problems"] == [
        "the state of its task is not known: ctr: something else",
        f"the image {REF} is not known: ctr: no idea",
    ]
