"""kuke-ctr tasks start"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import tasks
from kuke_ctr.commands.shared.confirm import Yes
from kuke_ctr.commands.shared.container_argument import one_container
from kuke_ctr.commands.shared.ctr_flags import flags
from kuke_ctr.commands.shared.launch import Launch, Manner, launch, own_failures, require_terminal
from kuke_ctr.commands.shared.option_table import HOST, RECORD, SCOPE, TRACE
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.process_options import (
    Detach,
    DetachedOutput,
    ForceTty,
    Interactive,
    with_detached_output,
)
from kuke_ctr.commands.shared.short_ids import by_id
from kuke_ctr.commands.tasks.starting import (
    confirm_joining,
    facts,
    forget_log,
    log_for,
    refuse_kukeons,
)
from kuke_ctr.errors import CtrFailed, UsageError
from kuke_ctr.records import TaskStatus
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("start")
@takes(SCOPE, TRACE, HOST, RECORD)
@with_detached_output
def start(
    session: Session,
    container: Annotated[str, one_container("ID", "container without a task")],
    detach: Detach = False,
    interactive: Interactive = False,
    force_tty: ForceTty = False,
    yes: Yes = False,
    *,
    output: DetachedOutput,
) -> None:
    """Start an existing container that is not running.

    A container of Kukeon's is refused: `kuke start` starts its cell. One whose spec joins the
    namespaces of a process by its number needs --yes or an answer: another process may have that
    number by now.

    In the foreground the exit code is that of its process, and ctr deletes the task when it ends;
    125: ctr or kuke-ctr failed. With -d the output goes to /var/log/kuke-ctr/NAMESPACE/ID.log, and
    a label of the container names that file.

    Examples:

        kuke-ctr tasks start -r main -d web
        kuke-ctr tasks start -r main -i web

    Runs `ctr tasks start [-d] ID`.
    """
    with own_failures():
        output.check(detach=detach, tty=False)
        realm = session.realm(changing=True)
        info = by_id(realm, container, lambda one: facts(realm, one), changing=True)
        container = info.id
        refuse_kukeons(realm, info)
        _refuse_running(realm, container)
        confirm_joining(session, info, yes=yes)
        tty = info.terminal
        output.check(detach=detach, tty=tty)
        if not detach and not session.options.dry_run:
            _require_terminal(realm, container, tty, force_tty)
        log = None
        if detach and output.is_logged(tty=tty):
            log = log_for(session, realm, info, output.log_file)
        given = flags(detach=detach, null_io=output.null_io, log_uri=log.uri if log else None)
        call = tasks.start(realm.scope, container, given)
        what = Launch(session, realm, call, container, ())
        code = launch(
            what,
            Manner(detach=detach, tty=tty, interactive=interactive),
            undo=lambda _: forget_log(what, log),
        )
    raise typer.Exit(code)


def _require_terminal(realm: OpenRealm, container: str, tty: bool, force: bool) -> None:
    """UsageError for a container with a terminal where stdin is none."""
    try:
        require_terminal(tty, force)
    except UsageError:
        starts = realm.scope.line("tasks", "start", "-d", container)
        raise UsageError(
            f"{container} has a terminal, and stdin is not one",
            hint=f"{starts} starts it in the background",
        ) from None


def _refuse_running(realm: OpenRealm, container: str) -> None:
    """CtrFailed where there is a task: a stopped one has to be removed first."""
    task = tasks.states(realm.scope).get(container)
    if task is None:
        return
    if task.status == TaskStatus.STOPPED:
        raise CtrFailed(
            f"{container} has ended, but its task still exists",
            hint=f"to delete the task and start it again: {_again(realm, container)}",
        )
    raise CtrFailed(
        f"{container} is already started: its task is {task.status}, pid {task.pid}",
        hint=f"{realm.scope.line('exec', '-t', container, 'sh')} opens a shell in it",
    )


def _again(realm: OpenRealm, container: str) -> str:
    """The one line that starts a container whose task has ended, in backticks."""
    removes = realm.scope.line("tasks", "rm", container)
    starts = realm.scope.line("tasks", "start", container)
    return f"{removes.rstrip('`')} && {starts.lstrip('`')}"
