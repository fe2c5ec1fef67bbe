"""kuke-ctr tree"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import typer

from kuke_ctr.columns import fitted, terminal_width
from kuke_ctr.commands.kukeon.surveys import surveys
from kuke_ctr.commands.shared.branches import branches
from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import (
    EVERY_REALM,
    FLEET,
    FORMS,
    IN_REALM,
    WATCH,
    row_options,
)
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note, print_lines
from kuke_ctr.recipes.tree import tree_of
from kuke_ctr.records import TreeKind, TreeNode
from kuke_ctr.render import Output, View, age_text, align, cell, escape, needed
from kuke_ctr.session import Session

app = typer.Typer()

_COLUMNS = ("name", "status", "image", "age", "note")


@app.command()
@takes(IN_REALM, EVERY_REALM, row_options(*FORMS), WATCH, FLEET)
def tree(session: Session) -> None:
    """Show what there is: realm, space, stack, cell and container, with state, image and age.

    Records without containers and containers without a record are marked. Containers that are not
    Kukeon's stand below `(not Kukeon's)`. Without containerd the records are shown, without records
    what the labels of containers name. -q prints what
    other commands take: `space/stack/cell/container`, or an id.

    Examples:

        kuke-ctr tree -A
        kuke-ctr tree -r main -o json

    Runs `ctr containers ls`, `ctr tasks ls` and `ctr containers info` of each. Records: TreeNode.
    """
    view = view_of(session, TreeNode)
    every = session.options.all_realms
    realms = session.realms(lenient=True)
    if not realms:
        session.host.namespaces  # noqa: B018 (raises: nobody knows whether there are realms)
    found, errors = surveys(session, realms, every="created_at" in needed(TreeNode, view))
    nodes: list[TreeNode] = []
    for realm, now, one in found:
        exists = True if now.containers else None if now.error is not None else realm.exists()
        rows = tree_of(members_of(realm), now, one, exists)
        if rows[0].recorded is False and not every:  # nothing is known of it
            if now.error is not None:
                raise now.error
            realm.require_namespace()
        nodes += (row.model_copy(update={"realm": realm.name if every else None}) for row in rows)
    if not (nodes or errors):
        note("this host has no realm")
    if view.output is Output.TABLE and not view.chosen and view.sort_by is None:
        print_lines(_lines(nodes, view))
        nodes = []
    show(session, view, nodes, errors)


def _lines(nodes: Sequence[TreeNode], view: View) -> Iterator[str]:
    if not nodes:
        return
    now = datetime.now(UTC)
    rows = [[name.upper() for name in _COLUMNS]] if view.headers else []
    rows += (
        [f"{branch}{_name(node)}", *_values(node, now)]
        for branch, node in zip(branches([node.depth for node in nodes]), nodes, strict=True)
    )
    last = len(_COLUMNS) if any(node.note for node in nodes) else -1
    rows = [row[:last] for row in rows]
    room = terminal_width()
    if room is not None:
        names = [name == "name" for name in _COLUMNS[:last]]
        rows = fitted(rows, names, [False] * len(names), room)
    yield from align(rows, _COLUMNS[:last])


def _name(node: TreeNode) -> str:
    if node.kind is TreeKind.REALM and node.id != node.name:
        return escape(f"{node.name} ({node.id})")
    return escape(node.name)


def _values(node: TreeNode, now: datetime) -> list[str]:
    note = escape(node.note or "")
    if node.kind is TreeKind.CONTAINER:
        age = _age(node.created_at, now)
        return [cell("status", node.status, node), cell("image", node.image, node), age, note]
    return [escape(node.status or ""), "", "", note]


def _age(created_at: str | None, now: datetime) -> str:
    """`3d`: the time since then in its greatest unit; `-` where it is not known."""
    try:
        seconds = int((now - datetime.fromisoformat(created_at or "")).total_seconds())
    except (ValueError, TypeError):  # no time, or one without a zone
        return "-"
    return age_text(seconds)
