"""What `nerdctl events --format json` prints: the events of every namespace."""

import re

from kuke_ctr.parse.events import event_of
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.parse.nerdctl.lines import Misfit, Object, filled_at, object_in, text_at
from kuke_ctr.parse.times import RFC3339
from kuke_ctr.records import Event, Refused


def parse_event(line: str, number: int = 1) -> Event | Refused:
    """One line with a text; Refused (with the line's number) where it is no event."""
    try:
        return _event(object_in(line))
    except Misfit as error:
        return Refused(number, line, str(error))


def namespace_of(line: str) -> str | None:
    """The namespace that a line names, also where it is no event; None where it names none."""
    try:
        return filled_at(object_in(line), "Namespace")
    except Misfit:
        return None


def _event(found: Object) -> Event:
    at, topic = filled_at(found, "Timestamp"), filled_at(found, "Topic")
    if not re.fullmatch(RFC3339, at):
        raise Misfit("its Timestamp is not a time")
    if not topic.startswith("/"):
        raise Misfit("its Topic does not begin with /")
    text = text_at(found, "Event")
    try:
        payload = read_json(text) if text else {}
    except ValueError:
        raise Misfit("its Event is not JSON") from None
    if payload is not None and not isinstance(payload, dict):
        raise Misfit("its Event is not a JSON object")
    return event_of(at, filled_at(found, "Namespace"), topic, payload or {})
