"""Times as Go prints them, in the one form that records have: ISO 8601, UTC as Z."""

import re
from datetime import datetime

_60 = "[0-5][0-9]"
_DAYS = "0[1-9]|[12][0-9]"
_MONTH_AND_DAY = (
    rf"(?:02-(?:{_DAYS})|(?:0[469]|11)-(?:{_DAYS}|30)|(?:0[13578]|1[02])-(?:{_DAYS}|3[01]))"
)
_DAY = rf"[0-9]{{4,9}}-{_MONTH_AND_DAY}"
_HOUR = "(?:[01][0-9]|2[0-3])"
_CLOCK = rf"{_HOUR}:{_60}:{_60}(?:\.[0-9]{{1,9}})?"

_GO = re.compile(rf"({_DAY}) ({_CLOCK}) ([+-]{_HOUR})({_60}) [A-Z+\-0-9]+(?: m=[+-]\S+)?")
GO_TIME = rf"{_DAY} {_CLOCK} [+-]{_HOUR}{_60} [A-Z+\-0-9]+"
RFC3339 = rf"{_DAY}T{_CLOCK}(?:Z|[+-]{_HOUR}:{_60})"


def from_go(text: str) -> str | None:
    """`2026-11-23 15:24:39.1 +0000 UTC` as `2026-11-23T15:24:39.1Z`; None for what is no time."""
    match = _GO.fullmatch(text)
    if match is None:
        return None
    day, time, hours, minutes = match.groups()
    zone = "Z" if (hours[1:], minutes) == ("00", "00") else f"{hours}:{minutes}"
    return f"{day}T{time}{zone}"


def moment(text: object) -> datetime | None:
    """The time that a text in the form of records means; None for what is none, or has no zone."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
