"""kuke-ctr stop"""

from typing import Annotated, Literal

import typer

from kuke_ctr.commands.shared.confirm import Yes
from kuke_ctr.commands.shared.container_argument import several_containers
from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import IN_REALM, QUIET, format_option
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
from kuke_ctr.recipes.stop import Stop, Stopped
from kuke_ctr.recipes.task_control import Tasks
from kuke_ctr.recipes.task_ends import TaskEnds
from kuke_ctr.records import StoppedContainer
from kuke_ctr.render import WHOLE, Output, escape
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("stop")
@takes(IN_REALM, format_option(Output.JSON, Output.JSONL, Output.YAML, Output.NAME), QUIET)
def stop(
    session: Session,
    names: Annotated[list[str], several_containers()],
    seconds: Seconds = "10",
    signal: StopSignal = None,
    yes: Yes = False,
) -> None:
    """Stop containers: the stop signal of the image, else TERM; after 10 seconds SIGKILL.

    Several are stopped side by side. Container, files and stopped task stay: `kuke-ctr start`
    starts it again, `kuke-ctr rm` removes it. The ids are printed, the exit codes on stderr; -o
    json has both, and how each ended. One that has stopped
    before is no error. A paused container is resumed, so that it gets the signal. Ctrl-C leaves
    what has not stopped running, and says what that is.

    The name of a Kukeon cell means all its containers, the root last. kuke-ctr asks before the root
    ends, or needs --yes; `kuke stop` is the better way to stop a cell.

    Examples:

        kuke-ctr stop -r main web
        kuke-ctr stop -r main -t 30 -o json db cache

    Runs `ctr tasks kill TASK` for each, `ctr tasks kill --signal SIGKILL TASK` after the time, and
    meanwhile `ctr events` and `ctr tasks ls`; `nerdctl stop ID` for what nerdctl has made. Records:
    StoppedContainer.
    """
    grace, chosen = grace_of(seconds), signal_of(signal) if signal is not None else ""
    shown = _Shown(session)
    realm = session.realm(changing=True)
    with TaskEnds(realm.scope) as ends:
        found = Tasks(realm.scope)
        what = "will be stopped"
        ids = sure_ids(session, realm, names, found.states, what=what, yes=yes, cells=True)
        cells = Ending.of(session, realm, found.states, ids)
        cells.confirm(yes=yes, killed=chosen == "SIGKILL" or grace == 0)
        stop = Stop(found, ends, chosen, grace, stopped_by_nerdctl(realm, ids, chosen, grace))
        try:
            StopTasks(session, realm, stop, cells, shown.take).all(ids)
        finally:
            shown.finish()


class _Shown:
    """Prints each that has stopped at once; json and yaml, which are one document, in the end."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._view = view_of(session, StoppedContainer)
        self._by_name = session.options.output is None or self._view.output is Output.NAME
        self._rows: list[StoppedContainer] = []

    def take(self, one: Stopped) -> None:
        """One that does not run now."""
        if self._session.options.dry_run:
            return
        if self._by_name:
            print(escape(one.id), flush=True)
        elif self._view.output is Output.JSONL:
            show(self._session, self._view, [_record(one)])
        else:
            self._rows.append(_record(one))

    def finish(self) -> None:
        """No more will come."""
        if self._view.output in WHOLE and not self._session.options.dry_run:
            show(self._session, self._view, self._rows)


def _record(one: Stopped) -> StoppedContainer:
    ending: Literal["stopped", "killed", "already-stopped", "not-running"]
    if one.error is not None:
        ending = "not-running"
    elif not one.ran:
        ending = "already-stopped"
    else:
        ending = "killed" if one.killed else "stopped"
    return StoppedContainer(id=one.id, ending=ending, exit_code=one.code)
