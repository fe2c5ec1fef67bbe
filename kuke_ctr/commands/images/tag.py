"""kuke-ctr images tag, label, rm, prune, convert"""

from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import images, versions
from kuke_ctr.commands.images.references import Ref, near_images, no_image, require_images
from kuke_ctr.commands.shared.confirm import (
    WithExtra,
    Yes,
    confirm,
    counted,
    each,
    extra_flags,
    flags,
    names_only,
    names_or_all,
    some,
)
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.options import shared
from kuke_ctr.errors import CtrFailed, KukeCtrError, UsageError
from kuke_ctr.records import RowsRefused
from kuke_ctr.session import OpenRealm, Session, note

app = typer.Typer()

Source = Annotated[str, typer.Argument(metavar="SRC", help="The reference of an image.")]
Force = Annotated[
    bool, typer.Option("--force", help="Where the new name exists already, it gets this image.")
]


@app.command("tag", cls=WithExtra)
@shared
def tag(
    session: Session,
    source: Source,
    targets: Annotated[list[str], typer.Argument(metavar="DST", help="New names for it.")],
    force: Force = False,
    skip_reference_check: Annotated[
        bool,
        typer.Option("--skip-reference-check", help="Take a name that is no reference (ctr 2.0+)."),
    ] = False,
) -> None:
    """Give an image more names.

    Runs `ctr images tag SRC DST`, once for each; with --local where ctr needs it for an older
    containerd. A name that exists is left alone without --force: ctr 2.x would take it silently.
    """
    names_only(session)
    if skip_reference_check:
        versions.require(session.ctr, "images", "tag", "--skip-reference-check")
    realm = session.realm(changing=True)
    existing = set(require_images(realm, source))
    words = (
        *flags(force=force, skip_reference_check=skip_reference_check),
        *versions.local(realm.ctr),
        *extra_flags(session),
    )

    def add(name: str) -> None:
        if name in existing and not force:
            raise _exists(realm, name)
        pair = images.positional(source, name)
        realm.scope.change("images", "tag", *words, *pair)

    each(dict.fromkeys(targets), add, session)


@app.command("label", cls=WithExtra)
@shared
def label(
    session: Session,
    ref: Ref,
    labels: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="`KEY=` removes a label.")
    ],
    replace_all: Annotated[
        bool, typer.Option("--replace-all", help="Remove all other labels.")
    ] = False,
) -> None:
    """Set labels of an image; `KEY=` removes one.

    Runs `ctr images label REF KEY=VALUE...`.
    """
    names_only(session)
    checked_labels(labels)
    realm = session.realm(changing=True)
    require_images(realm, ref)
    words = (*flags(replace_all=replace_all), *extra_flags(session))

    def change(name: str) -> None:
        with near_images(realm, [name]):
            pair = images.positional(name, *labels)
            realm.scope.change("images", "label", *words, *pair)

    each([ref], change, session)


@app.command("rm", cls=WithExtra)
@shared
def rm(
    session: Session,
    refs: Annotated[
        list[str] | None, typer.Argument(metavar="REF", help="The references of images.")
    ] = None,
    sync: Annotated[
        bool, typer.Option("--sync", help="Wait until what nothing needs any more is gone.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="All images of the realm.")] = False,
    yes: Yes = False,
) -> None:
    """Remove images of a realm: the names, and what only they need.

    Runs `ctr images rm REF`, once for each. A container keeps running without its image, and a
    warning names it. One that there is not is exit code 3; ctr itself says 0.
    """
    names_only(session)
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
@shared
def prune(
    session: Session,
    every: Annotated[
        bool, typer.Option("--all", help="All images that no container was made from.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Remove the images of a realm that no container was made from.

    Runs `ctr images rm REF` for each that `ctr images ls -q` has and `ctr containers ls` does not
    name; that works with every ctr, and shows what fails, where the prune of ctr itself (1.7 and
    later) says nothing of it.
    """
    names_only(session)
    if not every:
        raise UsageError(
            "there is nothing to prune but all images that no container was made from",
            hint="say --all if that is meant",
        )
    realm = session.realm(removing=True)
    unused = _unused(realm)
    if not unused:
        _nothing(realm, "has no image without a container")
        return
    _confirm(session, realm, unused, "not used by any container", yes=yes)
    # a question may have stood there for long
    now = set(unused if yes or session.options.dry_run else _unused(realm))
    for ref in unused:
        if ref not in now:
            note(f"{ref} is used by a container by now, or gone: it is left alone")
    _remove(session, realm, [ref for ref in unused if ref in now], list(now), sync=True)


@app.command("convert", cls=WithExtra)
@shared
def convert(
    session: Session,
    source: Source,
    target: Annotated[str, typer.Argument(metavar="DST", help="The name of the new image.")],
    oci: Annotated[bool, typer.Option("--oci", help="docker's media types become OCI's.")] = False,
    uncompress: Annotated[
        bool, typer.Option("--uncompress", help="Layers are stored uncompressed.")
    ] = False,
    platform: Annotated[
        list[str] | None,
        typer.Option("--platform", metavar="OS/ARCH", help="This platform only; several are fine."),
    ] = None,
    all_platforms: Annotated[
        bool, typer.Option("--all-platforms", help="Every platform; all have to be here.")
    ] = False,
    force: Force = False,
) -> None:
    """Make another image of an image, in another format.

    Runs `ctr images convert SRC DST` (ctr 1.5 and later). A name that exists is left alone without
    --force: ctr itself removes that image first.
    """
    names_only(session)
    versions.require(session.ctr, "images", "convert")
    realm = session.realm(changing=True)
    existing = require_images(realm, source)
    if target in existing and not force:
        raise _exists(realm, target)
    words = (
        *flags(oci=oci, uncompress=uncompress, platform=platform, all_platforms=all_platforms),
        *extra_flags(session),
    )

    def change(name: str) -> None:
        pair = images.positional(source, name)
        with near_images(realm, [source]):
            done = realm.scope.change("images", "convert", *words, *pair)
        if not done.planned and name not in images.names(realm.scope):
            raise CtrFailed(f"ctr made no image {name}, and says that it did")

    each([target], change, session)


def _exists(realm: OpenRealm, name: str) -> KukeCtrError:
    return KukeCtrError(
        f"there is an image {name} in realm {realm.name} already: it was left as it is",
        hint="--force gives the name to the new image",
    )


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
        note(f"warning: which containers use the images is not known: {error.message}")
        return
    for ref in refs:
        if ref in users:
            note(f"warning: {ref} is the image of {_several(users[ref])}")


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
