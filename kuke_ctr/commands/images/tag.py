"""kuke-ctr images tag, label, convert"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr import images, versions
from kuke_ctr.commands.images.kukeons_names import note_new_name
from kuke_ctr.commands.images.references import Ref, near_images, require_images
from kuke_ctr.commands.shared.confirm import each
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.errors import CtrFailed, KukeCtrError
from kuke_ctr.parse.image_names import is_exact
from kuke_ctr.recipes.image_names import whole_ref
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


Source = Annotated[str, typer.Argument(metavar="SRC", help="The image, as `images ls` shows it.")]


Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing name.")]


@app.command("tag", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def tag(
    session: Session,
    source: Source,
    targets: Annotated[list[str], typer.Argument(metavar="DST", help="The new names.")],
    force: Force = False,
    skip_reference_check: Annotated[
        bool,
        typer.Option(
            "--skip-reference-check", help="Allow a name that is not a valid reference (ctr 2.0)."
        ),
    ] = False,
) -> None:
    """Give an image more names.

    An existing name is kept without --force; ctr 2.x would overwrite it.

    Examples:

        kuke-ctr images tag -r main docker.io/library/busybox:1.36 registry.example/app:1.0
        kuke-ctr images tag -r main --force docker.io/library/busybox:1.36 registry.example/app:1.0

    Runs `ctr images tag SRC DST` for each name, with --local if an older containerd needs it.
    """
    if skip_reference_check:
        versions.require(session.ctr, "images", "tag", "--skip-reference-check")
    realm = session.realm(changing=True)
    source = whole_ref(realm.scope, source)
    existing = set(require_images(realm, source))
    words = (
        *flags(force=force, skip_reference_check=skip_reference_check),
        *versions.local(realm.ctr),
        *extra_flags(session),
    )

    def add(name: str) -> None:
        if name in existing and not force:
            raise _exists(realm, name)
        if not skip_reference_check:
            note_new_name(realm, source, name, existing, targets)
        nerdctl = realm.host.nerdctl_for("images tag")
        exact = is_exact(source) and is_exact(name)  # it would take others for them
        if nerdctl is not None and not skip_reference_check and exact:
            nerdctl.change("tag", source, name, namespace=realm.namespace)
            return
        pair = images.positional(source, name)
        realm.scope.change("images", "tag", *words, *pair)

    each(dict.fromkeys(targets), add, session)


@app.command("label", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def label(
    session: Session,
    ref: Ref,
    labels: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="Labels; KEY= removes one.")
    ],
    replace_all: Annotated[
        bool, typer.Option("--replace-all", help="Remove all other labels.")
    ] = False,
) -> None:
    """Set labels of an image; `KEY=` removes one.

    Examples:

        kuke-ctr images label -r main docker.io/library/busybox:1.36 team=a
        kuke-ctr images label -r main docker.io/library/busybox:1.36 team=

    Runs `ctr images label REF KEY=VALUE...`.
    """
    checked_labels(labels)
    realm = session.realm(changing=True)
    ref = whole_ref(realm.scope, ref, one_name=True)
    require_images(realm, ref)
    words = (*flags(replace_all=replace_all), *extra_flags(session))

    def change(name: str) -> None:
        with near_images(realm, [name]):
            pair = images.positional(name, *labels)
            realm.scope.change("images", "label", *words, *pair)

    each([ref], change, session)


@app.command("convert", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def convert(
    session: Session,
    source: Source,
    target: Annotated[str, typer.Argument(metavar="DST", help="The name of the new image.")],
    oci: Annotated[bool, typer.Option("--oci", help="Convert docker media types to OCI.")] = False,
    uncompress: Annotated[
        bool, typer.Option("--uncompress", help="Store the layers uncompressed.")
    ] = False,
    platform: Annotated[
        list[str] | None,
        typer.Option("--platform", metavar="OS/ARCH", help="Only this platform; may be repeated."),
    ] = None,
    all_platforms: Annotated[
        bool,
        typer.Option("--all-platforms", help="All platforms; all of them must be in the realm."),
    ] = False,
    force: Force = False,
) -> None:
    """Convert an image to another format, under a new name.

    An existing name is kept without --force; ctr would remove that image first.

    Examples:

        kuke-ctr images convert -r main --oci registry.example/app:1.0 registry.example/app:oci
        kuke-ctr images convert -r main --uncompress app.example/app:1.0 app.example/app:tar

    Runs `ctr images convert SRC DST` (ctr 1.5 and later).
    """
    versions.require(session.ctr, "images", "convert")
    realm = session.realm(changing=True)
    source = whole_ref(realm.scope, source)
    existing = require_images(realm, source)
    if target in existing and not force:
        raise _exists(realm, target)
    words = (
        *flags(oci=oci, uncompress=uncompress, platform=platform, all_platforms=all_platforms),
        *extra_flags(session),
    )

    def change(name: str) -> None:
        note_new_name(realm, name, name, existing)
        pair = images.positional(source, name)
        with near_images(realm, [source]):
            done = realm.scope.change("images", "convert", *words, *pair)
        if not done.planned and name not in images.names(realm.scope):
            raise CtrFailed(f"ctr reported success, but the image {name} does not exist")

    each([target], change, session)


def _exists(realm: OpenRealm, name: str) -> KukeCtrError:
    return KukeCtrError(
        f"the image {name} already exists in realm {realm.name}; it was not changed",
        hint="--force overwrites it",
    )
