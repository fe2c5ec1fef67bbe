"""What the verbs that change tasks share: their names, and one change after the other."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from kuke_ctr.commands.shared.confirm import each
from kuke_ctr.commands.shared.container_argument import several_containers
from kuke_ctr.commands.tasks.each_task import no_task
from kuke_ctr.recipes.task_control import NoTask, Tasks
from kuke_ctr.session import OpenRealm, Session

Names = Annotated[list[str], several_containers("TASK")]

ExecId = Annotated[
    str | None,
    typer.Option(
        "--exec-id", metavar="EXEC", help="This process (its exec id) instead of the task."
    ),
]


def tasks_of(realm: OpenRealm) -> Tasks:
    return Tasks(realm.scope)


def change_each(
    session: Session, realm: OpenRealm, names: Sequence[str], change: Callable[[str], None]
) -> None:
    """Change the tasks with these ids one after the other."""

    def one(name: str) -> None:
        try:
            change(name)
        except NoTask as error:
            raise no_task(realm, name, error) from None

    each(dict.fromkeys(names), one, session)
