"""kuke-ctr sandboxes"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import sandboxes
from kuke_ctr.backends.ctr.versions import require
from kuke_ctr.commands.shared.ctr_flags import flags
from kuke_ctr.commands.shared.lists import list_realms_table
from kuke_ctr.commands.shared.option_table import EVERY_REALM, IN_REALM, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.records import Sandbox
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("ls")
@takes(IN_REALM, EVERY_REALM, list_options())
def ls(
    session: Session,
    filters: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILTER", help="Filter of ctr, for example id==pod1"),
    ] = None,
) -> None:
    """List the sandboxes of a realm (ctr 1.7 and later).

    Examples:

        kuke-ctr sandboxes ls -r main
        kuke-ctr sandboxes ls -n k8s.io 'id==pod1'

    Runs `ctr sandboxes ls`. Records: Sandbox.
    """
    require(session.ctr, "sandboxes")
    list_realms_table(
        session,
        sandboxes.LS,
        Sandbox,
        flags(filters=filters),
        when_empty=lambda realm: f"{realm.described} has no sandboxes",
    )
