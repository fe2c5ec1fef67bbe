"""kuke-ctr start"""

from typing import Annotated

import typer

from kuke_ctr.commands.shared.confirm import Yes, each
from kuke_ctr.commands.shared.container_argument import several_containers
from kuke_ctr.commands.shared.option_table import IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.process_options import DetachedOutput, with_detached_output
from kuke_ctr.commands.tasks.change_each import tasks_of
from kuke_ctr.commands.tasks.starting import confirm_joining, facts, ids_to_start, start_again
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("start")
@takes(IN_REALM, NAMES)
@with_detached_output
def start(
    session: Session,
    names: Annotated[list[str], several_containers()],
    yes: Yes = False,
    *,
    output: DetachedOutput,
) -> None:
    """Start stopped containers again, in the background.

    The stopped task of a container is deleted first, and with it its exit code. One that runs is
    no error. The output goes to the log that `run -d` has made, or to a new one; `kuke-ctr tasks
    start` starts one container in the foreground.

    A container of Kukeon's is refused: `kuke start` starts its cell. One whose spec joins the
    namespaces of a process by its number needs --yes or an answer.

    Examples:

        kuke-ctr start -r main web
        kuke-ctr start -r main db cache

    Runs `ctr tasks start --detach ID` for each, after `ctr tasks ls` and `ctr tasks rm ID`.
    """
    output.check(detach=True, tty=False)
    realm = session.realm(changing=True)
    ids = ids_to_start(realm, names, tasks_of(realm), "start")

    def one(name: str) -> None:
        info = facts(realm, name)
        confirm_joining(session, info, yes=yes)
        start_again(session, realm, info, output)

    each(ids, one, session)
