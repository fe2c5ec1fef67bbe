"""What `ctr images check` prints: a table, and on stderr what is wrong with some images."""

import re
from collections.abc import Iterable, Iterator

from kuke_ctr.parse.layout import DIGEST, DIGITS, FILLED, MEDIA_TYPE, Column, Form
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.parse.units import size_in_bytes
from kuke_ctr.records import ImageCheck, Refused

_STATUS = Form(
    rf"(?:in)?complete \({DIGITS}/{DIGITS}\)|unavailable \({DIGITS}/\?\)|error", proves=True
)
_UNIT = rf"{DIGITS}(?:\.{DIGITS})? [KMGTPEZY]?i?B"
_SIZE = Form(rf"{_UNIT}/(?:{_UNIT}|\?)|-", proves=True)
_FLAG = Form(r"true|false", proves=True)
_PROBLEM = re.compile(r'level=error msg="unable to check (?:unpack for )?(.*)" error="(.*)"')
_ESCAPED = re.compile(r'\\(["\\nrt])')
_PLAIN = {"n": "\n", "r": "\r", "t": "\t"}


def _check(cells: list[str], extra: dict[str, str]) -> ImageCheck:
    ref, media_type, digest, found, size, unpacked = cells
    status, _, counts = found.partition(" ")
    blobs = counts.strip("()")
    present, _, required = blobs.partition("/")
    here, _, wanted = size.partition("/")
    return ImageCheck(
        ref=ref,
        media_type=media_type,
        digest=digest,
        status=status,
        blobs=blobs or "-",
        blobs_present=_number(present),
        blobs_required=_number(required),
        size=size,
        size_bytes=size_in_bytes(here),
        required_bytes=size_in_bytes(wanted),
        size_approximate=True,
        unpacked=unpacked == "true",
        problem=None,
        extra=extra,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


TABLE = Table(
    (
        Column("REF", FILLED),
        Column("TYPE", MEDIA_TYPE),
        Column("DIGEST", DIGEST),
        Column("STATUS", _STATUS),
        Column("SIZE", _SIZE),
        Column("UNPACKED", _FLAG),
    ),
    _check,
    closed=False,  # the header ends with a tab, its rows do not
)


def parse_check(lines: Iterable[str]) -> Iterator[ImageCheck | Refused]:
    """The images of `ctr images check`: REF TYPE DIGEST STATUS SIZE UNPACKED."""
    return read_table(TABLE, lines)


def problems_in(stderr: str) -> dict[str, str]:
    """Reference -> what ctr's log lines say is wrong with that image; the last line counts."""
    found = (_PROBLEM.search(line) for line in stderr.splitlines())
    return {_unquoted(match[1]): _unquoted(match[2]) for match in found if match is not None}


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(lambda match: _PLAIN.get(match[1], match[1]), text)
