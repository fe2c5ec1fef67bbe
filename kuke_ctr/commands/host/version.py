"""kuke-ctr version"""

import typer

from kuke_ctr.backends.ctr import daemon
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.commands.shared.lists import print_raw, show, view_of
from kuke_ctr.commands.shared.option_table import CALLS, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.records import Listing, RowsRefused, Version
from kuke_ctr.render import Output
from kuke_ctr.session import Session

app = typer.Typer()


@app.command()
@takes(CALLS, list_options())
def version(session: Session) -> None:
    """Show the versions of kuke-ctr, ctr and containerd.

    Examples:

        kuke-ctr version
        kuke-ctr version -o json

    Runs `ctr version`, or `ctr --version` if containerd does not answer. Records: Version.
    """
    view = view_of(session, Version)
    if view.output is Output.RAW:
        print_raw(session.ctr, daemon.VERSION, [None])
        return
    (answer,) = _asked(session)
    if session.options.dry_run:
        return
    if isinstance(answer, KukeCtrError):
        show(session, view, [_ours(), _client(session)], [answer])
        return
    errors = [RowsRefused(answer)] if answer.refused else []
    show(session, view, [_ours(), *answer.records], errors)


def _asked(session: Session) -> list[Listing[Version] | KukeCtrError]:
    try:
        return fetch(session.ctr, daemon.VERSION, [None])
    except KukeCtrError as error:  # known before ctr was started
        return [error]


def _ours() -> Version:
    from importlib.metadata import version

    return _plain("kuke-ctr", version("kuke-ctr"))


def _client(session: Session) -> Version:
    return _plain("ctr", session.ctr.version().removeprefix("ctr").strip())


def _plain(program: str, number: str) -> Version:
    return Version(program=program, version=number, revision=None, go_version=None, uuid=None)
