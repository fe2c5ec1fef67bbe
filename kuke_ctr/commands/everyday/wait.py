"""kuke-ctr wait"""

import time
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from kuke_ctr.commands.shared.container_argument import several_containers
from kuke_ctr.commands.shared.hints import scoped
from kuke_ctr.commands.shared.option_table import IN_REALM
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note, show_error
from kuke_ctr.commands.shared.short_ids import whole_ids
from kuke_ctr.commands.tasks.change_each import tasks_of
from kuke_ctr.commands.tasks.each_task import no_task
from kuke_ctr.errors import CtrFailed, KukeCtrError, NotFound, TimeLimit
from kuke_ctr.processes.calls import in_seconds
from kuke_ctr.processes.clock import FOREVER
from kuke_ctr.recipes.containers import has_living_task
from kuke_ctr.recipes.task_ends import TaskEnds
from kuke_ctr.records import Task, TaskStatus
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("wait")
@takes(IN_REALM)
def wait(session: Session, names: Annotated[list[str], several_containers()]) -> None:
    """Wait until containers stop, and print their exit codes, one a line, in the order as typed.

    Of one that has stopped already the exit code is printed at once. Nothing is signalled and no
    task is deleted, so others can still read the code. --timeout limits the whole wait: exit code
    124. An exit code that nobody can tell any more is exit code 1.

    Examples:

        kuke-ctr wait -r main web
        kuke-ctr wait -r main --timeout 5m job1 job2

    Runs `ctr events` and `ctr tasks ls`, and `ctr shim --id TASK state` for a stopped task.
    """
    realm = session.realm()
    with TaskEnds(realm.scope) as ends:  # before the first look, so that no end is missed
        found = tasks_of(realm)
        ids = whole_ids(realm, names, found.states)
        codes = _Codes(session, ids)
        codes.take({name: _no_task(realm, name) for name in ids if name not in found.states})
        left = {name: found.states[name] for name in ids if has_living_task(name, found.states)}
        ended = [name for name in ids if name in found.states and name not in left]
        codes.take({name: _told(realm, name, ends.code_of(name)) for name in ended})
        _tell_of_paused(realm, left)
        if not session.options.dry_run:
            for one in ends.until(left, _deadline(session)):
                codes.take({one.id: _told(realm, one.id, one.code)})
            codes.take({name: _late(session, realm, name) for name in codes.waiting})
    codes.finish()


class _Codes:
    """The exit codes, printed in the order of the ids, each as soon as those before it are."""

    def __init__(self, session: Session, ids: Sequence[str]) -> None:
        self._session = session
        self._left = list(ids)
        self._known: dict[str, int | KukeCtrError] = {}
        self._worst = 0

    @property
    def waiting(self) -> list[str]:
        """The ids of which nothing is known."""
        return [name for name in self._left if name not in self._known]

    def take(self, codes: Mapping[str, int | KukeCtrError]) -> None:
        """Take what is known now, a code or why there is none, and print what can be."""
        self._known.update(codes)
        while self._left and self._left[0] in self._known:
            code = self._known[self._left.pop(0)]
            if isinstance(code, int):
                print(code, flush=True)
            else:
                show_error(scoped(code, self._session.options))
                self._worst = max(self._worst, code.exit_code)

    def finish(self) -> None:
        """Exit with the code of the worst failure."""
        if self._worst:
            raise typer.Exit(self._worst)


def _deadline(session: Session) -> float:
    limit = session.options.timeout
    return time.monotonic() + limit if limit else FOREVER


def _no_task(realm: OpenRealm, name: str) -> NotFound:
    return no_task(realm, name, NotFound(f"the task {name} does not exist"))


def _told(realm: OpenRealm, name: str, code: int | None) -> int | KukeCtrError:
    if code is not None:
        return code
    return CtrFailed(
        f"{name} has stopped, but its exit code is not known",
        hint=f"if its task is still there, {realm.scope.line('tasks', 'rm', name)} deletes it and "
        "tells the exit code",
    )


def _late(session: Session, realm: OpenRealm, name: str) -> TimeLimit:
    limit = session.options.timeout or 0
    stops = realm.scope.line("stop", name)
    return TimeLimit(f"{name} did not stop within {in_seconds(limit)}", hint=f"{stops} stops it")


def _tell_of_paused(realm: OpenRealm, tasks: Mapping[str, Task]) -> None:
    for name, task in tasks.items():
        if task.status in (TaskStatus.PAUSED, TaskStatus.PAUSING):
            note(f"{name} is paused: it cannot end before {realm.scope.line('resume', name)}")
