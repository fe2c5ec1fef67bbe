"""JSON of nerdctl: an object on each line, or an array in the whole."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.records import Refused

T = TypeVar("T")

Object = Mapping[str, object]


class Misfit(ValueError):
    """A value is missing, or of another form; the text says which."""


def read_lines(lines: Iterable[str], read: Callable[[Object], T]) -> Iterator[T | Refused]:
    """What `read` makes of the object on each line; a line that does not fit is refused.

    Lines without a text are none: nerdctl prints some between its events.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield read(object_in(line))
        except Misfit as error:
            yield Refused(number, line, str(error))


def object_in(line: str) -> Object:
    """The JSON object on a line; Misfit."""
    try:
        found = read_json(line)
    except ValueError:
        raise Misfit("it is not JSON") from None
    if not isinstance(found, dict):
        raise Misfit("it is not a JSON object")
    return found


def objects_in(text: str, command: str) -> list[Object]:
    """The objects of a JSON array, none for no text at all; Unreadable names the command."""
    if not text.strip():
        return []
    try:
        found = read_json(text)
    except ValueError as error:
        raise Unreadable(f"`{command}` printed invalid JSON: {error}") from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unreadable(f"`{command}` printed something that is not an array of objects")
    return found


def text_at(found: Object, key: str) -> str:
    """The text of a key; Misfit where there is none."""
    value = found.get(key)
    if not isinstance(value, str):
        raise Misfit(f"its {key} is not a text")
    return value


def filled_at(found: Object, key: str) -> str:
    """The same of a text that is never empty."""
    value = text_at(found, key)
    if not value:
        raise Misfit(f"its {key} is empty")
    return value


def labels_at(found: Object, key: str = "Labels") -> dict[str, str]:
    """The labels of a native document: an object of texts, or null for none; Misfit."""
    value = found.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise Misfit(f"its {key} are not an object of texts")
    return dict(value)
