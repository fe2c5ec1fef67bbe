"""kuke-ctr snapshots"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import snapshots
from kuke_ctr.backends.ctr.tables import ListCall, fetch
from kuke_ctr.commands.shared.branches import branches
from kuke_ctr.commands.shared.json_document import print_bytes, print_document
from kuke_ctr.commands.shared.lists import list_realms_table, show, view_of
from kuke_ctr.commands.shared.missing import near_names
from kuke_ctr.commands.shared.option_table import (
    EVERY_REALM,
    IN_REALM,
    document_options,
    format_option,
    list_options,
)
from kuke_ctr.commands.shared.options import Snapshotter, takes
from kuke_ctr.commands.shared.output import note, print_lines
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.parse.snapshots import tree_of
from kuke_ctr.records import Listing, RowsRefused, Snapshot, SnapshotNode, SnapshotUsage
from kuke_ctr.render import Output, align, escape
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

Key = Annotated[str, typer.Argument(metavar="KEY", help="The key of a snapshot.")]


@app.command("ls")
@takes(IN_REALM, EVERY_REALM, list_options())
def ls(
    session: Session,
    unused: Annotated[
        bool, typer.Option("--unused", help="Only snapshots that nothing uses.")
    ] = False,
    snapshotter: Snapshotter = None,
) -> None:
    """List the snapshots of a realm.

    With --unused those that no container, image, lease, mount or other snapshot uses; `snapshots
    prune` removes them.

    Examples:

        kuke-ctr snapshots ls -r main
        kuke-ctr snapshots ls -r main --unused

    Runs `ctr snapshots ls`. Records: Snapshot.
    """
    if unused and not session.options.dry_run:
        _list_unused(session, snapshotter)
        return
    list_realms_table(
        session, snapshots.of(snapshots.LS, snapshotter), Snapshot, when_empty=_when_empty
    )


def _list_unused(session: Session, snapshotter: str | None) -> None:
    from kuke_ctr.commands.storage.snapshots_prune import spare_of_cells, tell_of_others
    from kuke_ctr.recipes.unused_snapshots import unused_snapshots

    view = view_of(session, Snapshot)
    if view.output is Output.RAW:
        raise UsageError("-o raw prints what ctr prints, and ctr knows no --unused", hint="-o json")
    every = session.options.all_realms
    rows: list[Snapshot] = []
    errors: list[KukeCtrError] = []
    for realm in session.realms():
        try:
            found = unused_snapshots(realm.scope, snapshotter, spare_of_cells(realm))
            if not found.unused:
                realm.require_namespace()
        except KukeCtrError as error:
            if not every:
                raise
            errors.append(error)
            continue
        tell_of_others(realm, found, snapshotter)
        if not (found.unused or every):
            note(f"{realm.described} has no unused snapshot")
        rows += [
            one.model_copy(update={"realm": realm.name}) if every else one for one in found.unused
        ]
    show(session, view, rows, errors)


@app.command("usage")
@takes(IN_REALM, EVERY_REALM, list_options())
def usage(
    session: Session,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY", help="Only these snapshots.")
    ] = None,
    snapshotter: Snapshotter = None,
) -> None:
    """Show the space and inodes of each snapshot of a realm, without its parents.

    Examples:

        kuke-ctr snapshots usage -r main
        kuke-ctr snapshots usage -r main web --sort-by -size

    Runs `ctr snapshots usage -b` (exact sizes). Records: SnapshotUsage.
    """
    table = snapshots.of(snapshots.USAGE, snapshotter)
    if not keys:
        list_realms_table(session, table, SnapshotUsage, when_empty=_when_empty)
        return
    realm = session.realm()
    with near_snapshots(realm, keys, snapshotter):
        list_realms_table(session, table, SnapshotUsage, keys, when_empty=_when_empty)


@app.command("tree")
@takes(IN_REALM, EVERY_REALM, list_options())
def tree(session: Session, snapshotter: Snapshotter = None) -> None:
    """Show the snapshots of a realm as a tree: parents and children.

    Examples:

        kuke-ctr snapshots tree -r main
        kuke-ctr snapshots tree -A

    Runs `ctr snapshots ls`; with -o raw `ctr snapshots tree`. Records: SnapshotNode.
    """
    view = view_of(session, SnapshotNode)
    if view.output is Output.RAW:
        realm = session.realm()
        words = snapshots.words(snapshotter, "tree")
        print_bytes(session.ctr.run(*words, namespace=realm.namespace))
        return
    nodes, errors = _nodes(session, snapshots.of(snapshots.LS, snapshotter))
    if view.output is Output.TABLE and not view.chosen and view.sort_by is None:
        _print_tree(nodes, all_realms=session.options.all_realms, headers=view.headers)
        nodes = []
    show(session, view, nodes, errors)


@app.command("info")
@takes(IN_REALM, document_options())
def info(session: Session, key: Key, snapshotter: Snapshotter = None) -> None:
    """Show all that containerd knows about a snapshot, and who uses it, as one document.

    `UsedBy` names containers, images that were unpacked to it, snapshots on top of it, mounts and
    leases. -o raw has only what ctr prints.

    Examples:

        kuke-ctr snapshots info -r main web
        kuke-ctr snapshots info -r main web -o yaml

    Runs `ctr snapshots info KEY`, then `ctr snapshots ls`, `ctr containers info`, `ctr content ls`
    and `ctr leases ls`.
    """
    realm = session.realm()
    with near_snapshots(realm, [key], snapshotter):
        said = snapshots.info(realm.scope, key, snapshotter)
    more = {}
    if not said.planned and session.options.output is not Output.RAW:
        more = _users(realm, key, snapshotter)
    print_document(session, said, more)


def _users(realm: OpenRealm, key: str, snapshotter: str | None) -> dict[str, object]:
    """`UsedBy`, as a part of the document; null where it can't be found out."""
    from kuke_ctr.commands.shared.in_use import reason_of
    from kuke_ctr.recipes.used_by import users_of_snapshots

    try:
        found = users_of_snapshots(realm.scope, [key], snapshotter).users.get(key, [])
    except KukeCtrError as error:
        note(f"warning: could not find out who uses {key}: {error.message}")
        return {"UsedBy": None}
    users = [
        {"Kind": user.kind, "Name": user.name, "Why": reason_of(realm, user)} for user in found
    ]
    return {"UsedBy": users}


