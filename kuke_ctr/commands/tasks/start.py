"""kuke-ctr tasks start"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.commands.shared.ctr_flags import flags
from kuke_ctr.commands.shared.launch import (
    Launch,
    Manner,
    launch,
    own_failures,
    require_terminal,
    status_of,
)
from kuke_ctr.commands.shared.missing import near_containers
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
from kuke_ctr.errors import CtrFailed, UsageError
from kuke_ctr.kukeon.members import of_labels
from kuke_ctr.parse.container_info import LOG_LABEL, ContainerInfo
from kuke_ctr.recipes.containers import log_of
from kuke_ctr.recipes.run import RunLog, make_log
from kuke_ctr.recipes.start import NOT_RUNNING
from kuke_ctr.records import TaskStatus
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("start")
@takes(SCOPE, TRACE, HOST, RECORD)
@with_detached_output
def start(
    session: Session,
    container: Annotated[
        str, typer.Argument(metavar="ID", help="The id of a container without a task.")
    ],
    detach: Detach = False,
    interactive: Interactive = False,
    force_tty: ForceTty = False,
    *,
    output: DetachedOutput,
) -> None:
    """Start an existing container that is not running.

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
        info = by_id(realm, container, lambda one: _facts(realm, one), changing=True)
        container = info.id
        _refuse_running(realm, info)
        tty = info.terminal
        output.check(detach=detach, tty=tty)
        if not detach and not session.options.dry_run:
            _require_terminal(realm, container, tty, force_tty)
        log = None
        if detach and output.is_logged(tty=tty):
            log = _log(session, realm, info, output.log_file)
        given = flags(detach=detach, null_io=output.null_io, log_uri=log.uri if log else None)
        call = tasks.start(realm.scope, container, given)
        what = Launch(session, realm, call, container, ())
        code = launch(
            what,
            Manner(detach=detach, tty=tty, interactive=interactive),
            undo=lambda _: _forget_log(what, log),
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


def _facts(realm: OpenRealm, container: str) -> ContainerInfo:
    with near_containers(realm, container):
        return containers.facts(realm.scope, container)


def _refuse_running(realm: OpenRealm, info: ContainerInfo) -> None:
    """CtrFailed where there is a task, for a stopped one has to be removed first; and for Kukeon's.

    The spec of a container of Kukeon's joins the network of a process by its number. Another
    process may have the number by now, and the container would run in its network.
    """
    container = info.id
    kukeon = of_labels(container, info.labels)
    if kukeon is not None:
        said = f"{container} is Kukeon's: kuke-ctr does not start it"
        raise CtrFailed(said, hint=kukeon.start_hint)
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


def _forget_log(what: Launch, log: RunLog | None) -> None:
    """Remove the log of a task that is known not to run."""
    if log is not None and status_of(what) in NOT_RUNNING:
        log.remove()


def _log(session: Session, realm: OpenRealm, info: ContainerInfo, asked: str | None) -> RunLog:
    """The log that it had before, if that is still there; else a new one, and the label for it.

    The label alone does not make a file its log: an image can bring it, and the shim, which is
    root, would write into whatever it names.
    """
    earlier = log_of(realm.scope, info) if asked is None else None
    if earlier is not None:
        return RunLog(earlier, made=False)
    log = make_log(realm.namespace, info.id, asked, dry=session.options.dry_run)
    try:
        containers.label(realm.scope, info.id, [f"{LOG_LABEL}={log.path}"])
    except BaseException:
        log.remove()
        raise
    return log
