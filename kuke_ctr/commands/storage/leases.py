"""kuke-ctr leases"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import leases
from kuke_ctr.commands.shared.lists import list_realms_table
from kuke_ctr.commands.shared.option_table import EVERY_REALM, IN_REALM, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.records import Lease
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("ls")
@takes(IN_REALM, EVERY_REALM, list_options())
def ls(
    session: Session,
    filters: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILTER", help="Filter of ctr, for example id==mine"),
    ] = None,
) -> None:
    """List the leases of a realm, which keep containerd from removing content and snapshots.

    Examples:

        kuke-ctr leases ls -r main
        kuke-ctr leases ls -A -o json

    Runs `ctr leases ls`, and `ctr leases ls -q` to compare. Records: Lease.
    """
    list_realms_table(
        session,
        leases.LS,
        Lease,
        filters or (),
        when_empty=lambda realm: f"{realm.described} has no leases",
    )
