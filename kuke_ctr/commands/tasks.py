"""kuke-ctr tasks"""

import typer

from kuke_ctr.backends.ctr import tasks
from kuke_ctr.commands.lists import list_realms_table
from kuke_ctr.options import shared
from kuke_ctr.records import Task
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("ls")
@shared
def ls(session: Session) -> None:
    """List the tasks of a realm: the containers' processes, running or stopped.

    Runs `ctr tasks ls`; the rows come in the order of their ids. Records: Task.
    """
    list_realms_table(
        session,
        tasks.LS,
        Task,
        when_empty=lambda realm: f"realm {realm.name} (namespace {realm.namespace}) has no tasks",
    )
