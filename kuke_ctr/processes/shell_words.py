"""Words as a shell takes them, and as a terminal may show them."""

import re
import shlex
from collections.abc import Iterable
from functools import cache

UNSAFE = (
    "\x00-\x1f\x7f-\x9f"  # control characters
    "\u2028-\u202e\u200e\u200f\u061c\u2066-\u2069"  # line separators, direction marks
    # format characters (category Cf), zero width and tags among them
    "\xad\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200d\u2060-\u206f\ufeff"
    "\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    # fillers, joiners and variation selectors: nothing is seen of them either
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ud800-\udfff"  # bytes that were not UTF-8
)
"""Characters that a terminal obeys, or does not show: the inside of a regular expression's `[]`."""

_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", "'": "\\'"}


def shell_word(word: str) -> str:
    """The word quoted for a shell, with no character in it that a terminal obeys or hides.

    `$'a\\033b'` is what bash, zsh, ksh and busybox read in that way. Octal numbers have three
    digits at most in all of them, hexadecimal ones have no end in some.
    """
    if (word.isascii() and word.isprintable()) or not unsafe().search(word):
        return shlex.quote(word)
    return f"$'{_to_escape().sub(_escaped, word)}'"


@cache
def unsafe() -> re.Pattern[str]:
    """Any of UNSAFE; compiled where it is needed, because few words have one."""
    return re.compile(f"[{UNSAFE}]")


@cache
def _to_escape() -> re.Pattern[str]:
    return re.compile(f"[{UNSAFE}\\\\']")


def shell_line(words: Iterable[str]) -> str:
    """The words as a line for a shell."""
    return " ".join(map(shell_word, words))


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    if char in _SHORT:
        return _SHORT[char]
    way = "surrogateescape" if "\udc80" <= char <= "\udcff" else "surrogatepass"
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", way))
