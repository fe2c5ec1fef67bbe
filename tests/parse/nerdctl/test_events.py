"""Lines of `nerdctl events`."""

import json

import pytest

from kuke_ctr.parse.nerdctl.events import namespace_of, parse_event
from kuke_ctr.records import Event, Refused

GOOD = {
    "Timestamp": "2026-11-23T21:12:12.090418097Z",
    "ID": "",
    "Namespace": "kukeon-main",
    "Topic": "/images/create",
    "Status": "unknown",
    "Event": '{"name":"example.com/ev:1"}',
}


def read(**other: object) -> Event | Refused:
    return parse_event(json.dumps({**GOOD, **other}), 5)


def test_an_event_is_that_of_ctr() -> None:
    event = read(Later=True)
    assert isinstance(event, Event)
    assert (event.at, event.subject) == (GOOD["Timestamp"], "example.com/ev:1")
    assert event.event == {"name": "example.com/ev:1"}


@pytest.mark.parametrize("text", ["", "null", "{}"])
def test_an_event_may_say_nothing(text: str) -> None:
    event = read(Event=text)
    assert isinstance(event, Event)
    assert (event.event, event.subject) == ({}, None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Timestamp", "yesterday"),
        ("Topic", "images"),
        ("Namespace", ""),
        ("Event", "{"),
        ("Event", "[]"),
        ("Event", {"name": "x"}),
    ],
)
def test_what_does_not_fit_is_refused(key: str, value: object) -> None:
    event = read(**{key: value})
    assert isinstance(event, Refused)
    assert (event.line, key in event.reason) == (5, True)


@pytest.mark.parametrize("line", ["{}", "[]", "x", '{"Namespace":""}', '{"Namespace":1}'])
def test_a_line_without_a_namespace(line: str) -> None:
    assert namespace_of(line) is None
