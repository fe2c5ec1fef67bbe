"""Names: of nouns, and of realms, namespaces, containers by containerd's own rule."""

import re
from collections.abc import Iterable
from enum import StrEnum

from kuke_ctr.errors import UsageError

ALIASES = {
    "images": ("image", "i"),
    "containers": ("container", "c"),
    "tasks": ("task", "t"),
    "snapshots": ("snapshot",),
    "leases": ("lease",),
    "sandboxes": ("sandbox", "sb", "s"),
    "events": ("event",),
    "namespaces": ("namespace", "ns"),
    "realms": ("realm",),
    "cells": ("cell",),
    "plugins": ("plugin",),
    "deprecations": ("deprecation",),
}
"""Noun -> ctr's other names of it."""

_FOREIGN = ("default", "moby", "k8s.io")

LONGEST = 76
_NAME = re.compile(r"[A-Za-z0-9]+(?:[._-](?:[A-Za-z0-9]+))*")


def is_name(text: str) -> bool:
    """Whether a realm or a namespace may be called so, but for the length."""
    return _NAME.fullmatch(text) is not None


def check_name(text: str, what: str) -> str:
    """The name, if it fits containerd's rule; UsageError otherwise. `what`: realm, namespace."""
    if len(text) > LONGEST:
        raise UsageError(
            f"the {what} name has {len(text)} characters",
            hint=f"the longest name has {LONGEST} characters",
        )
    if not is_name(text):
        raise UsageError(
            f"{text!r} is not a valid {what} name",
            hint="use letters and digits, with single `.`, `_` or `-` between them",
        )
    return text


def near(name: str, names: Iterable[str]) -> list[str]:
    """The one name that was probably meant; nothing where none is like it."""
    from difflib import get_close_matches

    lower = {other.lower(): other for other in sorted(names)}
    return [lower[found] for found in get_close_matches(name.lower(), lower, n=1)]


def is_foreign(namespace: str) -> bool:
    """Whether a namespace is known to be no realm's: Docker's, Kubernetes', BuildKit's twins."""
    return namespace.endswith("_history") or namespace in _FOREIGN


def nearest(name: str, names: Iterable[str]) -> list[str]:
    """The names, the nearest first."""
    pool = sorted(names)
    first = alike(name, pool)
    return [*first, *(other for other in pool if other not in first)]


def alike(name: str, names: Iterable[str]) -> list[str]:
    """The names that are like this one or hold it, the nearest first."""
    from difflib import get_close_matches

    pool = sorted(names)
    near = get_close_matches(name, pool, n=len(pool) or 1, cutoff=0.5)
    return [*near, *(other for other in pool if name in other and other not in near)]


class RealmSource(StrEnum):
    """Which rule gave the namespace of a realm."""

    FLAG = "flag"
    MANIFEST = "manifest"
    RECORD = "record"
    SETTINGS = "settings"
    LAYOUT = "layout"
    CONTAINERD = "containerd"
