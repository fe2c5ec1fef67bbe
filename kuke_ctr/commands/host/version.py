"""kuke-ctr version"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from kuke_ctr.backends.ctr import daemon
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.commands.shared.lists import print_raw, show, view_of
from kuke_ctr.commands.shared.option_table import CALLS, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.records import Listing, RowsRefused, Version
from kuke_ctr.render import Output, View
from kuke_ctr.session import Session

if TYPE_CHECKING:
    from kuke_ctr.backends.nerdctl.client import Nerdctl

app = typer.Typer()


@app.command()
@takes(CALLS, list_options())
def version(session: Session) -> None:
    """Show the versions of kuke-ctr, ctr and containerd.

    Examples:

        kuke-ctr version
        kuke-ctr version -o json

    Runs `ctr version`, or `ctr --version` if containerd does not answer; with --backend nerdctl
    `nerdctl version`. Records: Version.
    """
    view = view_of(session, Version)
    nerdctl = _nerdctl(session, view)
    if view.output is Output.RAW:
        print_raw(session.ctr, daemon.VERSION, [None], (), nerdctl)
        return
    (answer,) = _asked(session, nerdctl)
    if session.options.dry_run:
        return
    if isinstance(answer, KukeCtrError):
        clients = [_client(session)] if nerdctl is None else []
        show(session, view, [_ours(), *clients], [answer])
        return
    errors = [RowsRefused(answer)] if answer.refused else []
    show(session, view, [_ours(), *answer.records], errors)


def _nerdctl(session: Session, view: View) -> "Nerdctl | None":
    """The nerdctl that is to be asked; our own version is shown whatever is wrong with it."""
    try:
        return session.host.nerdctl_for("version")
    except KukeCtrError as error:
        show(session, view, [_ours()], [error])
        raise


def _asked(
    session: Session, nerdctl: "Nerdctl | None"
) -> Sequence[Listing[Version] | KukeCtrError]:
    try:
        if nerdctl is not None:
            from kuke_ctr.backends.nerdctl import host  # late: mostly ctr serves

            return [host.versions(nerdctl)]
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
