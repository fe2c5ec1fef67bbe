"""kuke-ctr tasks start"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.commands.shared.confirm import Yes, confirm
from kuke_ctr.commands.shared.container_argument import one_container
from kuke_ctr.commands.shared.ctr_flags import flags
from kuke_ctr.commands.shared.kukeon import members_of
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
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.process_options import (
    Detach,
    DetachedOutput,
    ForceTty,
    Interactive,
    with_detached_output,
)
from kuke_ctr.commands.shared.short_ids import by_id
from kuke_ctr.errors import CtrFailed, UsageError
from kuke_ctr.parse.container_info import LOG_LABEL, OF_PROCESS, ContainerInfo
from kuke_ctr.recipes.containers import log_of
from kuke_ctr.recipes.process_facts import facts_of, seen_by_us
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
        info = by_id(realm, container, lambda one: _facts(realm, one), changing=True)
        container = info.id
        _refuse_kukeons(realm, info)
        _refuse_running(realm, container)
        _confirm_joining(session, info, yes=yes)
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


def _refuse_kukeons(realm: OpenRealm, info: ContainerInfo) -> None:
    """CtrFailed for a container of Kukeon's, which joins the network of a process by its number.

    Another process may have the number by now, and the container would run in its network.
    """
    found = members_of(realm).of(info.id, info.labels)
    if found is not None:
        said = f"{info.id} belongs to Kukeon; kuke-ctr does not start it"
        raise CtrFailed(said, hint=found.start_hint)


def _confirm_joining(session: Session, info: ContainerInfo, *, yes: bool) -> None:
    """Ask before a container starts in the namespaces of whatever process has a number now."""
    if not info.joined:
        return
    process, what = _joined(session, info)
    told = (
        f"{info.id} would start in namespaces of another process, which its spec names by the "
        f"number {process} ({what}); another process may have this number now"
    )
    if session.options.dry_run:
        note(f"note: {told}")
    confirm(session, told, yes=yes)


def _joined(session: Session, info: ContainerInfo) -> tuple[str, str]:
    """The numbers of the processes, and what is known of each: `4242`, `net, ipc of sleep 60`."""
    kinds: dict[str, list[str]] = {}
    for path in info.joined:
        match = OF_PROCESS.fullmatch(path)
        if match is not None:
            kinds.setdefault(match[1], []).append(match[2])
    seen = session.options.replay is None and seen_by_us(session.ctr.socket)
    told = []
    for process, names in kinds.items():
        facts = facts_of(int(process)) if seen and process.isdigit() else None
        whose = "no process has it now" if seen and process.isdigit() else "its process"
        whose = f"now that is `{facts.command}`" if facts is not None else whose
        told.append(f"{', '.join(names)}: {whose}")
    return " and ".join(kinds), "; ".join(told)


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
