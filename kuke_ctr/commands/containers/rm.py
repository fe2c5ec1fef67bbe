"""kuke-ctr containers label, rm"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.commands.shared.confirm import (
    Yes,
    confirm,
    counted,
    each,
    names_or_all,
    some,
)
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.missing import near_containers
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.short_ids import by_id, sure_ids
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.kukeon.members import of_labels
from kuke_ctr.recipes.containers import has_living_task, remove
from kuke_ctr.records import Task
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("label", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def label(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="CONTAINER", help="The id of a container.")],
    labels: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE", help="Labels; KEY= removes one.")
    ],
) -> None:
    """Set labels of a container; `KEY=` removes one.

    Examples:

        kuke-ctr containers label -r main web team=a
        kuke-ctr containers label -r main web team=

    Runs `ctr containers label CONTAINER KEY=VALUE...`.
    """
    chosen = checked_labels(labels)
    extra = extra_flags(session)
    realm = session.realm(changing=True)

    def change(one: str) -> str:
        with near_containers(realm, one):
            containers.label(realm.scope, one, chosen, extra)
        return one

    whole = by_id(realm, name, change, changing=True)
    if not session.options.dry_run:
        print(whole)


@app.command("rm", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def rm(
    session: Session,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="CONTAINER", help="The ids of containers.")
    ] = None,
    keep_snapshot: Annotated[
        bool, typer.Option("--keep-snapshot", help="Its file system stays.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="All containers of the realm without a running task.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Remove containers and their snapshots.

    A container whose task has not stopped is refused. A stopped task is removed too, and so is the
    log file of a container that `kuke-ctr run -d` created. With `--keep-snapshot` the snapshot gets
    a label, so that containerd does not remove it later. `--all` lists what will be removed and
    asks, or needs --yes.

    Examples:

        kuke-ctr containers rm -r main web
        kuke-ctr containers rm -r main --all --dry-run

    Runs `ctr containers rm CONTAINER` for each, after `ctr tasks ls` and `ctr containers info`;
    with `--keep-snapshot` `ctr snapshots label` first.
    """
    names_or_all("containers", names, every)
    words = (*flags(keep_snapshot=keep_snapshot), *extra_flags(session))
    realm = session.realm(removing=True)
    states = tasks.states(realm.scope)
    if every:
        wanted = _removable(realm, states)
        if wanted:
            confirm(session, _what_goes(realm, wanted, keep_snapshot), yes=yes)
    else:
        known = states.keys()
        wanted = sure_ids(session, realm, names or (), known, what="will be removed", yes=yes)
        _confirm_kukeon(session, realm, wanted, yes=yes)

    def one(name: str) -> str:
        with near_containers(realm, name):
            remove(realm.scope, name, words, states)
        return name

    each(wanted, one, session)


def _confirm_kukeon(session: Session, realm: OpenRealm, names: Sequence[str], *, yes: bool) -> None:
    """Ask before a container of Kukeon's goes: its cell cannot be started again without it."""
    of_cells = _kukeons(realm, names)
    if of_cells:
        confirm(session, f"{_told(of_cells)} will be removed, with its files", yes=yes)


def _kukeons(realm: OpenRealm, names: Sequence[str]) -> dict[str, str]:
    """Those of the containers that are Kukeon's -> their cells."""
    found: dict[str, str] = {}
    for name in names:
        with suppress(NotFound, UsageError):
            member = of_labels(name, containers.facts(realm.scope, name).labels)
            if member is not None:
                found[name] = member.cell
    return found


def _told(of_cells: dict[str, str]) -> str:
    told = ", ".join(f"{name} (cell {cell})" for name, cell in of_cells.items())
    return f"{told}: Kukeon's, and `kuke start` needs it; it"


def _removable(realm: OpenRealm, states: dict[str, Task]) -> list[str]:
    """The containers without a living task; those with one are told to be staying."""
    names = containers.names(realm.scope)
    if not names:
        realm.require_namespace()
        note(f"{realm.described} has no containers")
    living = [name for name in names if has_living_task(name, states)]
    if living:
        those = "1 container has" if len(living) == 1 else f"{len(living)} containers have"
        note(f"{those} a task that has not stopped, and will not be removed: {some(living)}")
    return [name for name in names if name not in living]


def _what_goes(realm: OpenRealm, names: Sequence[str], keep_snapshot: bool) -> str:
    one = len(names) == 1
    whose = "its" if one else "their"
    snapshots = f"with {whose} files"
    if keep_snapshot:
        snapshots = f"{whose} snapshot stays" if one else f"{whose} snapshots stay"
    what = f"{counted(len(names), 'container')} of {realm.described}"
    of_cells = sorted(set(_kukeons(realm, names).values()))
    kukeon = f"; Kukeon's cells {some(of_cells)} cannot be started again" if of_cells else ""
    return f"{what} will be removed, {snapshots}: {some(names)}{kukeon}"
