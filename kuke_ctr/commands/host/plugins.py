"""kuke-ctr plugins"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import daemon
from kuke_ctr.commands.shared.lists import list_host_table
from kuke_ctr.commands.shared.option_table import CALLS, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.records import Plugin
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("ls")
@takes(CALLS, list_options())
def ls(
    session: Session,
    filters: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILTER", help="Filter of ctr, for example id==overlayfs"),
    ] = None,
) -> None:
    """List the plugins of containerd and whether each is loaded.

    Examples:

        kuke-ctr plugins ls
        kuke-ctr plugins ls 'type==io.containerd.snapshotter.v1'

    Runs `ctr plugins ls`. Records: Plugin.
    """
    list_host_table(
        session, daemon.PLUGINS, Plugin, filters or (), empty="no plugin matches the filter"
    )
