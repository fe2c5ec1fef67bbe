"""kuke-ctr info"""

import typer

from kuke_ctr.backends.ctr.versions import require
from kuke_ctr.commands.shared.documents import document_form, print_document
from kuke_ctr.commands.shared.options import shared
from kuke_ctr.session import Session

app = typer.Typer()


@app.command()
@shared
def info(session: Session) -> None:
    """Show what containerd says about itself, as one document (ctr 1.7 and later).

    Runs `ctr info`.
    """
    form = document_form(session)
    require(session.ctr, "info")
    print_document(session.ctr.run("info"), form)
