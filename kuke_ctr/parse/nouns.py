"""The nouns whose output can be parsed and described, by name: each is imported when asked for."""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from kuke_ctr import records
from kuke_ctr.errors import UsageError
from kuke_ctr.records import Record, Refused

Parser = Callable[[Iterable[str]], Iterator[Record | Refused]]

RECORDS: dict[str, type[Record]] = {
    "images": records.Image,
    "images-check": records.ImageCheck,
    "images-usage": records.SnapshotUsage,
    "containers": records.Container,
    "tasks": records.Task,
    "namespaces": records.Namespace,
    "snapshots": records.Snapshot,
    "snapshots-usage": records.SnapshotUsage,
    "content": records.Blob,
    "content-active": records.ActiveIngest,
    "leases": records.Lease,
    "plugins": records.Plugin,
    "sandboxes": records.Sandbox,
    "tasks-ps": records.Process,
    "tasks-metrics": records.Metrics,
    "events": records.Event,
    "version": records.Version,
    "deprecations": records.Deprecation,
}
"""Noun of the command line -> the record that its `ls` prints; `noun-verb` for another list."""

HEADERS = {
    "images": "REF TYPE DIGEST SIZE PLATFORMS LABELS",
    "images-check": "REF TYPE DIGEST STATUS SIZE UNPACKED",
    "images-usage": "KEY SIZE INODES",
    "containers": "CONTAINER IMAGE RUNTIME",
    "tasks": "TASK PID STATUS",
    "namespaces": "NAME LABELS",
    "snapshots": "KEY PARENT KIND",
    "snapshots-usage": "KEY SIZE INODES",
    "content": "DIGEST SIZE AGE LABELS",
    "content-active": "REF SIZE AGE",
    "leases": "ID CREATED AT LABELS",
    "plugins": "TYPE ID PLATFORMS STATUS",
    "tasks-ps": "PID INFO",
}
"""Noun -> the first line of its table, with one space between the columns."""

_ELSEWHERE = {
    "images-check": ("check", "parse_check"),
    "images-usage": ("snapshots", "parse_usage"),
    "snapshots-usage": ("snapshots", "parse_usage"),
    "content-active": ("content", "parse_active"),
    "tasks-ps": ("processes", "parse_processes"),
    "tasks-metrics": ("metrics", "parse_metrics"),
}
"""Noun -> the module and the function of its parser, where they are not named after it."""

DESCRIBED: dict[str, type[Record]] = {
    **RECORDS,
    "images-inspect": records.ImageDetails,
    "realms": records.Realm,
    "snapshots-tree": records.SnapshotNode,
    "images-export": records.Archive,
}


ALIASES = {
    "image": "images",
    "i": "images",
    "container": "containers",
    "c": "containers",
    "task": "tasks",
    "t": "tasks",
    "snapshot": "snapshots",
    "lease": "leases",
    "sandbox": "sandboxes",
    "sb": "sandboxes",
    "s": "sandboxes",
    "event": "events",
    "namespace": "namespaces",
    "ns": "namespaces",
    "realm": "realms",
    "plugin": "plugins",
    "deprecation": "deprecations",
}
"""ctr's other names of the nouns, as the command line takes them."""


def full_noun(noun: str) -> str:
    """The noun by its full name: `image` and `i` are images, `image-check` is images-check."""
    name, dash, verb = noun.partition("-")
    return f"{ALIASES.get(name, name)}{dash}{verb}"


def parser_of(noun: str) -> Parser:
    """The parser of what `ctr NOUN ls` prints."""
    _known(noun, RECORDS)
    module, function = _ELSEWHERE.get(noun, (noun, f"parse_{noun}"))
    found = import_module(f"kuke_ctr.parse.{module}")
    parser: Parser = getattr(found, function)
    return parser


def other_noun(noun: str, first_line: str) -> str | None:
    """The noun whose table begins with this line, where that is another table than the noun's."""
    line = " ".join(first_line.split())
    if HEADERS.get(noun) == line:
        return None
    return next((other for other, header in HEADERS.items() if header == line), None)


def record_of(noun: str) -> type[Record]:
    """The record of a noun, also of one that no table of ctr's stands for (realms)."""
    return _known(noun, DESCRIBED)


def _known(noun: str, table: dict[str, type[Record]]) -> type[Record]:
    try:
        return table[noun]
    except KeyError:
        raise UsageError(
            f"unknown noun: {noun!r}", hint=f"use one of: {', '.join(table)}"
        ) from None
