"""kuke-ctr cp"""

import sys
from typing import Annotated

import typer

from kuke_ctr.commands.shared.confirm import counted, some
from kuke_ctr.commands.shared.missing import near_containers
from kuke_ctr.commands.shared.option_table import IN_REALM
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.shared.short_ids import by_id
from kuke_ctr.errors import UsageError
from kuke_ctr.parse.copy_words import Side, sides_of
from kuke_ctr.parse.units import in_units
from kuke_ctr.recipes.copying.copy import Manner, from_archive, into, out_of, to_archive
from kuke_ctr.recipes.copying.entries import Skipped
from kuke_ctr.recipes.copying.root import Files, files_of
from kuke_ctr.recipes.copying.writing import Copied
from kuke_ctr.session import Session

app = typer.Typer()

_SHOWN = 5


@app.command("cp")
@takes(IN_REALM, own=("-a",))
def cp(
    session: Session,
    source: Annotated[str, typer.Argument(metavar="SRC", help="ID:PATH, a path here, or -.")],
    target: Annotated[str, typer.Argument(metavar="DEST", help="The other side.")],
    archive: Annotated[
        bool, typer.Option("--archive", "-a", help="Keep owners (as numbers) and set-ID bits.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow-link", "-L", help="Copy what the link SRC leads to.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not say what was copied.")] = (
        False
    ),
) -> None:
    """Copy files between a container and this host, as docker does.

    A directory is copied with all that is in it, without a flag: -r is --realm.

    `-` means a tar archive on stdin or stdout. A DEST that is a directory gets SRC in it, or with
    `SRC/.` what is in SRC. Links in the container are resolved as the container sees them, and
    never lead out of it. Needs root. A container that does not run is reached by its snapshot: do
    not start it meanwhile.

    Copied files belong to you, or in the container to its root. Devices, sockets, FIFOs and what is
    in /proc and /sys are left out, and a note names them.

    Examples:

        kuke-ctr cp --realm main web:/etc/hosts .
        kuke-ctr cp --realm main app.conf web:/etc/app/

    Runs `ctr containers info ID` and `ctr tasks ls`; for a container that does not run `ctr
    snapshots mounts` and mount.
    """
    one, other = sides_of(source, target)
    writing = other.container is not None
    _check_streams(one, other)
    realm = session.realm(changing=writing)
    skipped: list[str] = []

    def skip(path: str, what: str) -> None:
        skipped.append(f"{path} ({what})")

    def act(name: str) -> Copied:
        with near_containers(realm, name), files_of(realm.scope, name, writing=writing) as files:
            dry = session.options.dry_run
            done = _copy(files, one, other, Manner(keep=archive, follow=follow, dry=dry), skip)
            if dry:
                note(f"note: {one} would be copied to {other}")
            return done

    done = by_id(realm, one.container or other.container or "", act, changing=writing)
    if skipped:
        note(f"note: not copied: {some(skipped, _SHOWN)}")
    if not quiet and not session.options.dry_run and sys.stderr.isatty():
        note(f"{counted(done.files, 'file')} copied ({in_units(done.size)})")


def _copy(files: Files, one: Side, other: Side, manner: Manner, skip: Skipped) -> Copied:
    if other.container is None:
        if other.is_stream:
            return to_archive(files, one, sys.stdout.buffer, manner, skip)
        return out_of(files, one, other, manner, skip)
    if one.is_stream:
        return from_archive(files, sys.stdin.buffer, other, manner, skip)
    return into(files, one, other, manner, skip)


def _check_streams(one: Side, other: Side) -> None:
    """UsageError for an archive to or from a terminal."""
    if other.is_stream and sys.stdout.isatty():
        raise UsageError(
            "stdout is a terminal, and would get a tar archive",
            hint=f"kuke-ctr cp {one} - > FILE.tar",
        )
    if one.is_stream and sys.stdin.isatty():
        raise UsageError(
            "stdin is a terminal, and no tar archive", hint=f"kuke-ctr cp - {other} < FILE.tar"
        )
