"""kuke-ctr info"""

import typer

from kuke_ctr.backends.ctr.versions import require
from kuke_ctr.commands.shared.json_document import print_document
from kuke_ctr.commands.shared.option_table import CALLS, document_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.session import Session

app = typer.Typer()


@app.command()
@takes(CALLS, document_options())
def info(session: Session) -> None:
    """Show information about containerd, as one document (ctr 1.7 and later).

    Examples:

        kuke-ctr info
        kuke-ctr info -o yaml

    Runs `ctr info`, or `nerdctl info` with --backend nerdctl, which says other things.
    """
    nerdctl = session.host.nerdctl_for("info")
    if nerdctl is not None:
        from kuke_ctr.backends.nerdctl import host  # late: mostly ctr serves

        print_document(session, host.info(nerdctl))
        return
    require(session.ctr, "info")
    print_document(session, session.ctr.run("info"))
