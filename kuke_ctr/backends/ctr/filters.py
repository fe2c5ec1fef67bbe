"""containerd's filters, as ctr's lists take them: comparisons of a field."""

import re
import shlex
from collections.abc import Sequence

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")


def equal(field: str, value: str) -> str:
    """The filter for exactly this value."""
    if _PLAIN.fullmatch(value):
        return f"{field}=={value}"
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{field}=="{escaped}"'


def hint_for(field: str | None, words: Sequence[str]) -> str | None:
    """How to say what the first filter that compares nothing may mean; None where all do.

    For containerd a plain word is the name of a field, and asks whether that has a value.
    `labels.x` is such a filter and may be meant. Flags among the words are no filters.
    """
    plain = [word for word in words if "=" not in word and not word.startswith(("-", "labels."))]
    if field is None or not plain:
        return None
    exactly = shlex.quote(equal(field, plain[0]))
    part = plain[0] if _PLAIN.fullmatch(plain[0]) else "REGEXP"
    return (
        f"a filter is a comparison: {exactly} for the whole value, {field}~={part} for a part of it"
    )
