"""kuke-ctr top"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import tasks
from kuke_ctr.commands.shared.container_argument import one_container
from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import FORMS, IN_REALM, WATCH, row_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.tasks.each_task import of_each, processes_in
from kuke_ctr.recipes.process_facts import seen_by_us
from kuke_ctr.recipes.process_usage import usage_of
from kuke_ctr.records import ProcessUsage
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("top")
@takes(IN_REALM, row_options(*FORMS), WATCH)
def top(session: Session, container: Annotated[str, one_container("ID")]) -> None:
    """Show the processes of a container: who they are outside and inside, and what they use.

    PID and UID are the host's, INSIDE is the process id in the container. CPU % is over half a
    second, 100 for each processor. MEMORY includes pages that processes share.

    Examples:

        kuke-ctr top -r main web
        kuke-ctr top -r main web --sort-by -cpu_percent -o wide

    Runs `ctr tasks ps ID`, and reads /proc. Records: ProcessUsage.
    """
    view = view_of(session, ProcessUsage)
    found, errors = of_each(session, tasks.ps, processes_in, [container])
    here = session.options.replay is None and seen_by_us(session.host.settings.socket)
    by_pid = sorted(found, key=lambda one: one.pid)
    show(session, view, usage_of(by_pid, here=here), errors)
