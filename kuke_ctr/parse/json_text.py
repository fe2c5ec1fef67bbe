"""JSON from ctr, an image or a file: read within limits, for anybody may have written it."""

import json
from collections.abc import Callable
from math import isfinite

DEEPEST = 100
"""Levels of objects and lists: real documents have about ten."""

_LONGEST_NUMBER = 40
"""Characters; the longest that Go prints has 20 digits, or 17 with an exponent."""

Pairs = Callable[[list[tuple[str, object]]], object]


def read_json(text: str | bytes, *, pairs: Pairs | None = None) -> object:
    """The value of a JSON text. `pairs` makes the objects, where a dict will not do.

    Raises JSONDecodeError for what is no JSON; ValueError, with a sentence, for a number that no
    computer has (NaN, 1e999, 5,000 digits) and for what is nested too deeply.
    """
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_refuse,
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    many = (b"[", b"{") if isinstance(text, bytes) else ("[", "{")
    if sum(map(text.count, many)) > DEEPEST and _depth(value) > DEEPEST:  # type: ignore[arg-type]
        raise ValueError("it is nested too deeply")
    return value


def _integer(text: str) -> int:
    return int(text) if len(text) <= _LONGEST_NUMBER else _refuse(text)


def _decimal(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _refuse(text)


def _refuse(text: str) -> int:
    raise ValueError(f"{text[:_LONGEST_NUMBER]} is not a valid number")


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [child for one in level for child in _children(one)]
    return depth


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
