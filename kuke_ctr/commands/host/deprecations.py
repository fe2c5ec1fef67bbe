"""kuke-ctr deprecations"""

import typer

from kuke_ctr.backends.ctr import daemon
from kuke_ctr.backends.ctr.versions import require
from kuke_ctr.commands.shared.lists import list_host_table
from kuke_ctr.commands.shared.option_table import CALLS, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.records import Deprecation
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("ls")
@takes(CALLS, list_options())
def ls(session: Session) -> None:
    """List deprecated features that are in use on this host (ctr 1.6.27, 1.7.12 and later).

    Examples:

        kuke-ctr deprecations ls
        kuke-ctr deprecations ls -o json

    Runs `ctr deprecations list --format json`. Records: Deprecation.
    """
    require(session.ctr, "deprecations")
    list_host_table(
        session,
        daemon.DEPRECATIONS,
        Deprecation,
        empty="containerd reports no deprecated feature in use",
    )
