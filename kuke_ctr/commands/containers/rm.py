"""kuke-ctr containers label, rm"""

from collections.abc import Container, Mapping, Sequence
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
from kuke_ctr.commands.shared.container_argument import one_container, several_containers
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.kukeon import (
    Kukeon,
    by_cell,
    cell_answers,
    confirm_kukeon,
    members_of,
    of_cells,
    refuse_labels,
)
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.missing import near_containers
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.short_ids import by_id, sure_ids
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.members import Member
from kuke_ctr.recipes.cell_members import Members
from kuke_ctr.recipes.containers import has_living_task, remove
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

    A container whose task has not stopped is refused. A stopped task is removed too, and so is the
    log file of a container that `kuke-ctr run -d` created. With `--keep-snapshot` the snapshot gets
    a label, so that containerd does not remove it later. `--all` lists what will be removed and
    asks, or needs --yes. A container of a Kukeon cell, which cannot start without it, needs --yes
    and --kukeon, or an answer that names the cell; `--all` needs --kukeon to remove those.

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
    living = {name for name in states if has_living_task(name, states)}
    if every:
        wanted = _removable(realm, states)
    else:
        wanted = sure_ids(session, realm, names or (), states, what="will be removed", yes=yes)
    known = members_of(realm)
    found = _there(realm, known.among(wanted))
    if every and not kukeon:
        wanted, found = _without(wanted, found), {}
    if every and (others := [name for name in wanted if name not in found]):
        confirm(session, _what_goes(realm, others, keep_snapshot), yes=yes)
    if going := [one for name, one in found.items() if name not in living]:
        what = _what_cells_lose(known, going, living, keep_snapshot)
        answer = cell_answers(going)
        confirm_kukeon(session, what, answer, yes=yes, kukeon=kukeon, instead=_deletes(going))

    def one(name: str) -> str:
        if name in found and name in living:
            raise _runs(found[name], states[name])
        with near_containers(realm, name):
            remove(realm.scope, name, words, states)
        return name

    each(wanted, one, session)


def _there(realm: OpenRealm, found: dict[str, Member]) -> dict[str, Member]:
    """Those that containerd has: a record may name others."""
    existing = containers.names(realm.scope) if found else ()
    return {name: one for name, one in found.items() if name in existing}


def _without(names: Sequence[str], found: Mapping[str, Member]) -> list[str]:
    """The names of what is not Kukeon's; a note tells of the others."""
    if found:
        cells = sorted({one.cell for one in found.values()})
        those = "1 container belongs" if len(found) == 1 else f"{len(found)} containers belong"
        which = f"cell {cells[0]}" if len(cells) == 1 else f"cells {some(cells)}"
        note(
            f"{those} to Kukeon's {which} and will not be removed (--kukeon removes them as well): "
            f"{some(list(found))}"
        )
    return [name for name in names if name not in found]


def _what_cells_lose(
    known: Members, going: Sequence[Member], living: Container[str], keep_snapshot: bool
) -> str:
    files = "their snapshots stay" if keep_snapshot else "what they wrote in their files is lost"
    if len(going) == 1:
        files = "its snapshot stays" if keep_snapshot else "what it wrote in its files is lost"
    return (
        f"this removes {of_cells(known, going, living)}; {files}, and afterwards `kuke start` "
        f"fails ({going[0].id}: container not found)"
    )


def _deletes(going: Sequence[Member]) -> str:
    lines = [parts[0].kuke("delete cell") for parts in by_cell(going).values()]
    whole = "the whole cell" if len(lines) == 1 else "the whole cells"
    return f"to delete {whole} with Kukeon's record: {' and '.join(lines)}"


def _runs(one: Member, task: Task) -> KukeCtrError:
    return KukeCtrError(
        f"the task of the container {one.id} is {task.status}; the container was not removed",
        hint=f"it belongs to Kukeon's cell {one.cell}; to stop the cell: {one.kuke('stop')}",
    )


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
