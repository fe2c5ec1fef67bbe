"""kuke-ctr tasks"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import tasks
from kuke_ctr.commands.shared.container_argument import several_containers
from kuke_ctr.commands.shared.lists import list_realms_table, show, view_of
from kuke_ctr.commands.shared.option_table import EVERY_REALM, IN_REALM, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.tasks.each_task import copy_each, metrics_in, of_each, processes_in
from kuke_ctr.recipes.process_facts import seen_by_us, with_facts
from kuke_ctr.records import Metrics, Process, Task
from kuke_ctr.render import Output
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("ls")
@takes(IN_REALM, EVERY_REALM, list_options())
def ls(session: Session) -> None:
    """List the tasks of a realm (the processes of containers), running or stopped.

    The order is that of the ids. -o wide, json, jsonl, yaml and csv have more than the table:
    image, Kukeon's cell, creation time, labels. Creation time and labels cost a call for each
    container; --columns leaves out what you do not need.

    Examples:

        kuke-ctr tasks ls -r main
        kuke-ctr tasks ls -A -o wide

    Runs `ctr tasks ls`; for more columns `ctr containers ls` and `ctr containers info` of each.
    Records: Task.
    """
    list_realms_table(
        session,
        tasks.LS,
        Task,
        when_empty=lambda realm: f"{realm.described} has no tasks",
        more=OpenRealm.with_details,
    )


Tasks = Annotated[list[str] | None, several_containers("TASK", "; default: all running tasks")]


@app.command("ps")
@takes(IN_REALM, EVERY_REALM, list_options())
def ps(session: Session, names: Tasks = None) -> None:
    """List the processes of tasks, with user, start time and command.

    Users are those of the host.

    Examples:

        kuke-ctr tasks ps -r main
        kuke-ctr tasks ps -r main web -o wide

    Runs `ctr tasks ps TASK` for each, after `ctr tasks ls` if you name none. Records: Process.
    """
    view = view_of(session, Process)
    if view.output is Output.RAW:
        copy_each(session, tasks.ps, names or ())
        return
    rows, errors = of_each(session, tasks.ps, processes_in, names or ())
    if rows and session.options.replay is None and seen_by_us(session.host.settings.socket):
        rows = with_facts(rows)
    show(session, view, rows, errors)


@app.command("metrics")
@takes(IN_REALM, EVERY_REALM, list_options())
def metrics(session: Session, names: Tasks = None) -> None:
    """Show the CPU time, memory, processes and I/O of tasks.

    The fields are the same for cgroup versions 1 and 2.

    Examples:

        kuke-ctr tasks metrics -r main
        kuke-ctr tasks metrics -r main web -o json

    Runs `ctr tasks metrics --format json TASK` for each, after `ctr tasks ls` if you name none.
    Records: Metrics.
    """
    view = view_of(session, Metrics)
    if view.output is Output.RAW:
        copy_each(session, tasks.metrics, names or ())
        return
    rows, errors = of_each(session, tasks.metrics, metrics_in, names or ())
    show(session, view, rows, errors)
