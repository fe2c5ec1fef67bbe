"""kuke-ctr images rm, prune"""

from collections.abc import Container, Mapping, Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import images
from kuke_ctr.commands.images.references import no_image
from kuke_ctr.commands.shared.confirm import Yes, confirm, counted, each, names_or_all, some
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.kukeon.named_images import NamedImage, named_images
from kuke_ctr.recipes.image_names import SeveralNames, whole_refs
from kuke_ctr.recipes.image_users import ImageUser, users_of_images
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

_DOCKER = "moby"
"""Docker's namespace."""

_SHOWN = 5


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

    A container keeps running without its image; a warning names it. An image that a record of
    Kukeon or a container of a cell names needs --yes or an answer. A missing image is exit code 3.

    Examples:

        kuke-ctr images rm -r main docker.io/library/busybox:1.36
        kuke-ctr images rm -r main --all --dry-run

    Runs `ctr images rm REF` for each.
    """
    names_or_all("images", refs, every)
    realm = session.realm(removing=True)
    chosen = _chosen(realm, refs or ())
    existing = images.names(realm.scope)
    wanted = list(dict.fromkeys(chosen or existing))
    if not wanted:
        _nothing(realm, "has no images")
        return
    users = _users(session, realm, existing, [ref for ref in wanted if ref in existing], yes=yes)
    staying = set(existing) - set(wanted)
    silent = yes or every or session.options.dry_run
    needed = {} if silent else needed_by_kukeon(realm, users, staying)
    for ref, found in users.items():
        if ref not in needed:
            note(f"warning: {ref} is still used by {users_told(ref, found)}")
    if every:
        _confirm(session, realm, wanted, "all", yes=yes)
    elif needed:
        told = "; ".join(f"{ref} is needed by Kukeon: {by}" for ref, by in needed.items())
        what = f"{told}; without it the containers of a cell cannot be created"
        confirm(session, what, yes=False)
    _remove(session, realm, wanted, existing, sync=sync)


@app.command("prune", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def prune(
    session: Session,
    every: Annotated[bool, typer.Option("--all", help="All images that nothing uses.")] = False,
    yes: Yes = False,
) -> None:
    """Remove all images of a realm that no container and no record of Kukeon uses.

    An image is used if any of its names or its digest is. Each failure is reported, which `ctr
    images prune` (1.7 and later) does not do.

    Examples:

        kuke-ctr images prune -r main --all --dry-run
        kuke-ctr images prune -r main --all

    Runs `ctr images rm REF` for each, after `ctr images ls`, `ctr containers ls` and `ctr content
    ls`.
    """
    if not every:
        raise UsageError(
            "prune needs --all: it removes all images that nothing uses",
            hint="add --all",
        )
    realm = session.realm(removing=True)
    warn_of_docker(realm)
    unused = _unused(realm)
    if not unused:
        _nothing(realm, "has no unused image")
        return
    _confirm(session, realm, unused, "which nothing uses", yes=yes)
    # a question may have stood there for long
    now = set(unused if yes or session.options.dry_run else _unused(realm))
    for ref in unused:
        if ref not in now:
            note(f"{ref} was removed, or is used now; it was skipped")
    _remove(session, realm, [ref for ref in unused if ref in now], list(now), sync=True)


def warn_of_docker(realm: OpenRealm) -> None:
    """Say that images in Docker's namespace may be used although nothing shows it."""
    if realm.namespace == _DOCKER:
        note(
            "warning: containerd does not know Docker's stopped containers; "
            "`docker image prune -a` does"
        )


def _chosen(realm: OpenRealm, refs: Sequence[str]) -> list[str]:
    """The names of the images; one that has several must be named by the one that goes."""
    try:
        return whole_refs(realm.scope, refs, one_name=True)
    except SeveralNames as error:
        removes = realm.scope.line("images", "rm", *error.names)
        raise error.but(hint=f"name those that are to go; {removes} removes all of them") from None


def _nothing(realm: OpenRealm, what: str) -> None:
    realm.require_namespace()
    note(f"{realm.described} {what}")


def _records(realm: OpenRealm) -> list[NamedImage]:
    return named_images(realm.host.settings.run_path, realm.resolution)


def _unused(realm: OpenRealm) -> list[str]:
    """The images that nothing uses, by any of their names or by their digest."""
    existing = images.names(realm.scope)
    if not existing:
        return []
    users = users_of_images(realm.scope, _records(realm), existing)
    return [ref for ref in existing if ref not in users]


def _users(
    session: Session,
    realm: OpenRealm,
    existing: Sequence[str],
    refs: Sequence[str],
    *,
    yes: bool,
) -> dict[str, list[ImageUser]]:
    """Those of the images that are used, with their users; asks where no record can tell."""
    if not refs:
        return {}
    try:
        records = _records(realm)
    except KukeCtrError as error:
        said = f"could not find out whether Kukeon needs {some(refs, _SHOWN)}: {error.message}"
        if yes or session.options.dry_run:
            note(f"warning: {said}")
        confirm(session, said, yes=yes)
        records = []
    try:
        users = users_of_images(realm.scope, records, existing, refs)
    except KukeCtrError as error:  # a container with an odd name keeps nobody from removing
        note(f"warning: could not find out who uses the images: {error.message}")
        users = {one.name: [ImageUser("record", str(one.record), one.name)] for one in records}
    return {ref: users[ref] for ref in refs if ref in users}


def needed_by_kukeon(
    realm: OpenRealm, users: Mapping[str, Sequence[ImageUser]], staying: Container[str]
) -> dict[str, str]:
    """The images that Kukeon needs to create the containers of a cell, and what names each.

    One that stays under the name that Kukeon knows is not missed.
    """
    known = members_of(realm)
    told = {}
    for ref, found in users.items():
        missed = [user for user in found if user.image not in staying]
        records = [user.name for user in missed if user.kind == "record"]
        made = (known.of(user.name) for user in missed if user.kind == "container")
        cells = dict.fromkeys(one.cell for one in made if one is not None)
        if records:  # they say more
            told[ref] = f"it is in {counted(len(records), 'record')} ({some(records, 3)})"
        elif cells:
            told[ref] = f"{counted(len(cells), 'cell')} came from it ({some(list(cells), 3)})"
    return told


def users_told(ref: str, users: Sequence[ImageUser]) -> str:
    """`the container web; the record /opt/.../metadata.json of Kukeon`."""
    names = [user.name for user in users if user.kind == "container"]
    parts = [_several(names)] if names else []
    parts += [f"Kukeon: {user.name} names it" for user in users if user.kind == "record"]
    parts += [f"Kubernetes (label {user.name})" for user in users if user.kind == "label"]
    others = {user.image for user in users if user.kind != "label"} - {ref, ""}
    alias = f" (as {some(sorted(others), 3)})" if others else ""
    return f"{'; '.join(parts[:_SHOWN])}{alias}"


def _several(names: Sequence[str]) -> str:
    what = "the container" if len(names) == 1 else f"{len(names)} containers:"
    return f"{what} {some(names, _SHOWN)}"


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
            raise no_image(realm, [ref], left, removing=True)
        last = sync and ref == there[-1]
        images.remove(realm.scope, ref, (*flags(sync=last), *extra))
        if not session.options.dry_run:
            left.remove(ref)

    each(wanted, remove, session)
