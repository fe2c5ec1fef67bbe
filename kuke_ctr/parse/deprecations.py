"""What `ctr deprecations list --format json` prints."""

import json
from collections.abc import Iterable, Iterator

from kuke_ctr.errors import Unreadable
from kuke_ctr.records import Deprecation, Refused


def parse_deprecations(lines: Iterable[str]) -> Iterator[Deprecation | Refused]:
    """The warnings of `ctr deprecations list --format json`; nothing at all is none.

    Raises Unreadable for what is no such JSON.
    """
    text = "\n".join(lines)
    if not text.strip():
        return
    try:
        warnings = json.loads(text)
        found = [(one["id"], one["lastOccurrence"], one["message"]) for one in warnings]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(
            f"`ctr deprecations list` did not print a JSON list of warnings: {error}",
            hint="-o raw shows what ctr printed",
        ) from None
    for name, last, message in found:
        yield Deprecation(id=name, last_occurrence=last, message=message)
