"""What `ctr deprecations list --format json` prints."""

from collections.abc import Iterable, Iterator

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.records import Deprecation, Refused


def parse_deprecations(lines: Iterable[str]) -> Iterator[Deprecation | Refused]:
    """The warnings of `ctr deprecations list --format json`; nothing at all is none.

    Raises Unreadable for what is no such JSON.
    """
    text = "\n".join(lines)
    if not text.strip():
        return
    try:
        found = read_json(text)
        if not isinstance(found, list):
            raise ValueError("it is not a list")
        warnings = [_warning(one) for one in found]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(
            f"`ctr deprecations list` did not print a JSON list of warnings: {error}",
            hint="-o raw shows what ctr printed",
        ) from None
    yield from warnings


def _warning(one: dict[str, str]) -> Deprecation:
    words = one["id"], one["lastOccurrence"], one["message"]
    if not all(isinstance(word, str) for word in words):
        raise ValueError("a warning has a value that is not text")
    name, last, message = words
    return Deprecation(id=name, last_occurrence=last, message=message)
