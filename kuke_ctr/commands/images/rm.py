"""kuke-ctr images rm, prune"""

from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import images
from kuke_ctr.commands.images.references import no_image
from kuke_ctr.commands.shared.confirm import Yes, confirm, counted, each, names_or_all, some
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import UsageError
from kuke_ctr.records import RowsRefused
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("rm", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def rm(
    session: Session,
    refs: Annotated[
        list[str] | None,
        typer.Argument(metavar="REF", help="The images, as `images ls` shows them."),
    ] = None,
    sync: Annotated[
        bool, typer.Option("--sync", help="Wait until unneeded content is removed.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="All images of the realm.")] = False,
    yes: Yes = False,
) -> None:
    """Remove images; content that no other image needs is freed.

    A container keeps running without its image; a warning names it. A missing image is exit code 3.

    Examples:

        kuke-ctr images rm -r main docker.io/library/busybox:1.36
        kuke-ctr images rm -r main --all --dry-run

    Runs `ctr images rm REF` for each.
    """
    names_or_all("images", refs, every)
    realm = session.realm(removing=True)
    existing = images.names(realm.scope)
    wanted = list(dict.fromkeys(refs or existing))
    if not wanted:
        _nothing(realm, "has no images")
        return
    _warn_of_users(realm, [ref for ref in wanted if ref in existing])
    if every:
        _confirm(session, realm, wanted, "all", yes=yes)
    _remove(session, realm, wanted, existing, sync=sync)


@app.command("prune", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def prune(
    session: Session,
    every: Annotated[
        bool, typer.Option("--all", help="All images that no container was created from.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Remove all images of a realm that no container was created from.

    Each failure is reported, which `ctr images prune` (1.7 and later) does not do.

    Examples:

        kuke-ctr images prune -r main --all --dry-run
        kuke-ctr images prune -r main --all

    Runs `ctr images rm REF` for each image in `ctr images ls -q` that `ctr containers ls` does not
    have.
    """
    if not every:
        raise UsageError(
            "prune needs --all: it removes all images that no container was created from",
            hint="add --all",
        )
    realm = session.realm(removing=True)
    unused = _unused(realm)
    if not unused:
        _nothing(realm, "has no image that is unused by containers")
        return
    _confirm(session, realm, unused, "which no container was created from", yes=yes)
    # a question may have stood there for long
    now = set(unused if yes or session.options.dry_run else _unused(realm))
    for ref in unused:
        if ref not in now:
            note(f"{ref} was removed, or is used by a container now; it was skipped")
    _remove(session, realm, [ref for ref in unused if ref in now], list(now), sync=True)


def _nothing(realm: OpenRealm, what: str) -> None:
    realm.require_namespace()
    note(f"{realm.described} {what}")


def _unused(realm: OpenRealm) -> list[str]:
    """The images that no container was made from."""
    users = images.users(realm.scope)
    return [ref for ref in images.names(realm.scope) if ref not in users]


def _warn_of_users(realm: OpenRealm, refs: Sequence[str]) -> None:
    try:
        users = images.users(realm.scope)
    except RowsRefused as error:  # a container with an odd name keeps nobody from removing
        note(f"warning: could not find out which containers use the images: {error.message}")
        return
    for ref in refs:
        if ref in users:
            note(f"warning: {ref} is still used by {_several(users[ref])}")


def _several(names: Sequence[str]) -> str:
    what = "the container" if len(names) == 1 else f"{len(names)} containers:"
    return f"{what} {some(names)}"


def _confirm(
    session: Session, realm: OpenRealm, refs: Sequence[str], which: str, *, yes: bool
) -> None:
    what = f"{counted(len(refs), 'image')} of {realm.described}, {which}"
    confirm(session, f"{what}, will be removed: {some(refs)}", yes=yes)


def _remove(
    session: Session,
    realm: OpenRealm,
    wanted: Sequence[str],
    existing: Sequence[str],
    *,
    sync: bool,
) -> None:
    """Remove the images one after the other; the last one waits for the garbage with `sync`."""
    extra = extra_flags(session)
    there = [ref for ref in wanted if ref in existing]
    left = list(existing)

    def remove(ref: str) -> None:
        if ref not in existing:
            raise no_image(realm, [ref], left)
        last = sync and ref == there[-1]
        images.remove(realm.scope, ref, (*flags(sync=last), *extra))
        if not session.options.dry_run:
            left.remove(ref)

    each(wanted, remove, session)
