"""Times as Go prints them, in the one form that records have: ISO 8601, UTC as Z."""

import re

_GO = re.compile(
    r"(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d\d)(\d\d) [A-Z+\-\d]+(?: m=[+-]\S+)?"
)
GO_TIME = r"\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4} [A-Z+\-\d]+"
RFC3339 = r"\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"


def from_go(text: str) -> str | None:
    """`2026-11-23 15:24:39.1 +0000 UTC` as `2026-11-23T15:24:39.1Z`; None for what is no time."""
    match = _GO.fullmatch(text)
    if match is None:
        return None
    day, time, hours, minutes = match.groups()
    zone = "Z" if (hours[1:], minutes) == ("00", "00") else f"{hours}:{minutes}"
    return f"{day}T{time}{zone}"
