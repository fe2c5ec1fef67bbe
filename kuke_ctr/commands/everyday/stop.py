"""kuke-ctr stop"""

from typing import Annotated

import typer

from kuke_ctr.commands.shared.confirm import Yes
from kuke_ctr.commands.shared.container_argument import several_containers
from kuke_ctr.commands.shared.option_table import IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.short_ids import sure_ids
from kuke_ctr.commands.tasks.of_cells import Ending
from kuke_ctr.commands.tasks.stop_tasks import (
    Seconds,
    StopSignal,
    StopTasks,
    grace_of,
    stopped_by_nerdctl,
)
from kuke_ctr.processes.signals import signal_of
from kuke_ctr.recipes.stop import Stop
from kuke_ctr.recipes.task_control import Tasks
from kuke_ctr.recipes.task_ends import TaskEnds
from kuke_ctr.render import escape
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("stop")
@takes(IN_REALM, NAMES)
def stop(
    session: Session,
    names: Annotated[list[str], several_containers()],
    seconds: Seconds = "10",
    signal: StopSignal = None,
    yes: Yes = False,
) -> None:
    """Stop containers: the stop signal of the image, else TERM; after 10 seconds SIGKILL.

    Several are stopped side by side. Container, files and stopped task stay: `kuke-ctr start`
    starts it again, `kuke-ctr rm` removes it. The exit code is told on stderr. One that has stopped
    before is no error. A paused container is resumed, so that it gets the signal. Ctrl-C leaves
    what has not stopped running, and says what that is.

    The name of a Kukeon cell means all its containers, the root last. kuke-ctr asks before the root
    ends, or needs --yes; `kuke stop` is the better way to stop a cell.

    Examples:

        kuke-ctr stop -r main web
        kuke-ctr stop -r main -t 30 db cache

    Runs `ctr tasks kill TASK` for each, `ctr tasks kill --signal SIGKILL TASK` after the time, and
    meanwhile `ctr events` and `ctr tasks ls`; `nerdctl stop ID` for what nerdctl has made.
    """
    grace, chosen = grace_of(seconds), signal_of(signal) if signal is not None else ""
    realm = session.realm(changing=True)

    def done(name: str) -> None:
        if not session.options.dry_run:
            print(escape(name), flush=True)

    with TaskEnds(realm.scope) as ends:
        found = Tasks(realm.scope)
        what = "will be stopped"
        ids = sure_ids(session, realm, names, found.states, what=what, yes=yes, cells=True)
        cells = Ending.of(session, realm, found.states, ids)
        cells.confirm(yes=yes, killed=chosen == "SIGKILL" or grace == 0)
        own = stopped_by_nerdctl(realm, ids, chosen, grace)
        StopTasks(session, realm, Stop(found, ends, chosen, grace, own), cells, done).all(ids)
