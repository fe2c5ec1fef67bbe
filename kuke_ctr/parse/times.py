"""Times as Go prints them, in the one form that records have: ISO 8601, UTC as Z."""

import re

_2 = "[0-9]{2}"
_DAY = rf"[0-9]{{4,9}}-{_2}-{_2}"
_CLOCK = rf"{_2}:{_2}:{_2}(?:\.[0-9]{{1,9}})?"

_GO = re.compile(rf"({_DAY}) ({_CLOCK}) ([+-]{_2})({_2}) [A-Z+\-0-9]+(?: m=[+-]\S+)?")
GO_TIME = rf"{_DAY} {_CLOCK} [+-]{_2}{_2} [A-Z+\-0-9]+"
RFC3339 = rf"{_DAY}T{_CLOCK}(?:Z|[+-]{_2}:{_2})"


def from_go(text: str) -> str | None:
    """`2026-11-23 15:24:39.1 +0000 UTC` as `2026-11-23T15:24:39.1Z`; None for what is no time."""
    match = _GO.fullmatch(text)
    if match is None:
        return None
    day, time, hours, minutes = match.groups()
    zone = "Z" if (hours[1:], minutes) == ("00", "00") else f"{hours}:{minutes}"
    return f"{day}T{time}{zone}"
