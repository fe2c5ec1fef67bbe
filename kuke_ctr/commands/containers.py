"""kuke-ctr containers"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import containers
from kuke_ctr.commands.lists import list_realms_table
from kuke_ctr.options import shared
from kuke_ctr.records import Container
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("ls")
@shared
def ls(
    session: Session,
    filters: Annotated[
        list[str] | None, typer.Argument(metavar="[FILTER]...", help="ctr's filters: id~=web")
    ] = None,
) -> None:
    """List the containers of a realm.

    Runs `ctr containers ls`. Records: Container.
    """
    list_realms_table(
        session,
        containers.LS,
        Container,
        filters or (),
        when_empty=lambda realm: (
            f"realm {realm.name} (namespace {realm.namespace}) has no containers"
        ),
    )
