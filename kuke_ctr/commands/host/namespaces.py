"""kuke-ctr namespaces"""

from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import namespaces, quiet
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.shared.confirm import Yes, confirm, each, some
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.hints import scoped
from kuke_ctr.commands.shared.kukeon import Kukeon, confirm_kukeon
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.lists import list_host_table
from kuke_ctr.commands.shared.option_table import CALLS, EXTRA, NAMES, RUN_PATH, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import show_error
from kuke_ctr.errors import CtrFailed, Forbidden, KukeCtrError, UsageError
from kuke_ctr.kukeon.cell_list import recorded_cells
from kuke_ctr.kukeon.realm_list import list_realms
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.names import check_name, is_foreign
from kuke_ctr.records import Namespace, RealmSource
from kuke_ctr.session import Session

app = typer.Typer()

Name = Annotated[str, typer.Argument(metavar="NAMESPACE", help="The name of a namespace.")]
Names = Annotated[list[str], typer.Argument(metavar="NAMESPACE", help="Names of namespaces.")]
Labels = Annotated[
    list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Labels; KEY= removes one.")
]

_POINTING = (RealmSource.RECORD, RealmSource.SETTINGS)


@app.command("ls")
@takes(CALLS, list_options())
def ls(session: Session) -> None:
    """List all namespaces of containerd, of realms and others.

    Examples:

        kuke-ctr namespaces ls
        kuke-ctr namespaces ls -q

    Runs `ctr namespaces ls`. Records: Namespace.
    """
    list_host_table(session, namespaces.LS, Namespace, empty="containerd has no namespaces yet")


@app.command("create", cls=WithExtra)
@takes(CALLS, NAMES, EXTRA)
def create(session: Session, name: Name, labels: Labels = None) -> None:
    """Create a namespace.

    A namespace that exists is an error (exit code 1); `namespaces label` changes its labels.

    Examples:

        kuke-ctr namespaces create team-a
        kuke-ctr namespaces create team-a owner=ops

    Runs `ctr namespaces create NAMESPACE [KEY=VALUE]...`.
    """
    check_name(name, "namespace")
    chosen = checked_labels(labels or [])
    extra = extra_flags(session)
    if name in quiet.namespaces(session.ctr):
        raise KukeCtrError(
            f"the namespace {name} already exists",
            hint=f"`kuke-ctr namespaces label {name} KEY=VALUE` sets its labels"
            if chosen
            else "nothing to do; `kuke-ctr namespaces ls` lists the namespaces",
        )
    namespaces.create(session.ctr, name, chosen, extra)
    _done(session, name)


@app.command("label", cls=WithExtra)
@takes(CALLS, NAMES, EXTRA)
def label(session: Session, name: Name, labels: Labels = None) -> None:
    """Set labels of a namespace; `KEY=` removes one.

    A namespace that does not exist is an error (exit code 3); ctr would create it.

    Examples:

        kuke-ctr namespaces label team-a owner=ops
        kuke-ctr namespaces label team-a owner=

    Runs `ctr namespaces label NAMESPACE KEY=VALUE...`, after `ctr namespaces ls -q`.
    """
    if not labels:
        raise UsageError("a label is missing", hint="for example: team=a, or team= to remove it")
    chosen = checked_labels(labels)
    extra = extra_flags(session)
    namespaces.require(session.ctr, name)
    namespaces.label(session.ctr, name, chosen, extra)
    _done(session, name)


@app.command("rm", cls=WithExtra)
@takes(CALLS, RUN_PATH, NAMES, EXTRA)
def rm(
    session: Session,
    names: Names,
    cgroup: Annotated[
        bool, typer.Option("--cgroup", "-c", help="Also remove the cgroup of this name.")
    ] = False,
    yes: Yes = False,
    kukeon: Kukeon = False,
) -> None:
    """Remove empty namespaces; asks, or needs --yes.

    A namespace with images, containers, snapshots or content is refused. One that a realm's record
    names needs --yes and --kukeon, or an answer that names it: cells may be recorded, though
    containerd has nothing of them.

    Examples:

        kuke-ctr namespaces rm team-a
        kuke-ctr namespaces rm team-a team-b --yes

    Runs `ctr namespaces rm NAMESPACE`, after a look at what is in it.
    """
    words = (*flags(cgroup=cgroup), *extra_flags(session))
    wanted: list[str] = []
    lines: list[str] = []
    refused: list[KukeCtrError] = []
    for name in dict.fromkeys(names):
        try:
            lines.append(_what_goes(session, name))
            wanted.append(name)
        except KukeCtrError as error:
            show_error(scoped(error, session.options))
            refused.append(error)
    what = f"will be removed: {'; '.join(lines)}"
    recorded = [name for name in wanted if _recording(session, name)]
    if recorded:
        confirm_kukeon(session, what, recorded, yes=yes, kukeon=kukeon)
    elif wanted:
        confirm(session, what, yes=yes)
    each(wanted, lambda name: _remove(session, name, words), session)
    if refused:
        raise typer.Exit(max(error.exit_code for error in refused))


def _what_goes(session: Session, name: str) -> str:
    """The namespace with what is known of it, in words; raises where it can't be removed."""
    from kuke_ctr.recipes.namespace_contents import contents

    namespaces.require(session.ctr, name)
    scope = Scope(session.ctr, name)
    found = contents(scope)
    if found.blocks:
        nouns = ("containers", "images", "snapshots", "content")
        raise KukeCtrError(
            f"the namespace {name} is not empty: it has {found}",
            hint=f"look first: {', '.join(scope.line(noun, 'ls') for noun in nouns)}; remove what "
            "nobody needs, then try again",
        )
    known = [
        f"realm {realm} uses it, according to its {source}"
        for realm, source in _realms(session, name)
    ]
    cells = _cells(session, name)
    if cells:
        known.append(f"Kukeon's cells need it: {some(cells)}")
    if is_foreign(name):
        known.append(
            "it belongs to no realm; Docker, Kubernetes, BuildKit or another program created it"
        )
    if found.leases:
        known.append(f"it still has {found}")
    return f"the namespace {name} ({', '.join(known)})" if known else f"the namespace {name}"


def _recording(session: Session, namespace: str) -> list[str]:
    """The realms of Kukeon's that have the namespace, and cells that may be in it."""
    recorded = [one for one, source in _realms(session, namespace) if source is RealmSource.RECORD]
    return recorded or _cells(session, namespace)


def _cells(session: Session, namespace: str) -> list[str]:
    """The cells in the records of the realms with this namespace: `default/default/web`."""
    realm = Resolution(namespace, namespace, RealmSource.FLAG)
    try:
        found = list(recorded_cells(session.host.settings.run_path, realm))
    except Forbidden:
        return []
    return [f"{one.space}/{one.stack}/{one.name}" for one in found]


def _realms(session: Session, namespace: str) -> list[tuple[str, RealmSource]]:
    """The realms that a record or the settings put into the namespace."""
    host = session.host
    return [
        (realm.name, realm.source)
        for realm in list_realms(host.settings, host.namespaces, show_all=False).realms
        if realm.namespace == namespace and realm.source in _POINTING
    ]


def _remove(session: Session, name: str, words: Sequence[str]) -> None:
    done = namespaces.remove(session.ctr, name, words)
    if not done.planned and name in quiet.namespaces(session.ctr):
        raise CtrFailed(
            f"ctr reported success, but the namespace {name} still exists",
            hint="another program has used it meanwhile",
            command=done.argv,
        )


def _done(session: Session, name: str) -> None:
    if not session.options.dry_run:
        print(name)
