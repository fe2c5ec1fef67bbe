"""What `stop` and `restart` share: stop tasks, and tell how each ended."""

import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kuke_ctr.backends.ctr import containers
from kuke_ctr.backends.ctr.tasks import states
from kuke_ctr.commands.shared.confirm import some
from kuke_ctr.commands.shared.hints import scoped
from kuke_ctr.commands.shared.option_values import seconds_of
from kuke_ctr.commands.shared.output import note, show_error
from kuke_ctr.commands.tasks.each_task import no_task
from kuke_ctr.commands.tasks.of_cells import Ending
from kuke_ctr.errors import Interrupted, KukeCtrError
from kuke_ctr.processes.calls import in_seconds
from kuke_ctr.processes.clock import FOREVER
from kuke_ctr.processes.signals import ending_of
from kuke_ctr.recipes.containers import has_living_task
from kuke_ctr.recipes.nerdctls import changed_by_nerdctl
from kuke_ctr.recipes.stop import Stop, Stopped
from kuke_ctr.recipes.task_control import NoTask
from kuke_ctr.records import Task, TaskStatus
from kuke_ctr.session import OpenRealm, Session

if TYPE_CHECKING:
    from kuke_ctr.recipes.nerdctls_changes import NerdctlsOwn

Seconds = Annotated[
    str,
    typer.Option(
        "--time", "-t", metavar="TIME", help="Time until SIGKILL: 30, 90s; 0: at once, -1: never."
    ),
]

StopSignal = Annotated[
    str | None,
    typer.Option(
        "--signal", "-s", metavar="SIGNAL", help="Send this instead of the image's stop signal."
    ),
]


def grace_of(text: str) -> float:
    """The seconds between the stop signal and SIGKILL; UsageError."""
    if re.fullmatch(r"-1s?", text):
        return FOREVER
    return seconds_of(text, "--time", "0 kills at once, -1 never") or 0.0


def stopped_by_nerdctl(
    realm: OpenRealm, ids: Sequence[str], signal: str, seconds: float
) -> "NerdctlsOwn | None":
    """Those that nerdctl stops; none with a signal or a time that it does not take."""
    if signal or not float(seconds).is_integer():
        return None
    return changed_by_nerdctl(realm.host, realm.resolution, ids, "stop")


class StopTasks:
    """Stops tasks of a realm, the roots of Kukeon's cells last, and tells how each ended.

    `done` gets each that does not run now; what it raises counts as its failure.
    """

    def __init__(
        self,
        session: Session,
        realm: OpenRealm,
        stop: Stop,
        cells: Ending,
        done: Callable[[Stopped], None],
    ) -> None:
        self._session = session
        self._realm = realm
        self._stop = stop
        self._cells = cells
        self._done = done
        self._errors: list[KukeCtrError] = []

    def all(self, names: Sequence[str]) -> None:
        """Stop them; the exit code is that of the worst failure."""
        try:
            for group in self._cells.roots_last(names):
                for one in self._stop.all(group):
                    self._tell(one)
        except KeyboardInterrupt:
            raise self._interrupted(names) from None
        except KukeCtrError:  # containerd has gone
            if self._stop.left:
                note(f"not known to have stopped: {', '.join(self._stop.left)}")
            raise
        if self._errors:
            raise typer.Exit(max(error.exit_code for error in self._errors))

    def _tell(self, one: Stopped) -> None:
        try:
            if one.error is not None:
                self._judge(one.id, one.error)
            elif not self._session.options.dry_run:
                note(_how(one, self._stop.seconds))
            if one.error is None and one.ran:
                self._cells.tell_of_stop(one.id)
            self._done(one)
        except KukeCtrError as error:
            sys.stdout.flush()
            show_error(scoped(error, self._session.options))
            self._errors.append(error)

    def _judge(self, name: str, error: KukeCtrError) -> None:
        """Raise it, unless there is a container that just does not run."""
        if not isinstance(error, NoTask):
            raise error
        if name not in containers.names(self._realm.scope):
            raise no_task(self._realm, name, error)
        note(f"{name} is not running: it has no task")

    def _interrupted(self, names: Sequence[str]) -> Interrupted:
        """What is true now, for somebody who has pressed Ctrl-C."""
        ran = [name for name in names if has_living_task(name, self._stop.tasks.states)]
        try:
            now = states(self._realm.scope)
        except KukeCtrError:
            said = f"whether {some(ran)} has stopped is not known"
        else:
            told = [_state(name, now.get(name), self._stop) for name in ran]
            said = "; ".join(told) or "nothing was running"
        shows = self._realm.scope.line("tasks", "ls")
        return Interrupted(f"interrupted: {said}", hint=f"{shows} shows their states")


def _state(name: str, task: Task | None, stop: Stop) -> str:
    if task is None or task.status == TaskStatus.STOPPED:
        return f"{name} has stopped"
    goes_on = "is paused" if task.status == TaskStatus.PAUSED else "is running"
    if name in stop.over:
        return f"{name} {goes_on} again"
    may = "may have got" if name in stop.left and name not in stop.sent else "got"
    return f"{name} {may} {'its stop' if name in stop.left else 'no'} signal and {goes_on}"


def _how(one: Stopped, seconds: float) -> str:
    ending = "its exit code is not known" if one.code is None else ending_of(one.code)
    if not one.ran:
        return f"{one.id} had already stopped: {ending}"
    if one.killed and seconds:
        return f"{one.id} did not stop within {in_seconds(seconds)} and was killed: {ending}"
    return f"{one.id} {'was killed' if one.killed else 'has stopped'}: {ending}"
