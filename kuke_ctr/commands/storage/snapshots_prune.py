"""kuke-ctr snapshots prune, and what `snapshots ls --unused` shows"""

from collections.abc import Callable, Sequence

import typer

from kuke_ctr.backends.ctr import snapshots
from kuke_ctr.commands.shared.confirm import Yes, confirm, counted, each, some
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags
from kuke_ctr.commands.shared.kukeon import (
    Kukeon,
    cell_answers,
    confirm_kukeon,
    members_of,
)
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import Snapshotter, takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.storage.snapshots_rm import children_first
from kuke_ctr.errors import NotFound
from kuke_ctr.recipes.unused_snapshots import Unused, unused_snapshots
from kuke_ctr.records import Snapshot
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

_SHOWN = 5


@app.command("prune", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def prune(
    session: Session, snapshotter: Snapshotter = None, yes: Yes = False, kukeon: Kukeon = False
) -> None:
    """Remove the snapshots that no container, image, lease, mount or other snapshot uses.

    Lists them and asks, or needs --yes. A writable snapshot or a view that is younger than an hour
    is left alone: it may be about to be used. So are the files of Kukeon's containers, unless
    --kukeon is given.

    Examples:

        kuke-ctr snapshots prune -r main --dry-run
        kuke-ctr snapshots prune -r main --yes

    Runs `ctr snapshots rm KEY` for each, after `ctr snapshots ls`, `ctr containers info`, `ctr
    content ls`, `ctr leases ls` and `ctr snapshots info`.
    """
    realm = session.realm(removing=True)
    extra = extra_flags(session)
    known = members_of(realm)
    spare = (lambda key: False) if kukeon else spare_of_cells(realm)
    found = unused_snapshots(realm.scope, snapshotter, spare)
    tell_of_others(realm, found, snapshotter)
    if not found.unused:
        realm.require_namespace()
        note(f"{realm.described} has no unused snapshot")
        return
    told = some([f"{one.key} ({one.kind})" for one in found.unused])
    what = f"{counted(len(found.unused), 'snapshot')} of {realm.described}, which nothing uses"
    what = f"{what}, will be removed with all files: {told}"
    theirs = [cell for one in found.unused if (cell := known.by_id(one.key)) is not None]
    if theirs:
        answer = cell_answers(theirs)
        whose = f"{what}; of Kukeon's {some(sorted(f'cell {name}' for name in answer))}"
        confirm_kukeon(session, whose, answer, yes=yes, kukeon=kukeon)
    else:
        confirm(session, what, yes=yes)
    now = found
    if not (yes or session.options.dry_run):  # a question may have stood there for long
        now = unused_snapshots(realm.scope, snapshotter, spare)
    still = {one.key for one in now.unused}
    for one in found.unused:
        if one.key not in still:
            note(f"{one.key} was removed, or is used now; it was skipped")

    def remove(key: str) -> None:
        try:
            realm.scope.change(*snapshots.words(snapshotter, "rm", *extra, key))
        except NotFound:
            note(f"containerd has already removed {key}")

    going = [one.key for one in found.unused if one.key in still]
    each(children_first(going, {one.key: one for one in found.unused}), remove, session)


def spare_of_cells(realm: OpenRealm) -> Callable[[str], bool]:
    """Keeps the files of Kukeon's containers, those of lost ones too."""
    known = members_of(realm)
    return lambda key: known.by_id(key) is not None


def tell_of_others(realm: OpenRealm, found: Unused, snapshotter: str | None) -> None:
    """Name what looks unused and does not count as such, with the command that shows more."""
    if found.young:
        first = snapshots.words(snapshotter, "info", found.young[0].key)
        note(
            f"{_counted(found.young)} younger than an hour and may be about to be used: "
            f"{_named(found.young)} ({realm.scope.line(*first)})"
        )
    for one in found.spared:
        cell = members_of(realm).by_id(one.key)
        if cell is not None:
            note(
                f"{one.key} has the files of a container of Kukeon's cell {cell.cell}, although "
                "containerd lacks the container (--kukeon removes it as well)"
            )
    if found.leased:
        note(
            f"{_counted(found.leased)} perhaps kept by a lease: {_named(found.leased)} "
            f"({realm.scope.line('leases', 'ls')})"
        )


def _counted(found: Sequence[Snapshot]) -> str:
    return f"{counted(len(found), 'snapshot')} {'is' if len(found) == 1 else 'are'}"


def _named(found: Sequence[Snapshot]) -> str:
    return some([one.key for one in found], _SHOWN)
