"""kuke-ctr containers label, rm"""

from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import containers
from kuke_ctr.commands.containers.going import Going
from kuke_ctr.commands.shared.confirm import (
    Yes,
    confirm,
    counted,
    each,
    names_or_all,
    some,
)
from kuke_ctr.commands.shared.container_argument import one_container, several_containers
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.kukeon import Kukeon, refuse_labels
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.missing import near_containers
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.short_ids import by_id, sure_ids
from kuke_ctr.errors import UsageError
from kuke_ctr.recipes.containers import has_living_task
from kuke_ctr.recipes.task_control import Tasks
from kuke_ctr.records import Task
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("label", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def label(
    session: Session,
    name: Annotated[str, one_container()],
    labels: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE", help="Labels; KEY= removes one.")
    ],
    kukeon: Kukeon = False,
) -> None:
    """Set labels of a container; `KEY=` removes one.

    Kukeon keeps its own state in the labels of its containers: changing one needs --kukeon.

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
            refuse_labels(session, realm, one, kukeon=kukeon)
            containers.label(realm.scope, one, chosen, extra)
        return one

    whole = by_id(realm, name, change, changing=True)
    if not session.options.dry_run:
        print(whole)


@app.command("rm", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def rm(
    session: Session,
    names: Annotated[list[str] | None, several_containers()] = None,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Kill a running task (SIGKILL) first.")
    ] = False,
    keep_snapshot: Annotated[
        bool, typer.Option("--keep-snapshot", help="Its file system stays.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="All containers of the realm without a running task.")
    ] = False,
    yes: Yes = False,
    kukeon: Kukeon = False,
) -> None:
    """Remove containers and their snapshots.

    A container whose task has not stopped is refused without --force. A stopped task is removed
    too, and so is the log file of a container that `kuke-ctr run -d` created. With
    `--keep-snapshot` the snapshot gets a label, so that containerd does not remove it later.
    `--all` lists what will be removed and asks, or needs --yes. A container of a Kukeon cell, which
    cannot start without it, needs --yes and --kukeon, or an answer that names the cell; `--all`
    needs --kukeon to remove those.

    Examples:

        kuke-ctr rm -r main -f web
        kuke-ctr containers rm -r main --all --dry-run

    Runs `ctr containers rm CONTAINER` for each, after `ctr tasks ls` and `ctr containers info`;
    with --force `ctr tasks rm --force` first, with --keep-snapshot `ctr snapshots label`; `nerdctl
    rm ID` for what nerdctl has made.
    """
    names_or_all("containers", names, every)
    if every and force:
        raise UsageError(
            "--all and --force cannot be combined", hint="name the containers that are to be killed"
        )
    words = (*flags(keep_snapshot=keep_snapshot), *extra_flags(session))
    realm = session.realm(removing=True)
    found = Tasks(realm.scope)
    if every:
        wanted = _removable(realm, found.states)
    else:
        what = "will be removed"
        wanted = sure_ids(session, realm, names or (), found.states, what=what, yes=yes)
    going = Going.of(realm, found, wanted, force=force, keep_snapshot=keep_snapshot)
    if every and not kukeon:
        going = going.without_kukeons()
    if every and (others := [name for name in going.names if name not in going.members]):
        confirm(session, _what_goes(realm, others, keep_snapshot), yes=yes)
    going.confirm(session, yes=yes, kukeon=kukeon)
    each(going.names, lambda name: going.remove(name, words), session)


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
    return f"{what} will be removed, {snapshots}: {some(names)}"