@app.command("mounts")
@takes(IN_REALM, format_option(Output.RAW))
def mounts(
    session: Session,
    key: Key,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="The directory for the mount.")],
    snapshotter: Snapshotter = None,
) -> None:
    """Print the commands that would mount a snapshot, without running them.

    `kuke-ctr snapshots mount` runs them.

    Examples:

        kuke-ctr snapshots mounts -r main web /mnt
        kuke-ctr snapshots mounts -r main --snapshotter native web /mnt

    Runs `ctr snapshots mounts TARGET KEY`.
    """
    realm = session.realm()
    with near_snapshots(realm, [key], snapshotter):
        print_bytes(snapshots.mounts(realm.scope, key, target, snapshotter))


def _when_empty(realm: OpenRealm) -> str:
    return (
        f"{realm.described} has no snapshots of this snapshotter; "
        "`kuke-ctr plugins ls type==io.containerd.snapshotter.v1` lists the snapshotters"
    )


def _nodes(
    session: Session, table: ListCall[Snapshot]
) -> tuple[list[SnapshotNode], list[KukeCtrError]]:
    """The trees of the realms that the options mean, and what could not be read."""
    every = session.options.all_realms
    realms = session.realms()
    nodes: list[SnapshotNode] = []
    errors: list[KukeCtrError] = []
    answers = fetch(session.ctr, table, [realm.namespace for realm in realms])
    for realm, answer in zip(realms, answers, strict=True):
        try:
            found = realm.records_of(answer)
        except KukeCtrError as error:
            if not every and not isinstance(error, RowsRefused):
                raise
            errors.append(error)
            found = answer.records if isinstance(answer, Listing) else ()
        if not (found or every or errors or session.options.dry_run):
            note(_when_empty(realm))
        named = (one.model_copy(update={"realm": realm.name}) for one in found)
        nodes += tree_of(tuple(named) if every else found)
    return nodes, errors


def _print_tree(nodes: list[SnapshotNode], *, all_realms: bool, headers: bool) -> None:
    """The tree as lines: a key is below its parent, and last of its siblings with a corner."""
    rows = [["KEY", "KIND"]] if headers and nodes else []
    drawn = branches([node.depth for node in nodes])
    rows += [
        [f"{before}{escape(node.key)}", node.kind]
        for before, node in zip(drawn, nodes, strict=True)
    ]
    if all_realms:
        names = ["REALM"] if headers and nodes else []
        names += [escape(node.realm or "-") for node in nodes]
        rows = [[name, *row] for name, row in zip(names, rows, strict=True)]
    if rows:
        print_lines(align(rows))


def near_snapshots(
    realm: OpenRealm, keys: Sequence[str], snapshotter: str | None
) -> AbstractContextManager[None]:
    """A NotFound inside becomes one that names the snapshots, the realm and the nearest ones."""

    def names() -> Iterator[str]:
        return (one.key for one in realm.list(snapshots.of(snapshots.LS, snapshotter)))

    return near_names(realm, "snapshot", keys, names, "snapshots")
