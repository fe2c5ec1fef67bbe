"""What `nerdctl stats --no-stream --no-trunc --format json` prints."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kuke_ctr.parse.nerdctl.lines import Misfit, Object, filled_at, read_lines, text_at
from kuke_ctr.parse.units import size_in_bytes
from kuke_ctr.records import Refused

_NONE = "--"
_PERCENT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)%")
_NO_LIMIT = 1 << 62
"""A limit from here on is none: the kernel's greatest numbers are printed as 8EiB and 16EiB."""


class Usage(NamedTuple):
    """What a container uses; sizes are rounded by nerdctl, to four or three digits.

    All is None where nerdctl could measure nothing. A memory limit is None where there is none.
    """

    id: str
    cpu_percent: float | None = None
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    memory_percent: float | None = None
    network_received_bytes: int | None = None
    network_sent_bytes: int | None = None
    io_read_bytes: int | None = None
    io_write_bytes: int | None = None
    processes: int | None = None


def parse_usages(lines: Iterable[str]) -> Iterator[Usage | Refused]:
    """The containers of a list."""
    return read_lines(lines, _usage)


def _usage(found: Object) -> Usage:
    name = filled_at(found, "ID")
    if text_at(found, "CPUPerc") == _NONE:
        return Usage(name)
    memory, limit = _pair(found, "MemUsage")
    received, sent = _pair(found, "NetIO")
    read, written = _pair(found, "BlockIO")
    limited = limit is not None and 0 < limit < _NO_LIMIT
    return Usage(
        id=name,
        cpu_percent=_percent(found, "CPUPerc"),
        memory_bytes=memory,
        memory_limit_bytes=limit if limited else None,
        memory_percent=_percent(found, "MemPerc") if limited else None,
        network_received_bytes=received,
        network_sent_bytes=sent,
        io_read_bytes=read,
        io_write_bytes=written,
        processes=_number(found, "PIDs"),
    )


def _percent(found: Object, key: str) -> float | None:
    text = text_at(found, key)
    if text == _NONE:
        return None
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise Misfit(f"its {key} {text!r} is not a percentage")
    return float(match[1])


def _pair(found: Object, key: str) -> tuple[int | None, int | None]:
    """Two sizes: `732KiB / 8EiB`, or `--`."""
    text = text_at(found, key)
    if text in (_NONE, f"{_NONE} / {_NONE}"):
        return None, None
    one, slash, other = text.partition(" / ")
    sizes = _size(one), _size(other)
    if not slash or None in sizes:
        raise Misfit(f"its {key} {text!r} is not a pair of sizes")
    return sizes


def _size(text: str) -> int | None:
    """A size; Go writes `1e+03kB` where rounding needs a digit more."""
    match = re.fullmatch(r"([0-9.]+e\+[0-9]{2})([kMGTPEZY]?i?B)", text)
    return size_in_bytes(f"{float(match[1]):.0f}{match[2]}" if match is not None else text)


def _number(found: Object, key: str) -> int | None:
    text = text_at(found, key)
    if text == _NONE:
        return None
    if not re.fullmatch(r"[0-9]{1,19}", text):
        raise Misfit(f"its {key} {text!r} is not a number")
    return int(text)
