"""A line of bash up to the cursor, and a value as bash has to put it into that line.

Nothing is expanded, and what cannot be put there safely is not offered: the next key may be Enter.
"""

from collections.abc import Sequence
from typing import NamedTuple

_BLANKS = " \t\n"
_SAFE = frozenset("@%+=:,./-_")
_IN_DOUBLE = frozenset('"\\$`')


class Word(NamedTuple):
    """A word as bash reads it (`value`) and as it was typed.

    `quote` is the one that is open at its end. `odd`: it has an expansion, an operator or a quote
    that was closed again, so nothing is put behind it.
    """

    value: str
    typed: str
    quote: str = ""
    odd: bool = False


def words_of(line: str) -> list[Word]:
    """The words of a line; the last is the one at the cursor, empty behind a blank."""
    found: list[Word] = []
    place = 0
    while True:
        while place < len(line) and line[place] in _BLANKS:
            place += 1
        word, place = _next(line, place)
        found.append(word)
        if place >= len(line):
            if line[-1:] and line[-1] in _BLANKS and word.typed and not word.quote:
                ended = not word.typed.endswith(line[-1])
                found += [Word("", "")] if ended else []
            return found


def _next(line: str, place: int) -> tuple[Word, int]:
    """The word that begins at a place, and where it ends."""
    begin, value, quote, odd = place, "", "", False
    while place < len(line):
        one, next_one = line[place], line[place + 1 : place + 2]
        if quote:
            if one == quote:
                quote, odd = "", True
            elif quote == '"' and one == "\\" and next_one and next_one in '"\\$`\n':
                value, place = value + next_one, place + 1
            else:
                odd = odd or (quote == '"' and one in "$`")
                value += one
        elif one in _BLANKS:
            break
        elif one in "'\"":
            odd = odd or line[place - 1 : place] == "$"
            quote = one
        elif one == "\\":
            value, place = value + next_one, place + 1
        else:
            odd = odd or one in "$`;|&<>(){}"
            value += one
        place += 1
    return Word(value, line[begin:place], quote, odd), place


def replacement(word: Word, text: str, value: str) -> str | None:
    """What bash has to put in the place of `text`, the end of the word at the cursor.

    bash breaks words at more than blanks (`a:b=c`). None where the value does not go there.
    """
    if word.odd or not word.typed.endswith(text) or not value.startswith(word.value):
        return None
    before = word.typed[: len(word.typed) - len(text)]
    if word.quote and before.count(word.quote) != 1:
        return None
    known = words_of(before)[-1].value if before else ""
    return _quoted(value[len(known) :], word.quote)


def is_redirected(words: Sequence[Word], text: str) -> bool:
    """Whether `text`, the end of the last word, is a file for `<` or `>`."""
    *before, word = words
    front = word.typed.removesuffix(text) or (before[-1].typed if before else "")
    return front.endswith(("<", ">")) and (word.odd or before[-1].odd)


def _quoted(text: str, quote: str) -> str | None:
    if quote and text.endswith(quote):  # bash would take that for the end of the quote
        return None
    if quote == "'":
        return text.replace("'", "'\\''")
    if quote == '"':
        if "!" in text:  # bash would look for it in its history, and a backslash would stay
            return None
        return "".join(f"\\{one}" if one in _IN_DOUBLE else one for one in text)
    return "".join(one if one.isalnum() or one in _SAFE else f"\\{one}" for one in text)
