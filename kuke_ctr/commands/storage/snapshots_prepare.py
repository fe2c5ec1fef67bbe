"""kuke-ctr snapshots prepare, view, commit, label, mount, rm"""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import snapshots, versions
from kuke_ctr.commands.shared.confirm import (
    CreateNamespace,
    WithExtra,
    Yes,
    each,
    extra_flags,
    flags,
    names_only,
)
from kuke_ctr.commands.shared.documents import print_bytes
from kuke_ctr.commands.shared.in_use import ask_about_users
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.options import Snapshotter, shared
from kuke_ctr.commands.storage.snapshots import Key, committed_wants_view, near_snapshots
from kuke_ctr.errors import CtrFailed, NotFound, UsageError
from kuke_ctr.recipes import snapshot_mounts as mounting
from kuke_ctr.recipes.used_by import listed, rooted_label, users_of_snapshots
from kuke_ctr.records import Snapshot
from kuke_ctr.render import escape
from kuke_ctr.session import OpenRealm, Session, note

app = typer.Typer()

NewKey = Annotated[str, typer.Argument(metavar="KEY", help="The key of the new snapshot.")]
Parent = Annotated[
    str | None, typer.Argument(metavar="PARENT", help="A committed snapshot; none: an empty one.")
]
Target = Annotated[
    str | None,
    typer.Option("--target", "-t", metavar="DIR", help="Print the commands that mount it there."),
]
Mounts = Annotated[
    bool, typer.Option("--mounts", help="Print its mounts as JSON (ctr 1.5 and later).")
]


@app.command("prepare", cls=WithExtra)
@shared
def prepare(
    session: Session,
    key: NewKey,
    parent: Parent = None,
    target: Target = None,
    mounts: Mounts = False,
    snapshotter: Snapshotter = None,
    create_namespace: CreateNamespace = False,
) -> None:
    """Make a snapshot that can be written to, on top of a committed one.

    Runs `ctr snapshots prepare KEY [PARENT]`. Prints the key; with --target or --mounts what ctr
    prints. Nothing is mounted: `kuke-ctr snapshots mount` does that.
    """
    _make(session, "prepare", key, parent, target, mounts, snapshotter, create_namespace)


@app.command("view", cls=WithExtra)
@shared
def view(
    session: Session,
    key: NewKey,
    parent: Parent = None,
    target: Target = None,
    mounts: Mounts = False,
    snapshotter: Snapshotter = None,
    create_namespace: CreateNamespace = False,
) -> None:
    """Make a snapshot that shows a committed one, read only.

    Runs `ctr snapshots view KEY [PARENT]` and `ctr snapshots label KEY containerd.io/gc.root=TIME`:
    without that label, which ctr gives to prepared ones only, containerd's next collection takes
    the view away. Prints the key; with --target or --mounts what ctr prints.
    """
    realm = _make(session, "view", key, parent, target, mounts, snapshotter, create_namespace)
    words = snapshots.words(snapshotter, "label", key, rooted_label())
    realm.scope.change(*words)


def _make(
    session: Session,
    verb: str,
    key: str,
    parent: str | None,
    target: str | None,
    mounts: bool,
    snapshotter: str | None,
    create_namespace: bool,
) -> OpenRealm:
    if target is not None and mounts:
        raise UsageError("--target and --mounts exclude each other", hint="leave one of them out")
    names_only(session)
    if mounts:
        versions.require(session.ctr, "snapshots", verb, "--mounts")
    realm = session.realm(changing=True, create=create_namespace)
    chosen = (*flags(target=target, mounts=mounts), *extra_flags(session))
    names = [key] if parent is None else [key, parent]
    with near_snapshots(realm, names[1:], snapshotter), _taken_is_named(realm, key, snapshotter):
        words = snapshots.words(snapshotter, verb, *chosen, *names)
        said = realm.scope.change(*words)
    if not said.planned:
        if target is None and not mounts:
            print(escape(key))
        print_bytes(said)
    return realm


@contextmanager
def _taken_is_named(realm: OpenRealm, key: str, snapshotter: str | None) -> Iterator[None]:
    """An error inside about a key that is taken says what shows that snapshot, and removes it."""
    try:
        yield
    except CtrFailed as error:
        if "already exists" in error.message:
            chosen = (*flags(snapshotter=snapshotter), key)
            shows = realm.scope.line("snapshots", "info", *chosen)
            removes = realm.scope.line("snapshots", "rm", *chosen)
            error.hint = f"{shows} shows it, {removes} removes it"
        raise


