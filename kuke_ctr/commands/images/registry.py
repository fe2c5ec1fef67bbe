"""kuke-ctr images pull, push"""

from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import versions
from kuke_ctr.commands.images.progress import ShowProgress, When
from kuke_ctr.commands.images.references import (
    is_full_name,
    near_refs,
    require_full_name,
    told_where_it_is,
)
from kuke_ctr.commands.images.registry_options import Registry, with_registry_options
from kuke_ctr.commands.images.transfer_options import (
    AllPlatforms,
    Labels,
    Local,
    Platforms,
    exclude_platforms,
    require_platforms,
    run_transfer,
    show_images,
    streams_of,
    words_of,
)
from kuke_ctr.commands.shared.confirm import CreateNamespace
from kuke_ctr.commands.shared.ctr_flags import WithExtra, flags
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.lists import view_of
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, row_options
from kuke_ctr.commands.shared.options import Snapshotter, takes
from kuke_ctr.errors import UsageError
from kuke_ctr.recipes import transfers
from kuke_ctr.recipes.image_names import whole_ref
from kuke_ctr.recipes.platforms import host_platform
from kuke_ctr.recipes.transfer_progress import pulled, pushed
from kuke_ctr.records import Image
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("pull", cls=WithExtra)
@takes(IN_REALM, row_options(), EXTRA)
@with_registry_options
def pull(
    session: Session,
    reference: Annotated[
        str,
        typer.Argument(metavar="IMAGE", help="Full name: docker.io/library/busybox:1.36"),
    ],
    *,
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    snapshotter: Snapshotter = None,
    label: Labels = None,
    local: Local = False,
    create_namespace: CreateNamespace = False,
    progress: ShowProgress = When.AUTO,
    registry: Registry,
) -> None:
    """Fetch an image from a registry and unpack it.

    Exit code 3 if the registry does not have the image, or not for this platform, and 1 if it is no
    container image. What follows `--` is passed to ctr.

    Examples:

        kuke-ctr images pull -r main docker.io/library/busybox:1.36
        kuke-ctr images pull -r main --user alice --password-stdin registry.example/app:1.0 < secret

    Runs `ctr images pull IMAGE`, and `ctr content get DIGEST` to see what it is. Records: Image.
    """
    view = view_of(session, Image)
    exclude_platforms(platform, all_platforms)
    registry.check()
    labels = checked_labels(label or [])
    full = is_full_name(reference)
    realm = session.realm(changing=True, create=create_namespace and full, makes=full)
    require_full_name(reference)
    typed = flags(
        platform=platform,
        all_platforms=all_platforms,
        snapshotter=snapshotter,
        label=labels,
        **registry.flags,
    )
    words = words_of(session, "pull", typed, local)
    sign_in, secret = registry.sign_in(session, realm, reference)
    with (
        streams_of(session, view, progress, f"pulling {reference}", pulled, secret) as streams,
        transfers.told_what_is_left(realm.scope, reference, local="--local" in words),
        transfers.told_what_stays(realm.scope, reference, snapshotter),
        told_where_it_is(realm, reference),
    ):
        result = run_transfer(realm, "pull", (*sign_in, *words), (reference,), streams)
    if result.planned:
        return
    image = transfers.named(realm.scope, reference)
    transfers.require_image(realm.scope, image)
    show_images(session, view, [image])
    require_platforms([image], _wanted(session, platform, all_platforms))


@app.command("push", cls=WithExtra)
@takes(IN_REALM, row_options(), EXTRA)
@with_registry_options
def push(
    session: Session,
    remote: Annotated[
        str,
        typer.Argument(
            metavar="REMOTE", help="Name in the registry: registry.example/team/app:1.0"
        ),
    ],
    image: Annotated[
        str | None,
        typer.Argument(
            metavar="IMAGE", help="Name of the image in the realm; default: the same name."
        ),
    ] = None,
    *,
    platform: Platforms = None,
    local: Local = False,
    progress: ShowProgress = When.AUTO,
    registry: Registry,
) -> None:
    """Send an image to a registry.

    Exit code 3 if the realm does not have the image. What follows `--` is passed to ctr.

    Examples:

        kuke-ctr images push -r main registry.example/app:1.0
        kuke-ctr images push -r main registry.example/app:1.0 docker.io/library/busybox:1.36

    Runs `ctr images push REMOTE [IMAGE]`. Records: Image.
    """
    view = view_of(session, Image)
    registry.check()
    realm = session.realm(changing=True)
    words = words_of(session, "push", flags(platform=platform, **registry.flags), local)
    if platform and len(platform) > 1 and ("--local" in words or _is_old(session)):
        raise UsageError(
            "this version of ctr can push only one --platform, or all of them",
            hint="give --platform once, or leave it out",
        )
    source = whole_ref(realm.scope, image or remote, one_name=image is None)
    if image is None and "/" not in remote:  # a digest alone is no place to push to
        remote = source
    require_full_name(remote)
    sign_in, secret = registry.sign_in(session, realm, remote)
    names = (remote,) if source == remote else (remote, source)
    with (
        streams_of(session, view, progress, f"pushing {remote}", pushed, secret) as streams,
        transfers.told_of_silence(remote),
        near_refs(realm, [source]),
    ):
        result = run_transfer(realm, "push", (*sign_in, *words), names, streams)
    if not result.planned:
        show_images(session, view, [transfers.named(realm.scope, source)])


def _is_old(session: Session) -> bool:
    return versions.client(session.ctr) < (2,)


def _wanted(session: Session, platform: Sequence[str] | None, all_platforms: bool) -> list[str]:
    return [] if all_platforms else list(platform or [host_platform(session.ctr)])
