"""kuke-ctr snapshots label, mount, rm"""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import snapshots
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.commands.shared.confirm import Yes, each
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags
from kuke_ctr.commands.shared.in_use import ask_about_users
from kuke_ctr.commands.shared.kukeon import (
    Kukeon,
    cell_answers,
    confirm_kukeon,
    members_of,
)
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import Snapshotter, takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.storage.snapshots import Key, near_snapshots
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.processes.shell_words import shell_word
from kuke_ctr.recipes import snapshot_mounts
from kuke_ctr.recipes.cell_members import snapshots_of_cells
from kuke_ctr.recipes.used_by import users_of_snapshots
from kuke_ctr.records import RowsRefused, Snapshot
from kuke_ctr.render import escape
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

_SHOWN = 3


@app.command("label")
@takes(IN_REALM, NAMES)
def label(
    session: Session,
    key: Key,
    labels: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="Labels; KEY= removes one.")
    ],
    snapshotter: Snapshotter = None,
) -> None:
    """Set labels of a snapshot; `KEY=` removes one.

    Labels that start with containerd.io/gc. decide what containerd removes.

    Examples:

        kuke-ctr snapshots label -r main web team=a
        kuke-ctr snapshots label -r main web team=

    Runs `ctr snapshots label KEY KEY=VALUE...`.
    """
    words = snapshots.words(snapshotter, "label", key, *checked_labels(labels))
    realm = session.realm(changing=True)
    with near_snapshots(realm, [key], snapshotter):
        said = realm.scope.change(*words)
    if not said.planned:
        print(escape(key))


@app.command("mount")
@takes(IN_REALM, NAMES)
def mount(
    session: Session,
    key: Key,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="An empty folder.")],
    read_only: Annotated[bool, typer.Option("--read-only", help="Mount it read-only.")] = False,
    snapshotter: Snapshotter = None,
    yes: Yes = False,
) -> None:
    """Mount a snapshot on a directory of this host, as root.

    Asks if the snapshot belongs to a container or is mounted already. A committed snapshot cannot
    be mounted: create a view of it first. Prints the directory; `umount TARGET` undoes it.

    Examples:

        kuke-ctr snapshots mount -r main --read-only web /mnt
        kuke-ctr snapshots mount -r main look /mnt

    Runs `ctr snapshots mounts TARGET KEY`, then the `mount` commands that it prints.
    """
    realm = session.realm()
    where = snapshot_mounts.check_target(target)
    if not session.options.dry_run:
        snapshot_mounts.require_root()
    with near_snapshots(realm, [key], snapshotter):
        commands = snapshots.mount_commands(realm.scope, key, where, snapshotter)
    if read_only:
        commands = [command.without_writing() for command in commands]
    if not all(command.read_only for command in commands) and not yes:
        # two overlays that write to one folder spoil each other's files
        found = users_of_snapshots(realm.scope, [key], snapshotter)
        users = [user for user in found.users.get(key, []) if user.kind in ("container", "mount")]
        ask_about_users(session, realm, {key: users}, yes=yes)
    snapshot_mounts.mount(realm.ctr, commands)
    if not session.options.dry_run:
        print(escape(where))
        note(f"to unmount it: umount {shell_word(where)}")


@app.command("rm", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def rm(
    session: Session,
    keys: Annotated[list[str], typer.Argument(metavar="KEY", help="Keys of snapshots.")],
    snapshotter: Snapshotter = None,
    yes: Yes = False,
    kukeon: Kukeon = False,
) -> None:
    """Remove snapshots; asks if a container, an image, another snapshot or a mount needs one.

    Children are removed before their parents. With --yes other users are not searched. containerd
    refuses to remove a snapshot with children. The files of a Kukeon container need --yes and
    --kukeon, or an answer that names the cell.

    Examples:

        kuke-ctr snapshots rm -r main scratch
        kuke-ctr snapshots rm -r main scratch base

    Runs `ctr snapshots rm KEY`, after `ctr snapshots ls`, `ctr containers info` and `ctr content
    ls`.
    """
    realm = session.realm(removing=True)
    extra = extra_flags(session)
    wanted = list(dict.fromkeys(keys))
    there = known_snapshots(realm, snapshotter, lenient=yes)
    wanted = children_first(wanted, there)
    gone = set() if yes else set(wanted) - there.keys()
    of_cells = confirm_cells(session, realm, wanted, there, yes=yes, kukeon=kukeon)
    if not yes:
        asked = [key for key in wanted if key not in of_cells]
        found = users_of_snapshots(realm.scope, asked, snapshotter)
        ask_about_users(
            session,
            realm,
            {
                key: [user for user in users if (user.kind, user.name) not in _going(wanted)]
                for key, users in found.users.items()
            },
            yes=yes,
        )

    def remove(key: str) -> None:
        with near_snapshots(realm, [key], snapshotter):
            if key in gone:
                raise NotFound(f"there is no snapshot {key}")
            realm.scope.change(*snapshots.words(snapshotter, "rm", *extra, key))

    each(wanted, remove, session)


def known_snapshots(
    realm: OpenRealm, snapshotter: str | None, *, lenient: bool
) -> dict[str, Snapshot]:
    """The snapshots by their keys; `lenient`: those that can be read."""
    table = snapshots.of(snapshots.LS, snapshotter)
    (found,) = fetch(realm.ctr, table, [realm.namespace], probe=True)
    if isinstance(found, KukeCtrError):
        raise found
    if found.refused and not lenient:
        raise RowsRefused(found)
    return {one.key: one for one in found.records}


def confirm_cells(
    session: Session,
    realm: OpenRealm,
    wanted: Sequence[str],
    there: Mapping[str, Snapshot],
    *,
    yes: bool,
    kukeon: bool,
) -> set[str]:
    """Ask before files of Kukeon's containers go; the keys that were asked about."""
    found = snapshots_of_cells(members_of(realm), there, wanted)
    told = [
        f"{key} has the files of Kukeon's container {one.id} (cell {one.cell})"
        if key == one.id
        else f"the files of Kukeon's container {one.id} (cell {one.cell}) are on top of {key}"
        for key, members in found.items()
        for one in members[:_SHOWN]
    ]
    if told:
        lost = "what was written in them is lost, and `kuke start` fails without them"
        cells = cell_answers(one for members in found.values() for one in members)
        confirm_kukeon(session, f"{'; '.join(told)}: {lost}", cells, yes=yes, kukeon=kukeon)
    return set(found)


def children_first(keys: Sequence[str], known: dict[str, Snapshot]) -> list[str]:
    """The keys, none before one that stands on it; otherwise they keep their order."""

    def height(key: str) -> int:
        steps = 0
        while steps < len(known) and key in known and (parent := known[key].parent):
            key, steps = parent, steps + 1
        return steps

    return sorted(keys, key=height, reverse=True)


def _going(keys: Sequence[str]) -> set[tuple[str, str]]:
    return {("snapshot", key) for key in keys}
