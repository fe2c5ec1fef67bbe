"""What `ctr snapshots ls` and `ctr snapshots usage` print, and the tree that the parents make."""

from collections.abc import Iterable, Iterator, Sequence

from kuke_ctr.parse.layout import DIGITS, FILLED, NUMBER, TEXT, Column, Form
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.parse.units import in_units, size_in_bytes
from kuke_ctr.records import Refused, Snapshot, SnapshotNode, SnapshotUsage

_KIND = Form(r"Active|View|Committed|Unknown", proves=True)
# binary units, or plain bytes (`-b`)
_USAGE = Form(rf"{DIGITS}\.[0-9] [KMGTPE]?i?B|{DIGITS}", proves=True)


def _snapshot(cells: list[str], extra: dict[str, str]) -> Snapshot:
    key, parent, kind = cells
    return Snapshot(key=key, parent=parent or None, kind=kind, extra=extra)


def _usage(cells: list[str], extra: dict[str, str]) -> SnapshotUsage:
    key, size, inodes = cells
    exact = size.isdigit()
    return SnapshotUsage(
        key=key,
        size=in_units(int(size)) if exact else size,
        size_bytes=int(size) if exact else size_in_bytes(size),
        size_approximate=not exact,
        inodes=int(inodes),
        extra=extra,
    )


TABLE = Table((Column("KEY", FILLED), Column("PARENT", TEXT), Column("KIND", _KIND)), _snapshot)
USAGE = Table((Column("KEY", FILLED), Column("SIZE", _USAGE), Column("INODES", NUMBER)), _usage)


def parse_snapshots(lines: Iterable[str]) -> Iterator[Snapshot | Refused]:
    """The snapshots of `ctr snapshots ls`: KEY PARENT KIND; no parent is a blank cell."""
    return read_table(TABLE, lines)


def parse_usage(lines: Iterable[str]) -> Iterator[SnapshotUsage | Refused]:
    """The rows of `ctr snapshots usage [-b]`: KEY SIZE INODES; with `-b` sizes are exact."""
    return read_table(USAGE, lines)


def tree_of(snapshots: Sequence[Snapshot]) -> list[SnapshotNode]:
    """The snapshots with depth and children, each below its parent; siblings keep their order.

    One whose parent is not in the list stands at depth 0, and keeps the name of its parent.
    """
    known = {snapshot.key for snapshot in snapshots}
    children: dict[str | None, list[Snapshot]] = {}
    for snapshot in snapshots:
        above = snapshot.parent if snapshot.parent in known else None
        children.setdefault(above, []).append(snapshot)
    nodes: list[SnapshotNode] = []
    waiting = [(snapshot, 0) for snapshot in reversed(children.get(None, []))]
    while waiting:
        snapshot, depth = waiting.pop()
        below = children.get(snapshot.key, [])
        nodes.append(
            SnapshotNode(
                key=snapshot.key,
                parent=snapshot.parent,
                kind=snapshot.kind,
                depth=depth,
                children=tuple(child.key for child in below),
                realm=snapshot.realm,
                extra=snapshot.extra,
            )
        )
        waiting += [(child, depth + 1) for child in reversed(below)]
    return nodes
