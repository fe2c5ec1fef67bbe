"""kuke-ctr prune"""

import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import versions
from kuke_ctr.commands.images.rm import warn_of_docker
from kuke_ctr.commands.shared.confirm import Yes, confirm, some
from kuke_ctr.commands.shared.kukeon import Kukeon, cell_answers, confirm_kukeon, members_of
from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import FORMS, IN_REALM, row_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.storage.prune_kinds import Removal, bytes_of, told_kinds
from kuke_ctr.commands.storage.snapshots_prune import spare_of_cells, tell_of_others
from kuke_ctr.recipes.disk.plan import Kinds, Plan, plan_of
from kuke_ctr.records import Prunable
from kuke_ctr.render import Output, make_view, render
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

_HARMLESS = Kinds(snapshots=True, leases=True)
"""What goes where no kind is named: nobody can miss it."""

_SHOWN = 40
"""Rows of the table before the question."""

_CELLS_SHOWN = 5
_SHORT_DIGEST = len("sha256:") + 12


Images = Annotated[
    bool, typer.Option("--images", help="Images that no container and no record uses.")
]
Snapshots = Annotated[bool, typer.Option("--snapshots", help="Snapshots that nothing uses.")]
Leases = Annotated[bool, typer.Option("--leases", help="Leases that have expired.")]
Content = Annotated[
    bool,
    typer.Option(
        "--content",
        help="Compressed layers of unpacked images, which then cannot be pushed or exported.",
    ),
]


@app.command("prune")
@takes(IN_REALM, row_options(*FORMS))
def prune(
    session: Session,
    images: Images = False,
    snapshots: Snapshots = False,
    leases: Leases = False,
    content: Content = False,
    yes: Yes = False,
    kukeon: Kukeon = False,
) -> None:
    """Remove what a realm does not need; without a kind: unused snapshots and expired leases.

    Shows what goes, how much each frees and why it is not needed, and asks, or needs --yes. A note
    says what the kinds that you did not name would free. With -o, --dry-run prints the plan as
    records, and without --dry-run what was removed. Other realms are not touched.

    Examples:

        kuke-ctr prune -r main --dry-run
        kuke-ctr prune -r main --images --snapshots --leases

    Runs `ctr images rm`, `ctr snapshots rm`, `ctr leases rm` and `ctr content prune references`,
    after the lists that `kuke-ctr df` reads. Records: Prunable.
    """
    named = Kinds(images, snapshots, leases, content)
    kinds = named if any(named) else _HARMLESS
    view = view_of(session, Prunable)
    if kinds.content:
        versions.require(session.ctr, "content", "prune")
    realm = session.realm(removing=True)
    spare = (lambda key: False) if kukeon else spare_of_cells(realm)
    plan = _look(realm, kinds, spare)
    _tell(realm, plan, kinds, all_kinds=any(named))
    listed = _as_records(session)
    if not plan.rows:
        realm.require_namespace()
        note(f"{realm.described} has nothing to remove ({_named(kinds)})")
    elif not (session.options.dry_run and listed):
        _ask(session, realm, plan, yes=yes, kukeon=kukeon)
    if session.options.dry_run and listed:
        show(session, view, plan.rows)
        return
    # a question may have stood there for long
    now = plan if yes or session.options.dry_run else _look(realm, kinds, spare)
    removal = Removal(session, realm, plan, spare, quietly=listed)
    removal.run(_still(plan, now), now)
    if listed:
        show(session, view, removal.done)
    if removal.done:
        note(f"freed: {bytes_of(removal.done)}")
    if removal.errors:
        raise typer.Exit(max(error.exit_code for error in removal.errors))


def _look(realm: OpenRealm, kinds: Kinds, spare: Callable[[str], bool]) -> Plan:
    host = realm.host
    run_path, everywhere = host.settings.run_path, host.namespaces
    return plan_of(realm.scope, run_path, realm.resolution, everywhere, kinds, spare)


def _named(kinds: Kinds) -> str:
    """`snapshots, leases`."""
    return ", ".join(name for name, chosen in kinds._asdict().items() if chosen)


def _as_records(session: Session) -> bool:
    """Whether the options ask for records on stdout; else the names of what was removed are."""
    options = session.options
    return bool(options.output or options.quiet or options.columns or options.sort_by)


def _tell(realm: OpenRealm, plan: Plan, kinds: Kinds, *, all_kinds: bool) -> None:
    """What is left alone although it looks unused, and what other kinds would free."""
    if kinds.images:
        warn_of_docker(realm)
    if kinds.snapshots:
        for snapshotter, found in plan.found.items():
            tell_of_others(realm, found, snapshotter)
    if plan.others and not all_kinds:
        kept = [
            f"{told_kinds(rows)} ({bytes_of(rows)}; {option})"
            for kind, option in (("image", "--images"), ("content", "--content"))
            if (rows := [row for row in plan.others if row.kind == kind])
        ]
        note(f"note: not included: {'; '.join(kept)}")


def _ask(session: Session, realm: OpenRealm, plan: Plan, *, yes: bool, kukeon: bool) -> None:
    """Show the rows, and ask once for all of them."""
    if not yes:
        _show_table(plan.rows)
    what = f"{told_kinds(plan.rows)} of {realm.described} will be removed ({bytes_of(plan.rows)})"
    if any(row.kind == "content" for row in plan.rows):
        what += "; images whose layers go cannot be pushed or exported until they are pulled again"
    known = members_of(realm)
    keys = [row.name for row in plan.rows if row.kind == "snapshot"]
    theirs = [cell for key in keys if (cell := known.by_id(key)) is not None]
    if theirs:
        answer = cell_answers(theirs)
        whose = some(sorted(f"cell {name}" for name in answer), _CELLS_SHOWN)
        confirm_kukeon(
            session, f"{what}; files of Kukeon's {whose} go", answer, yes=yes, kukeon=kukeon
        )
        return
    if session.options.dry_run:
        note(f"note: {what}")
    confirm(session, what, yes=yes)


def _show_table(rows: Sequence[Prunable]) -> None:
    sys.stdout.flush()
    short = [
        row.model_copy(update={"name": row.name[:_SHORT_DIGEST]}) if row.kind == "content" else row
        for row in rows[:_SHOWN]
    ]
    for line in render(short, make_view(Prunable, output=Output.TABLE)):
        print(line, file=sys.stderr)
    if len(rows) > _SHOWN:
        note(f"and {len(rows) - _SHOWN} more (`--dry-run -o table` shows all)")


def _still(plan: Plan, now: Plan) -> list[Prunable]:
    """The rows that nothing has begun to use meanwhile."""
    left = {(row.kind, row.snapshotter, row.name) for row in now.rows}
    still = []
    for row in plan.rows:
        if (row.kind, row.snapshotter, row.name) in left:
            still.append(row)
        else:
            note(f"{row.name} was removed, or is used now; it was skipped")
    return still
