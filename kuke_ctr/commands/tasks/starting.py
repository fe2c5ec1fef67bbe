"""Starting a container that exists: what is looked at before, and the background start itself."""

from collections.abc import Sequence
from contextlib import suppress

from kuke_ctr.backends.ctr import containers, tasks
from kuke_ctr.commands.shared.confirm import confirm
from kuke_ctr.commands.shared.ctr_flags import flags
from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.commands.shared.launch import Launch, start_in_background, status_of
from kuke_ctr.commands.shared.missing import near_containers
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.process_options import DetachedOutput
from kuke_ctr.commands.shared.short_ids import whole_ids
from kuke_ctr.errors import CtrFailed, KukeCtrError, NotFound
from kuke_ctr.parse.container_info import LOG_LABEL, OF_PROCESS, ContainerInfo
from kuke_ctr.recipes import run
from kuke_ctr.recipes.nerdctls import changed_by_nerdctl
from kuke_ctr.recipes.own_logs import log_of
from kuke_ctr.recipes.process_facts import facts_of, seen_by_us
from kuke_ctr.recipes.run import RunLog
from kuke_ctr.recipes.start import NOT_RUNNING
from kuke_ctr.recipes.task_control import Tasks
from kuke_ctr.records import TaskStatus
from kuke_ctr.session import OpenRealm, Session

TO_LOG = DetachedOutput(log_file=None, null_io=False, fifo=False)
"""The output goes to the log that the container had before, or to a new one."""


def ids_to_start(realm: OpenRealm, names: Sequence[str], found: Tasks, verb: str) -> list[str]:
    """The ids that the names mean; CtrFailed where one is Kukeon's: `kuke` does that to its cell.

    `verb` is `start` or `restart`.
    """
    ids = whole_ids(realm, names, found.states, cells=True)
    for one in members_of(realm).among(ids).values():
        said = f"{one.id} belongs to Kukeon's cell {one.cell}: kuke-ctr does not {verb} it"
        raise CtrFailed(said, hint=f"to {verb} the cell: {one.kuke(verb)}")
    return ids


def start_again(
    session: Session,
    realm: OpenRealm,
    info: ContainerInfo,
    output: DetachedOutput,
    *,
    stopped: bool = False,
) -> None:
    """Start a container in the background; its stopped task is deleted first.

    `ctr tasks rm ID`, `ctr tasks start --detach ID`; `nerdctl start ID` for what nerdctl has made.
    One that runs stays as it is, with a note.
    `stopped`: it was stopped just now, or would have been in a dry run.
    """
    found = Tasks(realm.scope)
    task = found.states.get(info.id)
    planned = stopped and session.options.dry_run
    if not planned and task is not None and task.status == TaskStatus.RUNNING:
        note(f"{info.id} is already running (pid {task.pid})")
        return
    if not planned and task is not None and task.status != TaskStatus.STOPPED:
        raise _not_so(realm, info.id, task.status)
    own = changed_by_nerdctl(realm.host, realm.resolution, [info.id], "start")
    if own is not None and output == TO_LOG:
        own.change("start", name=info.id)
        return
    if planned:
        tasks.change(realm.scope, "rm", info.id)
    elif task is not None:
        with suppress(NotFound):  # the client that had run it in the foreground was quicker
            found.remove(info.id, (), force=False)
    output.check(detach=True, tty=info.terminal)
    log = None
    if output.is_logged(tty=info.terminal):
        log = log_for(session, realm, info, output.log_file)
    given = flags(detach=True, null_io=output.null_io, log_uri=log.uri if log else None)
    call = tasks.start(realm.scope, info.id, given)
    what = Launch(session, realm, call, info.id, ())
    start_in_background(what, info.terminal, lambda: forget_log(what, log))


def _not_so(realm: OpenRealm, name: str, status: str) -> KukeCtrError:
    line = realm.scope.line
    hints = {
        TaskStatus.PAUSED: f"to let it go on: {line('resume', name)}",
        TaskStatus.CREATED: f"its start was interrupted; {line('tasks', 'rm', '--force', name)} "
        "deletes the task, then it can be started",
    }
    hint = hints.get(TaskStatus(status), f"{line('tasks', 'ps', name)} shows if its shim answers")
    return CtrFailed(f"the task of {name} is {status}; it was not started", hint=hint)


def facts(realm: OpenRealm, container: str) -> ContainerInfo:
    with near_containers(realm, container):
        return containers.facts(realm.scope, container)


def refuse_kukeons(realm: OpenRealm, info: ContainerInfo) -> None:
    """CtrFailed for a container of Kukeon's, which joins the network of a process by its number.

    Another process may have the number by now, and the container would run in its network.
    """
    found = members_of(realm).of(info.id, info.labels)
    if found is not None:
        said = f"{info.id} belongs to Kukeon; kuke-ctr does not start it"
        raise CtrFailed(said, hint=found.start_hint)


def confirm_joining(session: Session, info: ContainerInfo, *, yes: bool) -> None:
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


def forget_log(what: Launch, log: RunLog | None) -> None:
    """Remove the log of a task that is known not to run."""
    if log is not None and status_of(what) in NOT_RUNNING:
        log.remove()


def log_for(session: Session, realm: OpenRealm, info: ContainerInfo, asked: str | None) -> RunLog:
    """The log that it had before, if that is still there; else a new one, and the label for it.

    The label alone does not make a file its log: an image can bring it, and the shim, which is
    root, would write into whatever it names.
    """
    earlier = log_of(realm.scope, info) if asked is None else None
    if earlier is not None:
        return RunLog(earlier, made=False)
    log = run.log_for(realm.scope, info.id, asked, dry=session.options.dry_run)
    try:
        containers.label(realm.scope, info.id, [f"{LOG_LABEL}={log.path}"])
    except BaseException:
        log.remove()
        raise
    return log
