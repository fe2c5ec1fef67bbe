"""The environment of a container, in what ctr prints about it: its values are nobody's business."""

import json
from collections.abc import Sequence
from itertools import pairwise

from kuke_ctr.processes.recordings import call_key

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def shows_environment(argv: Sequence[str]) -> bool:
    """Whether the call is `containers info` in any of its spellings, or nerdctl's `inspect`."""
    words = [word for word in call_key(argv) if not word.startswith("-")]
    return "inspect" in words or any(
        noun in ("containers", "container", "c") and verb == "info"
        for noun, verb in pairwise(words)
    )


def mask_environment(text: str) -> str | None:
    """The JSON text with `NAME=***` in every list `env`, written as Go does; None if not JSON."""
    try:
        masked = json.dumps(_masked(json.loads(text)), indent=4, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None
    for character in "<>&\u2028\u2029":
        masked = masked.replace(character, f"\\u{ord(character):04x}")
    return masked + "\n" * text.endswith("\n")


def _masked(value: Json) -> Json:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: [_name_only(each) for each in item]
        if key.lower() == "env" and isinstance(item, list)
        else _masked(item)
        for key, item in value.items()
    }


def _name_only(variable: Json) -> Json:
    return f"{variable.partition('=')[0]}=***" if isinstance(variable, str) else None
