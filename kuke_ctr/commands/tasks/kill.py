"""kuke-ctr tasks kill, pause, resume"""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from kuke_ctr.commands.shared.confirm import Yes, confirm
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.short_ids import sure_ids, whole_ids
from kuke_ctr.commands.tasks.change_each import ExecId, Names, change_each, tasks_of
from kuke_ctr.commands.tasks.of_cells import Ending
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.processes.signals import signal_of
from kuke_ctr.recipes.task_control import ENDING, NoTask, Tasks
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


_SIGNAL = re.compile(r"-(?:\d{1,2}|[A-Z][A-Z0-9]{2,})")


class WithSignal(WithExtra):
    """As kill(1) has it, `-9` and `-HUP` stand for `--signal`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Such words before a `--` as values of --signal."""
        cut = args.index("--") if "--" in args else len(args)
        signals = [f"--signal={word[1:]}" if _SIGNAL.fullmatch(word) else word for word in args]
        return super().parse_args(ctx, [*signals[:cut], *args[cut:]])


@app.command("kill", cls=WithSignal)
@takes(IN_REALM, NAMES, EXTRA, own=("-a",))
def kill(
    session: Session,
    names: Names,
    signal: Annotated[
        str | None,
        typer.Option(
            "--signal", "-s", metavar="SIGNAL", help="The signal, a name or number: HUP, KILL, 9."
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", "-a", help="Signal every process in the container.")
    ] = False,
    exec_id: ExecId = None,
    yes: Yes = False,
) -> None:
    """Send a signal to tasks; default: the stop signal of the image, else TERM.

    It does not wait until the process ends. -9 and -HUP work too. A signal that reached no process
    is exit code 3. For containers created with --cni, ctr removes the network with any signal;
    kuke-ctr asks before a signal that is not meant to end the process.

    kuke-ctr asks before it ends the root container of a Kukeon cell. A note says if Kukeon will
    start a container again; `kuke stop` stops a cell.

    Examples:

        kuke-ctr tasks kill -r main web
        kuke-ctr kill -r main -s HUP web

    Runs `ctr tasks kill TASK` for each, after `ctr tasks ls`.
    """
    if every and exec_id is not None:
        raise UsageError("--all and --exec-id cannot be combined", hint="leave one of them out")
    chosen = signal_of(signal) if signal is not None else ""
    extra = extra_flags(session)
    realm = session.realm(changing=True)
    found = tasks_of(realm)
    names = sure_ids(session, realm, names, found.states, what="will get the signal", yes=yes)
    if not session.options.dry_run and (exec_id is not None or chosen not in ("", *ENDING)):
        _confirm_networks(session, found, names, yes)
    ends = exec_id is None and chosen in ("", *ENDING)
    cells = Ending.of(session, realm, found.states, names) if ends else None
    if cells is not None:
        cells.confirm(yes=yes, killed=chosen == "SIGKILL")
    words = (*flags(signal=chosen or None, all=every, exec_id=exec_id), *extra)

    def send(name: str) -> None:
        try:
            found.kill(name, words, signal=chosen, exec_id=exec_id)
        except NoTask:
            raise
        except NotFound as error:
            raise _ended(realm, name, error) if exec_id is None else error from None
        if cells is not None:
            cells.tell(name)

    change_each(session, realm, names, send)


@app.command("pause", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def pause(session: Session, names: Names) -> None:
    """Pause tasks: freeze all their processes.

    Kukeon neither resumes a container that was paused here, nor ends it with its cell.

    Examples:

        kuke-ctr tasks pause -r main web
        kuke-ctr pause -r main web shell

    Runs `ctr tasks pause TASK` for each, after `ctr tasks ls`.
    """
    extra = extra_flags(session)
    realm = session.realm(changing=True)
    found = tasks_of(realm)
    chosen = whole_ids(realm, names, found.states)

    def freeze(name: str) -> None:
        found.pause(name, extra)
        one = members_of(realm).of(name)
        if one is not None:
            note(
                f"note: {name} belongs to Kukeon's cell {one.cell}; Kukeon neither resumes it nor "
                f"ends it with the cell: {realm.scope.line('tasks', 'resume', name)}"
            )

    change_each(session, realm, chosen, freeze)


@app.command("resume", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def resume(session: Session, names: Names) -> None:
    """Resume paused tasks.

    Examples:

        kuke-ctr tasks resume -r main web
        kuke-ctr resume -r main web shell

    Runs `ctr tasks resume TASK` for each, after `ctr tasks ls`.
    """
    extra = extra_flags(session)
    realm = session.realm(changing=True)
    found = tasks_of(realm)
    chosen = whole_ids(realm, names, found.states)
    change_each(session, realm, chosen, lambda name: found.resume(name, extra))


def _ended(realm: OpenRealm, name: str, error: NotFound) -> NotFound:
    """The error for a task that has ended already: one of Kukeon's is started by `kuke`."""
    one = members_of(realm).of(name)
    return error if one is None else error.but(hint=one.start_hint)


def _confirm_networks(session: Session, found: Tasks, names: Sequence[str], yes: bool) -> None:
    """Ask where ctr would take a network away that the container needs."""

    def networked(name: str) -> bool:
        try:
            return found.has_network_of_ctr(name)
        except NotFound:
            return False  # to be told later

    lost = [name for name in dict.fromkeys(names) if networked(name)]
    if lost:
        confirm(session, f"this also removes the network of {', '.join(lost)}", yes=yes)
