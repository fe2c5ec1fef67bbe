"""What `ctr shim --id ID state` prints: JSON of the shim itself, which ctr's lists do not have."""

from kuke_ctr.parse.json_text import read_json

_STOPPED = 3  # containerd.v1.types.Status
_LAST_CODE = 255


def exit_code_in(text: str) -> int | None:
    """How the task's process has ended; None for one that has not, and for anything else.

    A field that is 0 is left out of the JSON.
    """
    try:
        found = read_json(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("status") != _STOPPED:
        return None
    code = found.get("exit_status", 0)
    fits = isinstance(code, int) and not isinstance(code, bool) and 0 <= code <= _LAST_CODE
    return code if fits else None
