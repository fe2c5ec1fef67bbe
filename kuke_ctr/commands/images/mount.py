"""kuke-ctr images mount, unmount"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import images
from kuke_ctr.commands.images.references import Ref, near_images, require_images
from kuke_ctr.commands.shared.confirm import each
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import Snapshotter, takes
from kuke_ctr.errors import (
    CtrFailed,
    Interrupted,
    KukeCtrError,
    NotFound,
    TimeLimit,
    UsageError,
)
from kuke_ctr.recipes import host_mounts
from kuke_ctr.recipes.image_names import whole_ref
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

Platform = Annotated[
    str | None,
    typer.Option("--platform", metavar="OS/ARCH", help="Platform of the image: linux/arm64."),
]
Target = Annotated[str, typer.Argument(metavar="DIR", help="The directory on which it is mounted.")]


@app.command("mount", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def mount(
    session: Session,
    ref: Ref,
    target: Target,
    writable: Annotated[
        bool, typer.Option("--rw", help="Make it writable; the image does not change.")
    ] = (False),
    platform: Platform = None,
    snapshotter: Snapshotter = None,
) -> None:
    """Mount the files of an image on a directory, to look at them.

    `images unmount --rm DIR` undoes it. containerd may remove the snapshot of the mount after 24
    hours.

    Examples:

        kuke-ctr images mount -r main docker.io/library/busybox:1.36 /mnt
        kuke-ctr images mount -r main --rw docker.io/library/busybox:1.36 /mnt

    Runs `ctr images mount REF DIR`, which creates a snapshot that is named after the directory.
    """
    path = _absolute(target)
    host_mounts.require_empty_folder(path)
    realm = session.realm(changing=True)
    ref = whole_ref(realm.scope, ref)
    require_images(realm, ref)
    earlier = images.snapshot_of_mount(realm.scope, path, snapshotter)
    if earlier is not None and (earlier.get("Kind") == "Active") is not writable:
        raise _left_over(realm, path, snapshotter, "with --rw" if not writable else "without --rw")
    words = (
        *flags(rw=writable, platform=platform, snapshotter=snapshotter),
        *extra_flags(session),
    )

    def change(name: str) -> None:
        pair = images.positional(ref, name)
        left = earlier is not None
        with near_images(realm, [ref]), _taken_back(realm, name, snapshotter, keep=left):
            done = realm.scope.change("images", "mount", *words, *pair)
        chain = done.stdout.decode(errors="replace").split("\n")[0]
        if not done.planned and earlier is not None and earlier.get("Parent") != chain:
            realm.scope.change("images", "unmount", *flags(snapshotter=snapshotter), name)
            raise _left_over(realm, path, snapshotter, "from another image")

    each([path], change, session)


@app.command("unmount", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def unmount(
    session: Session,
    target: Target,
    remove: Annotated[
        bool,
        typer.Option(
            "--rm", help="Also remove the snapshot, with everything that was written there."
        ),
    ] = False,
    snapshotter: Snapshotter = None,
) -> None:
    """Unmount what `images mount` has mounted on a directory.

    Anything else that is mounted there is left alone; ctr would unmount it. Exit code 3 if no image
    of the realm is mounted there.

    Examples:

        kuke-ctr images unmount -r main /mnt
        kuke-ctr images unmount -r main --rm /mnt

    Runs `ctr images unmount DIR`.
    """
    path = _absolute(target)
    realm = session.realm(changing=True, removing=remove)
    found = images.snapshot_of_mount(realm.scope, path, snapshotter)
    mounted = host_mounts.count_at(path)
    if found is None or not (mounted or remove):
        realm.require_namespace()
        raise NotFound(
            f"no image of {realm.described} is mounted on {path}",
            hint=_instead(path, mounted=mounted > 0, left=found is not None),
        )
    if mounted > 1:
        raise UsageError(
            f"{mounted} mounts are on {path}, one above the other; ctr would unmount all of them",
            hint=f"`findmnt {path}` shows them; `umount {path}` unmounts the uppermost",
        )
    words = (*flags(rm=remove, snapshotter=snapshotter), *extra_flags(session))

    def change(name: str) -> None:
        done = realm.scope.change("images", "unmount", *words, name)
        if not done.planned and host_mounts.count_at(name):
            raise CtrFailed(f"something is still mounted on {name}", hint=f"findmnt {name}")

    each([path], change, session)


def _absolute(target: str) -> str:
    """The folder's path from the root, links left as they are: ctr names the snapshot after it."""
    return os.path.abspath(target)  # noqa: PTH100 (Path.absolute keeps `..`)


@contextmanager
def _taken_back(
    realm: OpenRealm, path: str, snapshotter: str | None, *, keep: bool
) -> Iterator[None]:
    """Where ctr was ended inside, what it had begun is taken away, and told where that fails.

    It takes its mount, its snapshot and its lease away by itself only where it sees a failure.
    `keep`: the snapshot was there before.
    """
    try:
        yield
    except (Interrupted, TimeLimit) as error:
        words = (*flags(rm=not keep, snapshotter=snapshotter), path)
        try:
            realm.scope.change("images", "unmount", *words)
        except (KukeCtrError, KeyboardInterrupt):
            again = realm.scope.line("images", "unmount", *words)
            left = f"a mount, a snapshot and a lease may be left; {again} removes them"
            raise error.but(hint=left) from None
        raise error.but(message=f"{error.message}; the mount was undone") from None


def _left_over(realm: OpenRealm, path: str, snapshotter: str | None, how: str) -> KukeCtrError:
    words = (*flags(rm=True, snapshotter=snapshotter), path)
    unmount = realm.scope.line("images", "unmount", *words)
    return KukeCtrError(
        f"realm {realm.name} still has the snapshot {path} of an earlier mount, {how}; ctr would "
        "mount that snapshot",
        hint=f"{unmount} removes it, with everything that was written there",
    )


def _instead(path: str, *, mounted: bool, left: bool) -> str:
    if mounted:
        return f"`findmnt {path}` shows what is mounted; `umount {path}` unmounts it"
    if left:
        return f"only the snapshot of an earlier mount is left; `--rm` removes it ({path})"
    return "`findmnt` shows what is mounted; name the directory as you did for `images mount`"
