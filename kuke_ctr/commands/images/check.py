"""kuke-ctr images check, usage"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import image_checks, versions
from kuke_ctr.backends.ctr.filters import check as check_filters
from kuke_ctr.backends.ctr.tables import ListCall, checked, read
from kuke_ctr.commands.images.references import matched_elsewhere, near_images
from kuke_ctr.commands.shared.lists import list_realms_table, rows_of, show, view_of
from kuke_ctr.commands.shared.option_table import EVERY_REALM, IN_REALM, list_options
from kuke_ctr.commands.shared.options import Snapshotter, takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import FoundWrong, KukeCtrError, NotFound
from kuke_ctr.recipes.image_names import as_filters, whole_ref
from kuke_ctr.records import ImageCheck, SnapshotUsage
from kuke_ctr.render import Output
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


_NAMED = 5


@app.command("check")
@takes(IN_REALM, EVERY_REALM, list_options())
def check(
    session: Session,
    filters: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILTER", help="Filter of ctr, for example name~=busybox"),
    ] = None,
    snapshotter: Snapshotter = None,
) -> None:
    """Check that all content of the images of a realm is here, for this host's platform.

    Exit code 5 if an image is incomplete, 3 if no image matches the filters. -q prints the images
    that are ready to run (complete and unpacked).

    Examples:

        kuke-ctr images check -r main
        kuke-ctr images check -A -o wide

    Runs `ctr images check`, and `ctr images ls -q` to compare. Records: ImageCheck.
    """
    view = view_of(session, ImageCheck)
    table = image_checks.check_table(snapshotter)
    chosen = as_filters(filters or ())
    realms = session.realms()
    if view.output is Output.RAW:
        _raw_check(session, table, realms, chosen)
        return
    rows, errors = rows_of(session, table, realms, chosen)
    if session.options.dry_run:
        return
    if not (rows or errors or chosen or session.options.all_realms):
        note(f"{realms[0].described} has no images")
    wrong: list[KukeCtrError] = [*_wrong(rows)]
    if chosen and not (rows or errors):
        wrong.append(_no_match(realms, chosen))
    if view.output is Output.NAME:
        rows = [row for row in rows if row.status == "complete" and row.unpacked]
    show(session, view, rows, [*errors, *wrong])


@app.command("usage")
@takes(IN_REALM, list_options())
def usage(
    session: Session,
    ref: Annotated[str, typer.Argument(metavar="REF", help="The image, as `images ls` shows it.")],
    snapshotter: Snapshotter = None,
) -> None:
    """Show the space and inodes that an unpacked image uses, for each layer.

    The uppermost layer comes first. The sizes are rounded; `snapshots usage` has exact ones.

    Examples:

        kuke-ctr images usage -r main docker.io/library/busybox:1.36
        kuke-ctr images usage -r main docker.io/library/busybox:1.36 -o json

    Runs `ctr images usage REF` (ctr 1.7 and later). Records: SnapshotUsage.
    """
    versions.require(session.ctr, "images", "usage")
    realm = session.realm()
    ref = whole_ref(realm.scope, ref)
    with near_images(realm, [ref]):
        list_realms_table(
            session,
            image_checks.usage_table(snapshotter, ref),
            SnapshotUsage,
            when_empty=lambda realm: f"{ref} of realm {realm.name} has no layers",
        )


def _no_match(realms: Sequence[OpenRealm], chosen: Sequence[str]) -> NotFound:
    """The error for filters that nothing matches: a misspelt reference is no success."""
    only = realms[0] if len(realms) == 1 else None
    lists = only.scope.line("images", "ls") if only else realms[0].ctr.line("images", "ls", "-A")
    there = matched_elsewhere(only, chosen) if only else None
    return NotFound(
        f"no image of {only.described if only else 'any realm'} matches {', '.join(chosen)}",
        hint=there or f"{_in_full(chosen)}{lists} shows the images",
    )


def _in_full(chosen: Sequence[str]) -> str:
    """The filter that a short name was meant to be; empty where no filter names one."""
    from kuke_ctr.parse.image_names import is_short, whole_name  # late: for failures only

    for each in chosen:
        field, _, value = each.partition("==")
        name = value.strip('"')
        if field == "name" and is_short(name):
            return f"{name} is a short name; the full one is name=={whole_name(name)}; "
    return ""


def _raw_check(
    session: Session,
    table: ListCall[ImageCheck],
    realms: Sequence[OpenRealm],
    chosen: Sequence[str],
) -> None:
    """What ctr itself prints, byte for byte; the table decides about the exit code."""
    check_filters(table.filter_by, chosen)
    calls = [session.ctr.call(*table.words, *chosen, namespace=realm.namespace) for realm in realms]
    rows: list[ImageCheck] = []
    for result in session.ctr.processes.run_all(calls):
        if not result.stdout:
            checked(session.ctr, table, result, chosen)
        sys.stdout.flush()
        sys.stdout.buffer.write(result.stdout)
        sys.stdout.buffer.flush()
        if result.stderr.strip():
            note(result.stderr.decode(errors="replace"))
        rows += read(session.ctr, table, result).records
    if chosen and not rows and not session.options.dry_run:
        raise _no_match(realms, chosen)
    for error in _wrong(rows):
        raise error


def _wrong(rows: Sequence[ImageCheck]) -> list[FoundWrong]:
    """The error about images that are not whole; none where all are."""
    wrong = [row for row in rows if row.status != "complete" or row.problem is not None]
    if not wrong:
        return []
    named = [f"{row.ref} ({_why(row)})" for row in wrong[:_NAMED]]
    more = [f"{len(wrong) - _NAMED} more"] if len(wrong) > _NAMED else []
    images_are = "1 image is" if len(wrong) == 1 else f"{len(wrong)} images are"
    return [
        FoundWrong(
            f"{images_are} incomplete: {', '.join([*named, *more])}",
            hint="`kuke-ctr images inspect REF` shows what is missing; pull or import the "
            "image again",
        )
    ]


def _why(row: ImageCheck) -> str:
    realm = f", realm {row.realm}" if row.realm is not None else ""
    why = row.problem if row.status == "complete" and row.problem is not None else row.status
    return f"{why}{realm}"
