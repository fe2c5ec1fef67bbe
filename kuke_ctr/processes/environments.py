"""The environment of a container, in what ctr prints about it: its values are nobody's business."""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise

from kuke_ctr.processes.recordings import call_key

Hides = Callable[[str], bool]
"""Whether the value of a variable of this name is not shown."""

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def shows_environment(argv: Sequence[str]) -> bool:
    """Whether the call is `containers info` in any of its spellings, or nerdctl's `inspect`.

    Or a script, which prints files of another host.
    """
    if is_script(argv):
        return True
    words = [word for word in call_key(argv) if not word.startswith("-")]
    return "inspect" in words or any(
        noun in ("containers", "container", "c") and verb == "info"
        for noun, verb in pairwise(words)
    )


def is_script(argv: Sequence[str]) -> bool:
    """Whether the call is a script of ours that reads files of another host."""
    return tuple(argv[:2]) == ("sh", "-s")


def everything(name: str) -> bool:
    """Hides the values of all variables."""
    del name
    return True


def mask_environment(text: str, hides: Hides = everything) -> str | None:
    """The JSON text with `NAME=***` in every list `env`, written as Go does; None if not JSON."""
    try:
        value = masked(json.loads(text), hides)
        shown = json.dumps(value, indent=4, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None
    for character in "<>&\u2028\u2029":
        shown = shown.replace(character, f"\\u{ord(character):04x}")
    return shown + "\n" * text.endswith("\n")


def masked(value: object, hides: Hides = everything) -> object:
    """The value with `NAME=***` in every list `env`, for the variables that are not shown."""
    if isinstance(value, list):
        return [masked(item, hides) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: [_name_only(each, hides) for each in item]
        if _is_environment(key, item)
        else masked(item, hides)
        for key, item in value.items()
    }


def variables(value: object) -> list[str]:
    """The names of the variables in every list `env`, in their order."""
    if isinstance(value, list):
        return [name for item in value for name in variables(item)]
    if not isinstance(value, dict):
        return []
    found: list[str] = []
    for key, item in value.items():
        if _is_environment(key, item):
            found += (each.partition("=")[0] for each in item if isinstance(each, str))
        else:
            found += variables(item)
    return found


def _is_environment(key: object, value: object) -> bool:
    return str(key).lower() == "env" and isinstance(value, list)


def _name_only(variable: object, hides: Hides) -> str | None:
    if not isinstance(variable, str):
        return None
    name = variable.partition("=")[0]
    return f"{name}=***" if hides(name) else variable
