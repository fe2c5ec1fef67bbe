"""kuke-ctr namespaces"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import namespaces
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.commands.changes import WithExtra, Yes, confirm, each, extra_flags
from kuke_ctr.commands.lists import no_all_realms, print_raw, show, view_of
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.options import shared
from kuke_ctr.realms import check_name
from kuke_ctr.records import Namespace, RowsRefused
from kuke_ctr.render import Output
from kuke_ctr.session import Session, note

app = typer.Typer()

Names = Annotated[list[str], typer.Argument(metavar="NAMESPACE", help="Names of namespaces.")]
Labels = Annotated[
    list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Labels; KEY= removes one.")
]


@app.command("ls")
@shared
def ls(session: Session) -> None:
    """List containerd's namespaces, whosever they are.

    Runs `ctr namespaces ls`. Records: Namespace.
    """
    no_all_realms(session)
    view = view_of(session, Namespace)
    if view.output is Output.RAW:
        print_raw(session.ctr, namespaces.LS, [None])
        return
    (answer,) = fetch(session.ctr, namespaces.LS, [None])
    if session.options.dry_run:
        return
    if isinstance(answer, KukeCtrError):
        raise answer
    show(session, view, answer.records, [RowsRefused(answer)] if answer.refused else [])
    if not answer.records and not answer.refused:
        note("this containerd has no namespaces yet")


@app.command("create")
@shared
def create(session: Session, name: str, labels: Labels = None) -> None:
    """Make a namespace.

    Runs `ctr namespaces create NAMESPACE [KEY=VALUE...]`.
    """
    check_name(name, "namespace")
    session.ctr.change("namespaces", "create", name, *_checked(labels or []))
    _done(session, name)


@app.command("label")
@shared
def label(session: Session, name: str, labels: Labels = None) -> None:
    """Set labels of a namespace; `KEY=` removes one.

    Runs `ctr namespaces label NAMESPACE KEY=VALUE...`, once the namespace is known to exist:
    ctr would make it.
    """
    if not labels:
        raise UsageError("no label was given", hint="for example team=a, or team= to remove it")
    namespaces.require(session.ctr, name)
    session.ctr.change("namespaces", "label", name, *_checked(labels))
    _done(session, name)


@app.command("rm", cls=WithExtra)
@shared
def rm(session: Session, names: Names, yes: Yes = False) -> None:
    """Remove namespaces that hold nothing any more.

    Runs `ctr namespaces rm NAMESPACE`; containerd refuses one that is not empty.
    """
    confirm(session, f"these namespaces will be removed: {', '.join(names)}", yes=yes)
    extra = extra_flags(session)

    def remove(name: str) -> None:
        namespaces.require(session.ctr, name)
        session.ctr.change("namespaces", "rm", *extra, name)

    each(names, remove, session)


def _checked(labels: list[str]) -> list[str]:
    for label_text in labels:
        if "=" not in label_text or label_text.startswith(("=", "-")):
            raise UsageError(f"{label_text!r} is no label", hint="labels are KEY=VALUE")
    return labels


def _done(session: Session, name: str) -> None:
    if not session.options.dry_run:
        print(name)