@app.command("commit", cls=WithExtra)
@shared
def commit(
    session: Session,
    key: NewKey,
    active: Annotated[str, typer.Argument(metavar="ACTIVE", help="A prepared snapshot.")],
    snapshotter: Snapshotter = None,
    yes: Yes = False,
) -> None:
    """Commit a prepared snapshot under a new key; asks where somebody uses it.

    Runs `ctr snapshots commit KEY ACTIVE`. ACTIVE exists no more then: a container that has it
    could not be started again. Prints the key.
    """
    names_only(session)
    realm = session.realm(changing=True)
    words = snapshots.words(snapshotter, "commit", *extra_flags(session), key, active)
    with near_snapshots(realm, [active], snapshotter), _taken_is_named(realm, key, snapshotter):
        if not yes:
            found = users_of_snapshots(realm.scope, [active], snapshotter)
            if active not in found.users:
                raise NotFound(f"there is no snapshot {active}")
            ask_about_users(session, realm, found.users, yes=yes)
        said = realm.scope.change(*words)
    if not said.planned:
        print(escape(key))


@app.command("label")
@shared
def label(
    session: Session,
    key: Key,
    labels: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="Labels; KEY= removes one.")
    ],
    snapshotter: Snapshotter = None,
) -> None:
    """Set labels of a snapshot; `KEY=` removes one.

    Runs `ctr snapshots label KEY KEY=VALUE...`. Labels that start with containerd.io/gc. decide
    what is collected.
    """
    names_only(session)
    words = snapshots.words(snapshotter, "label", key, *checked_labels(labels))
    realm = session.realm(changing=True)
    with near_snapshots(realm, [key], snapshotter):
        said = realm.scope.change(*words)
    if not said.planned:
        print(escape(key))


@app.command("mount")
@shared
def mount(
    session: Session,
    key: Key,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="An empty folder.")],
    read_only: Annotated[
        bool, typer.Option("--read-only", help="So that nothing can be written there.")
    ] = False,
    snapshotter: Snapshotter = None,
    yes: Yes = False,
) -> None:
    """Mount a snapshot on a folder of this host; asks where a container has it or it is mounted.

    Runs `ctr snapshots mounts TARGET KEY`, and then the `mount` commands that it prints, as root.
    Prints the folder; `umount TARGET` takes the mount away again. A committed snapshot can't be
    mounted: make a view of it first.
    """
    names_only(session)
    realm = session.realm()
    where = mounting.check_target(target)
    if not session.options.dry_run:
        mounting.require_root()
    with near_snapshots(realm, [key], snapshotter), committed_wants_view(realm, key, snapshotter):
        commands = snapshots.mount_commands(realm.scope, key, where, snapshotter)
    if read_only:
        commands = [command.without_writing() for command in commands]
    if not all(command.read_only for command in commands) and not yes:
        # two overlays that write to one folder spoil each other's files
        found = users_of_snapshots(realm.scope, [key], snapshotter)
        users = [user for user in found.users.get(key, []) if user.kind in ("container", "mount")]
        ask_about_users(session, realm, {key: users}, yes=yes)
    mounting.mount(realm.ctr, commands)
    if not session.options.dry_run:
        print(escape(where))
        note(f"to take it away again: umount {shlex.quote(where)}")


@app.command("rm", cls=WithExtra)
@shared
def rm(
    session: Session,
    keys: Annotated[list[str], typer.Argument(metavar="KEY", help="Keys of snapshots.")],
    snapshotter: Snapshotter = None,
    yes: Yes = False,
) -> None:
    """Remove snapshots; asks where a container, an image, another snapshot or a mount needs one.

    Runs `ctr snapshots rm KEY`, of those that stand on others first. To find out who needs one,
    `ctr snapshots ls`, `ctr containers info` and the labels in `ctr content ls`; with --yes nobody
    is looked for. containerd itself refuses one that others stand on.
    """
    names_only(session)
    realm = session.realm(removing=True)
    extra = extra_flags(session)
    wanted = list(dict.fromkeys(keys))
    gone: set[str] = set()
    if not yes:
        found = users_of_snapshots(realm.scope, wanted, snapshotter)
        gone = set(wanted) - found.users.keys()
        wanted = children_first(wanted, found.known)
        ask_about_users(
            session,
            realm,
            {
                key: [user for user in users if (user.kind, user.name) not in _going(wanted)]
                for key, users in found.users.items()
            },
            yes=yes,
        )
    elif len(wanted) > 1:
        table = snapshots.of(snapshots.LS, snapshotter)
        wanted = children_first(
            wanted, {one.key: one for one in listed(realm.ctr, table, realm.namespace)}
        )

    def remove(key: str) -> None:
        with near_snapshots(realm, [key], snapshotter):
            if key in gone:
                raise NotFound(f"there is no snapshot {key}")
            try:
                words = snapshots.words(snapshotter, "rm", *extra, key)
                realm.scope.change(*words)
            except CtrFailed as error:
                if "with child" in error.message:
                    tree = realm.scope.line("snapshots", "tree")
                    error.hint = f"{tree} shows what stands on it: remove that first"
                raise

    each(wanted, remove, session)


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
