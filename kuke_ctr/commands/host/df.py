"""kuke-ctr df"""

from collections.abc import Sequence

import typer

from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import (
    CALLS,
    EVERY_REALM,
    FLEET,
    FORMS,
    ONE_REALM,
    SCOPE,
    row_options,
)
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.kukeon.places import Place, places
from kuke_ctr.recipes.disk.usage import disk_of
from kuke_ctr.records import Disk, Record
from kuke_ctr.render import Output, View, ordered
from kuke_ctr.session import Session

app = typer.Typer()

_NAMESPACE = SCOPE[1:2]


@app.command("df")
@takes(ONE_REALM, _NAMESPACE, EVERY_REALM, CALLS, row_options(*FORMS), FLEET)
def df(session: Session) -> None:
    """Show how much disk each realm takes, and how much pruning would free.

    UNIQUE is content that no other namespace has, SHARED content that others have too: the line
    TOTAL counts it once. UNPACKED are the snapshots. RECLAIMABLE is what `images prune --all` and
    `snapshots prune` would free. Namespaces that belong to no realm have rows too.

    Examples:

        kuke-ctr df
        kuke-ctr df -r main -o wide

    Runs `ctr content ls`, `content active`, `images ls`, `containers ls`, `leases ls` and
    `snapshots usage` in every namespace. Records: Disk.
    """
    view = view_of(session, Disk, with_realm=True)
    everywhere, warnings = places(session.host)
    for warning in warnings:
        note(f"warning: {warning}")
    wanted = _wanted(session, everywhere)
    found = disk_of(session.host, wanted, everywhere)
    for text in found.notes:
        note(f"note: {text}")
    rows: Sequence[Record] = found.rows
    if len(rows) > 1 and _has_total(view):
        rows = rows if view.sort_by is None else ordered(rows, view.sort_by)
        view, rows = view._replace(sort_by=None), [*rows, found.total]
    show(session, view, rows, found.errors)


def _wanted(session: Session, everywhere: Sequence[Place]) -> Sequence[Place]:
    """The places that the options mean: all that there are unless one is named."""
    options = session.options
    if options.all_realms or (options.realm is None and options.namespace is None):
        return everywhere
    realm = session.realm()
    realm.require_namespace()
    return [place for place in everywhere if place.namespace == realm.namespace]


def _has_total(view: View) -> bool:
    """Whether a person reads it: a program would take the line for a namespace."""
    return view.output in (Output.TABLE, Output.WIDE) and view.headers and not view.chosen
