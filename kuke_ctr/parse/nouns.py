"""The nouns whose output can be parsed and described, by name: each is imported when asked for."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import NamedTuple, TypeVar

from kuke_ctr import records
from kuke_ctr.errors import UsageError
from kuke_ctr.names import ALIASES
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.records import Record, Refused

T = TypeVar("T")

Parser = Callable[[Iterable[str]], Iterator[Record | Refused]]


class Noun(NamedTuple):
    """A record, and the module of `parse/` that reads what ctr prints of it.

    Either the module has a table, or a function makes records of its lines.
    """

    record: type[Record]
    module: str
    table: str = "TABLE"
    function: str = ""


NOUNS = {
    "images": Noun(records.Image, "images"),
    "images-check": Noun(records.ImageCheck, "check"),
    "images-usage": Noun(records.SnapshotUsage, "snapshots", "USAGE"),
    "containers": Noun(records.Container, "containers"),
    "tasks": Noun(records.Task, "tasks"),
    "namespaces": Noun(records.Namespace, "namespaces"),
    "snapshots": Noun(records.Snapshot, "snapshots"),
    "snapshots-usage": Noun(records.SnapshotUsage, "snapshots", "USAGE"),
    "content": Noun(records.Blob, "content"),
    "content-active": Noun(records.ActiveIngest, "content", "ACTIVE"),
    "leases": Noun(records.Lease, "leases"),
    "plugins": Noun(records.Plugin, "plugins"),
    "sandboxes": Noun(records.Sandbox, "sandboxes"),
    "tasks-ps": Noun(records.Process, "processes"),
    "tasks-metrics": Noun(records.Metrics, "metrics", "", "parse_metrics"),
    "events": Noun(records.Event, "events", "", "parse_events"),
    "version": Noun(records.Version, "version", "", "parse_version"),
    "deprecations": Noun(records.Deprecation, "deprecations", "", "parse_deprecations"),
}
"""Noun of the command line -> what its `ls` prints; `noun-verb` for another list."""

RECORDS = {name: noun.record for name, noun in NOUNS.items()}

DESCRIBED: dict[str, type[Record]] = {
    **RECORDS,
    "images-inspect": records.ImageDetails,
    "images-find": records.FoundImage,
    "realms": records.Realm,
    "realms-show": records.RealmDetails,
    "cells": records.Cell,
    "inspect": records.ContainerDetails,
    "ps": records.PsContainer,
    "tree": records.TreeNode,
    "snapshots-tree": records.SnapshotNode,
    "images-export": records.Archive,
    "doctor": records.Finding,
    "config": records.Setting,
    "df": records.Disk,
    "prune": records.Prunable,
    "stats": records.Stats,
    "stop": records.StoppedContainer,
    "top": records.ProcessUsage,
}

_FULL = {alias: noun for noun, aliases in ALIASES.items() for alias in aliases}


def full_noun(noun: str) -> str:
    """The noun by its full name: `image` and `i` are images, `image-check` is images-check."""
    name, dash, verb = noun.partition("-")
    return f"{_FULL.get(name, name)}{dash}{verb}"


def parser_of(noun: str) -> Parser:
    """The parser of what `ctr NOUN ls` prints."""
    found = _known(noun, NOUNS)
    if found.table:
        return partial(read_table, _table(found))
    parser: Parser = getattr(_module(found), found.function)
    return parser


def _module(noun: Noun) -> ModuleType:
    return import_module(f"kuke_ctr.parse.{noun.module}")


def _table(noun: Noun) -> Table[Record]:
    found: Table[Record] = getattr(_module(noun), noun.table)
    return found


def header_of(noun: str) -> str | None:
    """The first line of a noun's table, with one space between the columns; None without one."""
    found = NOUNS[noun]
    if not found.table:
        return None
    return " ".join(column.header for column in _table(found).columns)


_FIRST_LINES = {
    "events": r"^\d{4}-\d\d-\d\d \d\d:\d\d",
    "version": r"^(?:Client|Server):",
    "deprecations": r"^\s*\[\s*(?:[{\]]|$)",
    "tasks-metrics": r"(?<!\w)ID\s+TIMESTAMP\b",
}


def first_line_of(noun: str) -> re.Pattern[str]:
    """What the first line of a noun's output looks like, wherever in a line it begins."""
    header = header_of(noun)
    if header is None:
        return re.compile(_FIRST_LINES[noun])
    return re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, header.split())) + r"(?!\w)")


def other_noun(noun: str, first_line: str) -> str | None:
    """The noun whose table begins with this line, where that is another table than the noun's."""
    line = " ".join(first_line.split())
    if header_of(noun) == line:
        return None
    return next((other for other in NOUNS if header_of(other) == line), None)


def record_of(noun: str) -> type[Record]:
    """The record of a noun, also of one that no table of ctr's stands for (realms)."""
    return _known(noun, DESCRIBED)


def _known(noun: str, table: Mapping[str, T]) -> T:
    try:
        return table[noun]
    except KeyError:
        raise UsageError(
            f"unknown noun: {noun!r}", hint=f"use one of: {', '.join(table)}"
        ) from None
