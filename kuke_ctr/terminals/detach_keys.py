"""Detach keys: docker's notation for them, and the watch over what is typed."""

from kuke_ctr.errors import UsageError

DEFAULT_KEYS = "ctrl-],ctrl-]"
"""What Kukeon's own attach uses."""

_CONTROL = "@abcdefghijklmnopqrstuvwxyz[\\]^_"


def parse_keys(text: str) -> bytes:
    """The bytes of keys in docker's notation: `ctrl-p,ctrl-q`, `ctrl-]`, `a`, parted by commas.

    Raises UsageError for anything else; docker knows `ctrl-` and a letter or one of `@[\\]^_`.
    """
    codes = [_code(word) for word in text.split(",")]
    if any(code is None for code in codes):
        raise UsageError(
            f"{text[:60]!r} is not a sequence of detach keys",
            hint="write keys as in ctrl-p,ctrl-q or ctrl-] or a,b: ctrl- with a letter or "
            "one of @ [ \\ ] ^ _, or a single character; separate them with commas",
        )
    return bytes(code for code in codes if code is not None)


def _code(word: str) -> int | None:
    prefix, _, letter = word.rpartition("-")
    if prefix.lower() == "ctrl" and len(letter) == 1 and letter.lower() in _CONTROL:
        return _CONTROL.index(letter.lower())
    return ord(word) if len(word) == 1 and word.isascii() and word.isprintable() else None


def describe_keys(keys: bytes) -> str:
    """The keys for a person: `ctrl-] ctrl-]`."""
    space = ord(" ")
    return " ".join(f"ctrl-{_CONTROL[key]}" if key < space else chr(key) for key in keys)


class KeyWatch:
    """Passes typed bytes on, but for the detach keys.

    What may be their beginning is held back until the next byte tells; keys may be split over any
    number of reads. Without keys everything passes.
    """

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._held = b""

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """What to pass on, and whether the keys are complete; what follows them is dropped."""
        if not self._keys:
            return data, False
        data = self._held + data
        at = data.find(self._keys)
        if at >= 0:
            self._held = b""
            return data[:at], True
        kept = next(
            n
            for n in range(min(len(self._keys) - 1, len(data)), -1, -1)
            if data.endswith(self._keys[:n])
        )
        self._held = data[len(data) - kept :]
        return data[: len(data) - kept], False
