"""kuke-ctr ps"""

from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.backends.ctr.tables import fetch_both, whole
from kuke_ctr.commands.shared.lists import rows_in, show, view_of
from kuke_ctr.commands.shared.option_table import EVERY_REALM, FORMS, IN_REALM, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.recipes.container_details import infos_of
from kuke_ctr.recipes.ps import Chosen, Infos, Joiner
from kuke_ctr.records import Container, PsContainer
from kuke_ctr.render import needed
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("ps")
@takes(IN_REALM, EVERY_REALM, list_options(*FORMS), own=("-a",))
def ps(
    session: Session,
    every: Annotated[
        bool, typer.Option("--all", "-a", help="Also those that do not run (-a is not --address).")
    ] = False,
    space: Annotated[str | None, typer.Option(help="Only containers in this space.")] = None,
    stack: Annotated[str | None, typer.Option(help="Only containers in this stack.")] = None,
    cell: Annotated[
        str | None,
        typer.Option(metavar="[[SPACE/]STACK/]CELL", help="Only containers in this cell."),
    ] = None,
) -> None:
    """List the running containers of a realm, with Kukeon's cell, image, pid, status and age.

    AGE is how long the process has been running. -o wide, json, jsonl, yaml and csv also have
    creation time, snapshot, log file and labels, which cost a call for each container.
    `kuke-ctr tasks ps` lists the processes in a container.

    Examples:

        kuke-ctr ps -r main
        kuke-ctr ps -A -a --cell web

    Runs `ctr containers ls` and `ctr tasks ls` side by side; for more columns `ctr containers info`
    of each; with --backend nerdctl `nerdctl ps` and `nerdctl container inspect`. Records:
    PsContainer.
    """
    view = view_of(session, PsContainer)
    realms = session.realms()
    spaces = [realm.namespace for realm in realms]
    nerdctl = session.host.nerdctl_for("ps")
    infos: Infos = infos_of
    if nerdctl is None:
        of_containers, of_tasks = fetch_both(session.ctr, containers.LS, tasks.LS, spaces)
    else:
        from kuke_ctr.recipes.nerdctl_ps import NerdctlPs  # late: mostly ctr serves

        through = NerdctlPs(nerdctl)
        of_containers, of_tasks = through.both(spaces)
        infos = through.infos_of
    if session.options.dry_run:
        return
    by_namespace = dict(zip(spaces, of_tasks, strict=True))
    chosen = Chosen(every, space, stack, cell)
    joiner = Joiner(session.host, chosen, needed(PsContainer, view), infos)
    seen: list[str] = []

    def more(realm: OpenRealm, rows: list[Container]) -> list[Container]:
        seen.extend(row.id for row in rows)
        if not rows:
            return []
        states = {one.id: one for one in whole(by_namespace[realm.namespace])}
        return [*joiner.joined(realm.resolution, rows, states)]

    rows, errors = rows_in(session, realms, of_containers, more)
    show(session, view, rows, errors)
    if not (rows or errors):
        note(_why_empty(realms, len(seen), chosen))


def _why_empty(realms: Sequence[OpenRealm], seen: int, chosen: Chosen) -> str:
    """What to say where nothing is listed; `seen` is how many containers there are."""
    one = realms[0] if len(realms) == 1 else None
    where = one.described if one is not None else f"{len(realms)} realms"
    if not seen:
        return f"{where} has no containers" if one else f"none of the {where} has containers"
    kind = "container" if chosen.every else "running container"
    if chosen.by_cell:
        places = {"space": chosen.space, "stack": chosen.stack, "cell": chosen.cell}
        named = " and ".join(f"{what} {name}" for what, name in places.items() if name is not None)
        return f"no {kind} of {where} is in {named}"
    rest = "1 container does" if seen == 1 else f"{seen} containers do"
    lists = one.scope.line("ps", "--all") if one is not None else "`kuke-ctr ps -A --all`"
    return f"no {kind} in {where}; {rest} not run: {lists}"
