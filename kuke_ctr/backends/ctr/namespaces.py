"""`ctr namespaces`: these calls are about the whole host and carry no `-n`."""

from collections.abc import Sequence
from difflib import get_close_matches

from kuke_ctr.backends.ctr import quiet
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.tables import ListCall
from kuke_ctr.errors import NotFound
from kuke_ctr.parse.namespaces import parse_namespaces
from kuke_ctr.processes.calls import Result

LS = ListCall(("namespaces", "ls"), parse_namespaces)


def require(ctr: Ctr, name: str) -> None:
    """Raise NotFound for a namespace that there is not: ctr itself makes one, or says nothing."""
    existing = quiet.namespaces(ctr)
    if name not in existing:
        near = get_close_matches(name, existing, n=3)
        hint = f"similar: {', '.join(near)}" if near else "`kuke-ctr namespaces ls` lists them"
        raise NotFound(f"there is no namespace {name}", hint=hint)


def create(ctr: Ctr, name: str, labels: Sequence[str] = (), flags: Sequence[str] = ()) -> Result:
    """`ctr namespaces create NAME [KEY=VALUE]...`; CtrFailed where it exists."""
    return ctr.change("namespaces", "create", *flags, name, *labels)


def label(ctr: Ctr, name: str, labels: Sequence[str], flags: Sequence[str] = ()) -> Result:
    """`ctr namespaces label NAME KEY=VALUE...`, which makes a namespace that there is not."""
    return ctr.change("namespaces", "label", *flags, name, *labels)


def remove(ctr: Ctr, name: str, flags: Sequence[str] = ()) -> Result:
    """`ctr namespaces rm [FLAG]... NAME`, which says nothing where there is none."""
    return ctr.change("namespaces", "rm", *flags, name)
