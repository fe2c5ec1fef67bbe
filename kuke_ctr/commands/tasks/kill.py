"""kuke-ctr tasks kill, pause, resume, rm, checkpoint"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from kuke_ctr.commands.shared.confirm import (
    WithExtra,
    Yes,
    confirm,
    each,
    extra_flags,
    flags,
    names_only,
)
from kuke_ctr.commands.shared.options import shared
from kuke_ctr.commands.tasks.each_task import no_task
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.processes.signals import signal_of
from kuke_ctr.recipes.task_control import ENDING, NoTask, Tasks
from kuke_ctr.session import OpenRealm, Session, note

app = typer.Typer()

Names = Annotated[list[str], typer.Argument(metavar="TASK", help="The ids of containers.")]
ExecId = Annotated[
    str | None,
    typer.Option("--exec-id", metavar="EXEC", help="Not the task: this process of `exec` in it."),
]

_SIGNAL = re.compile(r"-(?:\d{1,2}|[A-Z][A-Z0-9]{2,})")


class WithSignal(WithExtra):
    """As kill(1) has it, `-9` and `-HUP` stand for `--signal`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Such words before a `--` as values of --signal."""
        cut = args.index("--") if "--" in args else len(args)
        signals = [f"--signal={word[1:]}" if _SIGNAL.fullmatch(word) else word for word in args]
        return super().parse_args(ctx, [*signals[:cut], *args[cut:]])


@app.command("kill", cls=WithSignal)
@shared(own=("-a",))
def kill(
    session: Session,
    names: Names,
    signal: Annotated[
        str | None,
        typer.Option("--signal", "-s", metavar="SIGNAL", help="A name or a number: HUP, KILL, 9."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", "-a", help="To every process in the container.")
    ] = False,
    exec_id: ExecId = None,
    yes: Yes = False,
) -> None:
    """Send a signal to tasks: the image's stop signal, else TERM.

    Runs `ctr tasks kill TASK` for each, after `ctr tasks ls`. `-9` and `-HUP` are understood too.
    It does not wait for the process to end. A signal that reached nobody is an error (exit code 3).
    ctr takes away the network of a container that ctr made with --cni, whatever the signal: for
    one that is not sent to end it, this asks first.
    """
    names_only(session)
    if every and exec_id is not None:
        raise UsageError("--all and --exec-id exclude each other", hint="leave one of them out")
    chosen = signal_of(signal) if signal is not None else ""
    extra = extra_flags(session)
    realm = session.realm(changing=True)
    found = _tasks(realm)
    if not session.options.dry_run and (exec_id is not None or chosen not in ("", *ENDING)):
        _confirm_networks(session, found, names, yes)
    words = (*flags(signal=chosen or None, all=every, exec_id=exec_id), *extra)

    def send(name: str) -> None:
        found.kill(name, words, signal=chosen, exec_id=exec_id)

    _each(session, realm, names, send)


@app.command("pause", cls=WithExtra)
@shared
def pause(session: Session, names: Names) -> None:
    """Freeze the processes of tasks that run.

    Runs `ctr tasks pause TASK` for each, after `ctr tasks ls`.
    """
    names_only(session)
    extra = extra_flags(session)
    realm = session.realm(changing=True)
    found = _tasks(realm)
    _each(session, realm, names, lambda name: found.pause(name, extra))


@app.command("resume", cls=WithExtra)
@shared
def resume(session: Session, names: Names) -> None:
    """Let tasks that are paused go on.

    Runs `ctr tasks resume TASK` for each, after `ctr tasks ls`.
    """
    names_only(session)
    extra = extra_flags(session)
    realm = session.realm(changing=True)
    found = _tasks(realm)
    _each(session, realm, names, lambda name: found.resume(name, extra))


@app.command("rm", cls=WithExtra)
@shared
def rm(
    session: Session,
    names: Names,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Kill what runs (SIGKILL), then delete it.")
    ] = False,
    exec_id: ExecId = None,
) -> None:
    """Delete tasks that have stopped; the containers stay.

    Runs `ctr tasks rm TASK` for each, between two looks at `ctr tasks ls`. How a process had ended
    is told on stderr, where that was not with exit code 0.
    """
    names_only(session)
    if exec_id is not None and len(names) > 1:
        raise UsageError("--exec-id is about one task", hint="name that task only")
    words = (*flags(force=force, exec_id=exec_id), *extra_flags(session))
    realm = session.realm(removing=True)
    found = _tasks(realm)

    def remove(name: str) -> None:
        if exec_id is not None:
            ending = found.remove_process(name, words, exec_id)
        else:
            ending = found.remove(name, words, force=force)
        if ending:
            note(f"{name}: its process had ended with {ending}")

    _each(session, realm, names, remove)


@app.command("checkpoint", cls=WithExtra)
@shared
def checkpoint(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="TASK", help="The id of a container.")],
    leave: Annotated[bool, typer.Option("--exit", help="Stop the task after it.")] = False,
    image_path: Annotated[
        Path | None,
        typer.Option("--image-path", metavar="DIR", help="Into this folder, not into an image."),
    ] = None,
    work_path: Annotated[
        Path | None, typer.Option("--work-path", metavar="DIR", help="For criu's files and logs.")
    ] = None,
) -> None:
    """Save the state of a task's processes; criu must be installed where containerd runs.

    Runs `ctr tasks checkpoint TASK`, after `ctr tasks ls`, and prints the name of the image that
    holds the state, or the folder. ctr pauses the task for that time.
    """
    names_only(session)
    # runc runs elsewhere: a relative path would be below containerd's own state
    folder = image_path.absolute() if image_path is not None else None
    work = work_path.absolute() if work_path is not None else None
    words = (
        *flags(exit=leave, image_path=folder, work_path=work),
        *extra_flags(session),
    )
    realm = session.realm(changing=True)
    try:
        made = _tasks(realm).checkpoint(name, words)
    except NoTask as error:
        raise no_task(realm, name, error) from None
    if not session.options.dry_run:
        print(made or folder or name)


def _tasks(realm: OpenRealm) -> Tasks:
    return Tasks(realm.scope)


def _each(
    session: Session, realm: OpenRealm, names: Sequence[str], change: Callable[[str], None]
) -> None:
    def one(name: str) -> None:
        try:
            change(name)
        except NoTask as error:
            raise no_task(realm, name, error) from None

    each(dict.fromkeys(names), one, session)


def _confirm_networks(session: Session, found: Tasks, names: Sequence[str], yes: bool) -> None:
    """Ask where ctr would take a network away that the container needs."""

    def networked(name: str) -> bool:
        try:
            return found.has_network_of_ctr(name)
        except NotFound:
            return False  # to be told later

    lost = [name for name in dict.fromkeys(names) if networked(name)]
    if lost:
        confirm(session, f"ctr will take away the network of {', '.join(lost)} as well", yes=yes)
