"""kuke-ctr restart"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Annotated

import typer

from kuke_ctr.backends.ctr.containers import CNI
from kuke_ctr.commands.shared.confirm import Yes, confirm
from kuke_ctr.commands.shared.container_argument import several_containers
from kuke_ctr.commands.shared.option_table import IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.tasks.of_cells import Ending
from kuke_ctr.commands.tasks.starting import (
    TO_LOG,
    confirm_joining,
    facts,
    ids_to_start,
    start_again,
)
from kuke_ctr.commands.tasks.stop_tasks import (
    Seconds,
    StopSignal,
    StopTasks,
    grace_of,
    stopped_by_nerdctl,
)
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.processes.signals import signal_of
from kuke_ctr.recipes.stop import Stop, Stopped
from kuke_ctr.recipes.task_control import Tasks
from kuke_ctr.recipes.task_ends import TaskEnds
from kuke_ctr.render import escape
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("restart")
@takes(IN_REALM, NAMES)
def restart(
    session: Session,
    names: Annotated[list[str], several_containers()],
    seconds: Seconds = "10",
    signal: StopSignal = None,
    yes: Yes = False,
) -> None:
    """Stop containers as `stop` does, and start them again in the background.

    One that does not run is started. Each is started as soon as it has stopped. The files of the
    container stay; its output goes to the log that it had, or to a new one.

    A container of Kukeon's is refused: `kuke restart` restarts its cell.

    Examples:

        kuke-ctr restart -r main web
        kuke-ctr restart -r main -t 30 db cache

    Runs what `kuke-ctr stop` and `kuke-ctr start` run: `ctr tasks kill TASK`, `ctr tasks rm TASK`,
    `ctr tasks start --detach ID`.
    """
    grace, chosen = grace_of(seconds), signal_of(signal) if signal is not None else ""
    realm = session.realm(changing=True)
    with TaskEnds(realm.scope) as ends:
        found = Tasks(realm.scope)
        ids = ids_to_start(realm, names, found, "restart")
        infos = _infos(realm, ids)
        _confirm(session, infos.values(), yes=yes)

        def start(one: Stopped) -> None:
            name = one.id
            try:
                info = infos[name] if name in infos else facts(realm, name)
                start_again(session, realm, info, TO_LOG, stopped=True)
            except KukeCtrError as error:
                raise _not_started(name, error) from None
            if not session.options.dry_run:
                print(escape(name), flush=True)

        own = stopped_by_nerdctl(realm, ids, chosen, grace)
        stop = Stop(found, ends, chosen, grace, own)
        StopTasks(session, realm, stop, Ending.of_none(session, realm), start).all(ids)


def _infos(realm: OpenRealm, ids: Sequence[str]) -> dict[str, ContainerInfo]:
    """What is known of those that there are."""
    found = {}
    for name in ids:
        with suppress(NotFound):  # to be told where it is stopped
            found[name] = facts(realm, name)
    return found


def _confirm(session: Session, infos: Collection[ContainerInfo], *, yes: bool) -> None:
    for info in infos:
        confirm_joining(session, info, yes=yes)
    lost = [info.id for info in infos if CNI in info.extensions]
    if lost:
        what = f"ctr gives no network to a container that is started again: {', '.join(lost)}"
        confirm(session, what, yes=yes)


def _not_started(name: str, error: KukeCtrError) -> KukeCtrError:
    return error.but(message=f"{name} has stopped, but was not started again: {error.message}")
