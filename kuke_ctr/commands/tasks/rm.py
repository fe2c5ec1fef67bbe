"""kuke-ctr tasks rm, checkpoint"""

from pathlib import Path
from typing import Annotated

import typer

from kuke_ctr.commands.shared.confirm import Yes
from kuke_ctr.commands.shared.container_argument import one_container
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.short_ids import sure_ids, whole_ids
from kuke_ctr.commands.tasks.change_each import ExecId, Names, change_each, tasks_of
from kuke_ctr.commands.tasks.each_task import no_task
from kuke_ctr.commands.tasks.of_cells import Ending
from kuke_ctr.errors import UsageError
from kuke_ctr.recipes.paths import absolute
from kuke_ctr.recipes.task_control import NoTask
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("rm", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def rm(
    session: Session,
    names: Names,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Kill a running task (SIGKILL), then delete it.")
    ] = False,
    exec_id: ExecId = None,
    yes: Yes = False,
) -> None:
    """Delete stopped tasks; their containers stay.

    An exit code of the process other than 0 is printed on stderr.

    kuke-ctr asks before it kills the root container of a Kukeon cell, and notes say what Kukeon
    does next. `kuke start` deletes the old tasks of its cell itself.

    Examples:

        kuke-ctr tasks rm -r main web
        kuke-ctr tasks rm -r main --force web

    Runs `ctr tasks rm TASK` for each, with `ctr tasks ls` before and after.
    """
    if exec_id is not None and len(names) > 1:
        raise UsageError("--exec-id needs exactly one task", hint="name that task only")
    words = (*flags(force=force, exec_id=exec_id), *extra_flags(session))
    realm = session.realm(removing=True)
    found = tasks_of(realm)
    what = "will lose its process" if exec_id is not None else "will lose its task"
    chosen = sure_ids(session, realm, names, found.states, what=what, yes=yes)
    cells = Ending.of(session, realm, found.states, chosen) if exec_id is None else None
    if cells is not None and force:
        cells.confirm(yes=yes, killed=True)

    def remove(name: str) -> None:
        if exec_id is not None:
            ending = found.remove_process(name, words, exec_id)
        else:
            if cells is not None and not force:
                cells.refuse_running(name)
            ending = found.remove(name, words, force=force)
        if ending:
            note(f"{name}: the process has exited ({ending})")
        if cells is not None:
            cells.tell_of_removal(name)

    change_each(session, realm, chosen, remove)


@app.command("checkpoint", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def checkpoint(
    session: Session,
    name: Annotated[str, one_container("TASK")],
    leave: Annotated[bool, typer.Option("--exit", help="Stop the task after it.")] = False,
    image_path: Annotated[
        Path | None,
        typer.Option(
            "--image-path", metavar="DIR", help="Save into this directory instead of an image."
        ),
    ] = None,
    work_path: Annotated[
        Path | None,
        typer.Option("--work-path", metavar="DIR", help="Directory for criu's files and logs."),
    ] = None,
    yes: Yes = False,
) -> None:
    """Save the state of a task's processes as an image or in a directory.

    criu must be installed where containerd runs. The task is paused meanwhile. Prints the name of
    the image, or the directory. With --exit, kuke-ctr asks before the root container of a Kukeon
    cell ends.

    Examples:

        kuke-ctr tasks checkpoint -r main web
        kuke-ctr tasks checkpoint -r main --image-path /tmp/web web

    Runs `ctr tasks checkpoint TASK`, after `ctr tasks ls`.
    """
    # runc runs elsewhere: a relative path would be below containerd's own state
    far = session.ctr.far
    folder = absolute(image_path, "--image-path", far) if image_path is not None else None
    work = absolute(work_path, "--work-path", far) if work_path is not None else None
    words = (
        *flags(exit=leave, image_path=folder, work_path=work),
        *extra_flags(session),
    )
    realm = session.realm(changing=True)
    found = tasks_of(realm)
    (name,) = whole_ids(realm, [name], found.states)
    cells = Ending.of(session, realm, found.states, [name]) if leave else None
    if cells is not None:
        cells.confirm(yes=yes)
    try:
        made = found.checkpoint(name, words)
    except NoTask as error:
        raise no_task(realm, name, error) from None
    if not session.options.dry_run:
        print(made or folder or name)
    if cells is not None:
        cells.tell(name)
