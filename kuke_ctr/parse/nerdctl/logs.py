"""The log lines that nerdctl writes to stderr: `time="..." level=fatal msg="..." error="..."`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINE = re.compile(r'time="[^"]*" level=(?P<level>\w+)(?P<fields>( \w+=("(?:[^"\\]|\\.)*"|\S*))*)')
_FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class Logged(NamedTuple):
    """A line of a log; `error` is the field of that name, empty without one.

    A line of another form has no `level`, and is the text.
    """

    level: str
    text: str
    error: str = ""


def read_log(text: str) -> Iterator[Logged]:
    """The lines of a log that say something; a quoted text has its line breaks again."""
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is not None:
            fields = {name: _unquoted(value) for name, value in _FIELD.findall(match["fields"])}
            yield Logged(match["level"], fields.get("msg", ""), fields.get("error", ""))
        elif line.strip():
            yield Logged("", line.strip())


def _unquoted(value: str) -> str:
    """The text of a value as Go's strconv.Quote writes it."""
    if not value.startswith('"'):
        return value
    return _ESCAPE.sub(_character, value[1:-1])


def _character(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) == 1:
        return _SIMPLE.get(code, code)
    number = int(code[1:], 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else match[0]  # noqa: PLR2004
