"""kuke-ctr snapshots prepare, view, commit"""

from contextlib import suppress
from typing import Annotated, NamedTuple

import typer

from kuke_ctr.backends.ctr import snapshots, versions
from kuke_ctr.commands.shared.confirm import CreateNamespace, Yes
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.in_use import ask_about_users
from kuke_ctr.commands.shared.json_document import print_bytes
from kuke_ctr.commands.shared.kukeon import Kukeon, refuse_id
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import Snapshotter, takes
from kuke_ctr.commands.storage.snapshots import near_snapshots
from kuke_ctr.commands.storage.snapshots_rm import confirm_cells, known_snapshots
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.processes.calls import Result
from kuke_ctr.recipes.used_by import rooted_label, users_of_snapshots
from kuke_ctr.render import escape
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

_AGAIN = 3
"""How often a view is made anew that containerd removes before it has its label."""


NewKey = Annotated[str, typer.Argument(metavar="KEY", help="The key of the new snapshot.")]


Parent = Annotated[
    str | None,
    typer.Argument(
        metavar="PARENT", help="A committed snapshot; default: none, an empty snapshot."
    ),
]


Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        "-t",
        metavar="DIR",
        help="Print the commands that would mount it on this directory.",
    ),
]


Mounts = Annotated[
    bool, typer.Option("--mounts", help="Print its mounts as JSON (ctr 1.5 and later).")
]


@app.command("prepare", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def prepare(
    session: Session,
    key: NewKey,
    parent: Parent = None,
    target: Target = None,
    mounts: Mounts = False,
    snapshotter: Snapshotter = None,
    create_namespace: CreateNamespace = False,
) -> None:
    """Create a writable snapshot on top of a committed one.

    Prints the key; with --target or --mounts what ctr prints. Nothing is mounted: use `kuke-ctr
    snapshots mount`.

    Examples:

        kuke-ctr snapshots prepare -r main scratch base
        kuke-ctr snapshots prepare -r main --target /mnt scratch base

    Runs `ctr snapshots prepare KEY [PARENT]`.
    """
    make = _maker(session, "prepare", key, parent, target, mounts, snapshotter, create_namespace)
    _tell(key, make.now(), prints=make.prints)


@app.command("view", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def view(
    session: Session,
    key: NewKey,
    parent: Parent = None,
    target: Target = None,
    mounts: Mounts = False,
    snapshotter: Snapshotter = None,
    create_namespace: CreateNamespace = False,
) -> None:
    """Create a read-only view of a committed snapshot.

    Prints the key; with --target or --mounts what ctr prints. The view gets a label, so that
    containerd does not remove it.

    Examples:

        kuke-ctr snapshots view -r main look base
        kuke-ctr snapshots view -r main --target /mnt look base

    Runs `ctr snapshots view KEY [PARENT]` and `ctr snapshots label KEY containerd.io/gc.root=TIME`.
    """
    make = _maker(session, "view", key, parent, target, mounts, snapshotter, create_namespace)
    label = snapshots.words(snapshotter, "label", key, rooted_label())
    said = make.now()
    for _ in range(_AGAIN):
        with suppress(NotFound):  # containerd has collected it, which had no label yet
            make.realm.scope.change(*label)
            break
        said = make.now()
    else:
        make.realm.scope.change(*label)
    _tell(key, said, prints=make.prints)


class _Maker(NamedTuple):
    """What makes a snapshot; `prints`: ctr prints what the user wants to see."""

    realm: OpenRealm
    words: tuple[str, ...]
    names: tuple[str, ...]
    snapshotter: str | None
    prints: bool

    def now(self) -> Result:
        with near_snapshots(self.realm, self.names[1:], self.snapshotter):
            return self.realm.scope.change(*self.words)


def _tell(key: str, said: Result, *, prints: bool) -> None:
    if not said.planned:
        if not prints:
            print(escape(key))
        print_bytes(said)


def _maker(
    session: Session,
    verb: str,
    key: str,
    parent: str | None,
    target: str | None,
    mounts: bool,
    snapshotter: str | None,
    create_namespace: bool,
) -> _Maker:
    if target is not None and mounts:
        raise UsageError("--target and --mounts cannot be combined", hint="leave one of them out")
    if mounts:
        versions.require(session.ctr, "snapshots", verb, "--mounts")
    realm = session.realm(changing=True, create=create_namespace, makes=True)
    refuse_id(realm, key)
    chosen = (*flags(target=target, mounts=mounts), *extra_flags(session))
    names = (key,) if parent is None else (key, parent)
    words = snapshots.words(snapshotter, verb, *chosen, *names)
    return _Maker(realm, words, names, snapshotter, prints=target is not None or mounts)


@app.command("commit", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def commit(
    session: Session,
    key: NewKey,
    active: Annotated[str, typer.Argument(metavar="ACTIVE", help="A writable snapshot.")],
    snapshotter: Snapshotter = None,
    yes: Yes = False,
    kukeon: Kukeon = False,
) -> None:
    """Commit a writable snapshot under a new key; asks if something uses it.

    The old key ACTIVE no longer exists afterwards; a container that has it cannot be started again.
    The files of a Kukeon container need --yes and --kukeon, or an answer that names the cell.
    Prints the key.

    Examples:

        kuke-ctr snapshots commit -r main base scratch
        kuke-ctr snapshots commit -r main base scratch --dry-run

    Runs `ctr snapshots commit KEY ACTIVE`.
    """
    realm = session.realm(changing=True)
    words = snapshots.words(snapshotter, "commit", *extra_flags(session), key, active)
    refuse_id(realm, key)
    with near_snapshots(realm, [active], snapshotter):
        there = known_snapshots(realm, snapshotter, lenient=yes)
        of_cells = confirm_cells(session, realm, [active], there, yes=yes, kukeon=kukeon)
        if not yes and not of_cells:
            found = users_of_snapshots(realm.scope, [active], snapshotter)
            if active not in found.users:
                raise NotFound(f"there is no snapshot {active}")
            ask_about_users(session, realm, found.users, yes=yes)
        said = realm.scope.change(*words)
    if not said.planned:
        print(escape(key))
