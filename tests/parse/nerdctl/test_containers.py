"""Lines of `nerdctl ps`, and native documents."""

import json

import pytest

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.nerdctl.containers import parse_containers, parse_native_containers
from kuke_ctr.records import Container, Refused, Task

GOOD = {
    "ID": "default_default_web_app",
    "Image": "docker.io/library/busybox:1.36",
    "Runtime": "io.containerd.runc.v2",
    "Status": "Up",
    "CreatedAt": "2026-11-23T21:11:40Z",
    "Later": 1,
}


def read(**other: object) -> Container | Refused:
    (row,) = parse_containers([json.dumps({**GOOD, **other})])
    return row


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Up", "RUNNING"),
        ("Up 5 minutes", "RUNNING"),
        ("Up 5 minutes (Paused)", "PAUSED"),
        ("Exited (7) 4 seconds ago", "STOPPED"),
        ("Restarting (1) 2 seconds ago", "STOPPED"),
        ("Paused", "PAUSED"),
        ("Created", None),
        ("Unknown", "UNKNOWN"),
        ("a word of a later version", None),
    ],
)
def test_a_state_is_taken_where_it_is_sure(text: str, status: str | None) -> None:
    row = read(Status=text)
    assert isinstance(row, Container)
    assert row.status == status


@pytest.mark.parametrize("labels", [{"a": "b"}, "a=b,c=d,e", None])
def test_labels_of_any_form_are_passed_over(labels: object) -> None:
    row = read(Labels=labels)
    assert isinstance(row, Container)
    assert row.labels is None


@pytest.mark.parametrize(
    ("key", "value"), [("ID", 5), ("ID", ""), ("Image", None), ("Runtime", ""), ("Status", 1)]
)
def test_a_row_that_does_not_fit_is_refused(key: str, value: object) -> None:
    row = read(**{key: value})
    assert isinstance(row, Refused)
    assert key in row.reason


def test_an_image_may_be_missing_and_a_line_of_a_container_that_has_gone_is_none() -> None:
    row = read(Image="")
    assert isinstance(row, Container)
    assert row.image is None
    gone = json.dumps({"ID": "", "CreatedAt": "0001-01-01T00:00:00Z", "Image": ""})
    assert list(parse_containers([gone])) == []


def document(**more: object) -> str:
    return json.dumps([{"ID": "web", "Labels": {"a": "b,c"}, "Spec": {}, **more}])


@pytest.mark.parametrize(
    ("process", "task"),
    [
        (None, None),
        ({"Pid": 7, "Status": {"Status": "running"}}, Task(id="web", pid=7, status="RUNNING")),
        ({"Pid": 7, "Status": {"Status": "created"}}, Task(id="web", pid=7, status="CREATED")),
        ({"Pid": 0, "Status": {"Status": ""}}, Task(id="web", pid=0, status="UNKNOWN")),
        ({"Pid": 0, "Status": None}, Task(id="web", pid=0, status="UNKNOWN")),
    ],
)
def test_the_task_is_that_of_the_document(process: object, task: Task | None) -> None:
    (one,) = parse_native_containers(document(Process=process))
    assert one.task == task
    assert one.info.labels == {"a": "b,c"}
    assert "Process" not in json.loads(one.text)


@pytest.mark.parametrize("process", [[], {"Pid": "7"}, {"Pid": True}, {"Pid": 1, "Status": 2}])
def test_a_process_of_another_form_is_an_error(process: object) -> None:
    with pytest.raises(Unreadable, match="container inspect"):
        parse_native_containers(document(Process=process))


def test_an_image_of_that_name_is_passed_over() -> None:
    assert parse_native_containers('[{"Image": {"Name": "web"}}]') == []
    with pytest.raises(Unreadable, match="not an array"):
        parse_native_containers('{"ID": "web"}')
