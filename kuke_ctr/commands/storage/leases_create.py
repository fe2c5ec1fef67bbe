"""kuke-ctr leases create, rm"""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import leases
from kuke_ctr.commands.shared.confirm import CreateNamespace, Yes, confirm, each, some
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.json_document import print_bytes
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.missing import near_names
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.recipes.used_by import Leases, is_expired, owner_of, what_leases_keep
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

_SHOWN = 5
_GO_DURATION = re.compile(r"0|(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+")


@app.command("create", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def create(
    session: Session,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID] [KEY=VALUE]...", help="An id and labels."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="The id; default: containerd chooses one."),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires", metavar="TIME", help="Lifetime: 90m, 24h (ctr's default), 7d; 0: forever."
        ),
    ] = None,
    create_namespace: CreateNamespace = False,
) -> None:
    """Create a lease and print its id.

    It expires after 24 hours, unless you give --expires.

    Examples:

        kuke-ctr leases create -r main backup
        kuke-ctr leases create -r main backup --expires 7d owner=ops

    Runs `ctr leases create [KEY=VALUE...]`.
    """
    given = list(words or [])
    if given and "=" not in given[0]:
        first = given.pop(0)
        if name not in (None, first):
            raise UsageError(f"two ids were given: {name} and {first}", hint="give one of them")
        name = first
    labels = checked_labels(given)
    chosen = flags(id=name, expires=None if expires is None else _duration(expires))
    extra = extra_flags(session)
    realm = session.realm(changing=True, create=create_namespace, makes=True)
    said = leases.create(realm.scope, (*chosen, *extra), labels)
    print_bytes(said)


def _duration(text: str) -> str:
    """A time as Go writes it; days are ours, five digits at most: Go's longest are 106,751."""
    days = re.fullmatch(r"([0-9]{1,5})d", text)
    if days is not None:
        return f"{int(days[1]) * 24}h"
    if not _GO_DURATION.fullmatch(text):
        raise UsageError(
            f"--expires {text!r} is not a time", hint="use 90s, 30m, 24h or 7d; 0 is forever"
        )
    return text


@app.command("rm", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def rm(
    session: Session,
    names: Annotated[list[str], typer.Argument(metavar="ID", help="The ids of leases.")],
    sync: Annotated[
        bool, typer.Option("--sync", help="Wait until unneeded content and snapshots are removed.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Remove leases; asks if a lease may protect content or snapshots, or has labels.

    With --yes this is not searched.

    Examples:

        kuke-ctr leases rm -r main backup
        kuke-ctr leases rm -r main backup --sync

    Runs `ctr leases rm ID`, after `ctr images|content|containers|snapshots ls`: ctr cannot show
    what a lease protects.
    """
    realm = session.realm(removing=True)
    words = (*flags(sync=sync), *extra_flags(session))
    gone: set[str] = set()
    wanted = list(dict.fromkeys(names))
    if not yes:
        kept = what_leases_keep(realm.scope)
        gone = set(wanted) - kept.known.keys()
        _ask(session, [name for name in wanted if name not in gone], kept)

    def remove(name: str) -> None:
        with _near(realm, name):
            if name in gone:
                raise NotFound(f"there is no lease {name}")
            leases.remove(realm.scope, name, words)

    each(wanted, remove, session)


def _ask(session: Session, names: Sequence[str], kept: Leases) -> None:
    """Say what the leases that still hold may keep, and whose they are; ask if there is any."""
    living = [name for name in names if not is_expired(kept.known[name])]
    if not living:
        return
    reasons = [
        f"{name} has a label that names an owner: {owner}"
        for name in living
        if (owner := owner_of(kept.known[name]))
    ]
    for what, found in (
        ("this content", kept.blobs),
        ("these snapshots", kept.snapshots),
        ("these unfinished transfers", kept.ingests),
    ):
        if found:
            reasons.append(f"only a lease protects {what}: {some(found, _SHOWN)}")
    reasons += [f"what else it protects could not be read ({one})" for one in kept.unread]
    if not reasons:
        return
    these = "the lease" if len(living) == 1 else "the leases"
    question = f"{these} {', '.join(living)} may be in use: {'; '.join(reasons)}"
    if session.options.dry_run:
        note(question)
    confirm(session, question, yes=False)


def _near(realm: OpenRealm, name: str) -> AbstractContextManager[None]:
    def names() -> list[str]:
        return [lease.id for lease in realm.list(leases.LS)]

    return near_names(realm, "lease", [name], names, "leases")
