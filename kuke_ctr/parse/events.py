"""What `ctr events` prints: a line for each event, its payload as JSON."""

import re
from collections.abc import Iterable, Iterator

from pydantic import JsonValue

from kuke_ctr.parse.json_text import read_json
from kuke_ctr.parse.times import GO_TIME, from_go
from kuke_ctr.records import Event, Refused

_LINE = re.compile(rf"({GO_TIME}) (\S*) (/\S*)(?: (.*))?")
# what an event is about, the first of these that it has
_SUBJECTS = ("container_id", "sandbox_id", "id", "name", "key", "ref", "image", "digest")


def parse_event(line: str, number: int = 1) -> Event | Refused:
    """One line: time, namespace, topic, payload; Refused (with the line's number) if it is none."""
    match = _LINE.fullmatch(line)
    if match is None:
        return Refused(number, line, "it is not an event (time, namespace, topic and JSON)")
    time, namespace, topic, text = match.groups()
    try:
        payload = read_json(text) if text else {}
    except ValueError:
        return Refused(number, line, "the text after the topic is not JSON")
    if not isinstance(payload, dict):
        return Refused(number, line, "the text after the topic is not a JSON object")
    return event_of(from_go(time) or time, namespace, topic, payload)


def event_of(at: str, namespace: str, topic: str, payload: dict[str, JsonValue]) -> Event:
    """The record of an event, whoever printed it."""
    return Event(
        at=at,
        namespace=namespace,
        topic=topic,
        subject=next((str(payload[name]) for name in _SUBJECTS if payload.get(name)), None),
        event=payload,
    )


def parse_events(lines: Iterable[str]) -> Iterator[Event | Refused]:
    """Each line as `parse_event` reads it, and the lines that are none."""
    return (parse_event(line, number) for number, line in enumerate(lines, start=1))
