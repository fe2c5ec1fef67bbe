"""kuke-ctr images check, usage, inspect"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import image_checks, images, versions
from kuke_ctr.backends.ctr.filters import hint_for
from kuke_ctr.backends.ctr.scope import line_in
from kuke_ctr.backends.ctr.tables import ListCall, checked, read
from kuke_ctr.commands.images.references import near_images, no_image
from kuke_ctr.commands.shared.lists import list_realms_table, rows_of, show, view_of
from kuke_ctr.commands.shared.options import Snapshotter, shared
from kuke_ctr.errors import FoundWrong, KukeCtrError, NotFound, UsageError
from kuke_ctr.records import ImageCheck, ImageDetails, SnapshotUsage
from kuke_ctr.render import (
    Output,
    choose_output,
    document,
    print_lines,
    show_error,
    to_json,
    to_yaml,
)
from kuke_ctr.session import OpenRealm, Session, note

app = typer.Typer()

_NAMED = 5
_FORMS = (Output.TABLE, Output.WIDE, Output.JSON, Output.JSONL, Output.YAML)


@app.command("check")
@shared
def check(
    session: Session,
    filters: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILTER", help="ctr's filters: name~=busybox"),
    ] = None,
    snapshotter: Snapshotter = None,
) -> None:
    """Check that the content of a realm's images is here, for this host's platform.

    Runs `ctr images check`, and `ctr images ls -q` beside it. -q names the images that are ready to
    run (complete and unpacked), as in ctr. Records: ImageCheck. Exit code 5 where something is
    missing, 3 where no image matches the filters.
    """
    view = view_of(session, ImageCheck)
    table = image_checks.check_table(snapshotter)
    chosen = filters or ()
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
        wrong.append(_no_match(table, realms, chosen))
    if view.output is Output.NAME:
        rows = [row for row in rows if row.status == "complete" and row.unpacked]
    show(session, view, rows, [*errors, *wrong])


@app.command("usage")
@shared
def usage(
    session: Session,
    ref: Annotated[str, typer.Argument(metavar="REF", help="The reference of an image.")],
    snapshotter: Snapshotter = None,
) -> None:
    """Show the space and inodes that an unpacked image takes, layer by layer.

    Runs `ctr images usage REF` (ctr 1.7 and later); the sizes are rounded, `snapshots usage` has
    exact ones. The uppermost layer stands first. Records: SnapshotUsage.
    """
    versions.require(session.ctr, "images", "usage")
    realm = session.realm()
    with near_images(realm, [ref]):
        list_realms_table(
            session,
            image_checks.usage_table(snapshotter, ref),
            SnapshotUsage,
            when_empty=lambda realm: f"{ref} of realm {realm.name} has no layers",
        )


@app.command("inspect")
@shared
def inspect(
    session: Session,
    refs: Annotated[
        list[str], typer.Argument(metavar="REF", help="The references of images.", min=1)
    ],
) -> None:
    """Show all that an image is made of: index, manifests, configuration, layers with exact sizes.

    Runs `ctr images ls name==REF`, `ctr content ls digest==DIGEST...` and `ctr content get DIGEST`,
    the same with every ctr. A tree (-o wide: whole digests, history, annotations), or with -o json
    or yaml one document, an array of them for several REFs; jsonl has one a line. Records:
    ImageDetails. Exit code 5 where something is missing or does not fit.
    """
    from kuke_ctr.recipes import image_inspect as recipe

    form = _form(session)
    realm = session.realm()
    wanted = list(dict.fromkeys(refs))
    found = images.find(realm.scope, wanted)
    there = [image for image in found if image is not None]
    details = recipe.inspect(realm.scope, there)
    if details:
        _print_details(details, form, several=len(wanted) > 1)
    errors: list[KukeCtrError] = []
    gone = [ref for ref, image in zip(wanted, found, strict=True) if image is None]
    if gone:
        errors.append(no_image(realm, gone, images.names(realm.scope)))
    errors += [_broken(one) for one in details if not one.complete]
    sys.stdout.flush()
    for error in errors:
        show_error(error)
    if errors:
        raise typer.Exit(max(error.exit_code for error in errors))


def _no_match(
    table: ListCall[ImageCheck], realms: Sequence[OpenRealm], chosen: Sequence[str]
) -> NotFound:
    """The error for filters that nothing matches: a misspelt reference is no success."""
    only = realms[0] if len(realms) == 1 else None
    lists = line_in(only.namespace, "images", "ls") if only else "`kuke-ctr images ls -A`"
    return NotFound(
        f"no image of {only.described if only else 'any realm'} matches {', '.join(chosen)}",
        hint=hint_for(table.filter_by, chosen) or f"{lists} shows what there is",
    )


def _raw_check(
    session: Session,
    table: ListCall[ImageCheck],
    realms: Sequence[OpenRealm],
    chosen: Sequence[str],
) -> None:
    """What ctr itself prints, byte for byte; the table decides about the exit code."""
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
        raise _no_match(table, realms, chosen)
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
            f"{images_are} not whole: {', '.join([*named, *more])}",
            hint="`kuke-ctr images inspect REF` shows what is missing; pull or import it again",
        )
    ]


def _why(row: ImageCheck) -> str:
    realm = f", realm {row.realm}" if row.realm is not None else ""
    why = row.problem if row.status == "complete" and row.problem is not None else row.status
    return f"{why}{realm}"


def _form(session: Session) -> Output:
    options = session.options
    form = choose_output(options.output, options.quiet)
    if form not in _FORMS or options.columns or options.sort_by is not None:
        raise UsageError(
            "this shows documents, and has no rows, columns or names",
            hint="-o json, jsonl, yaml, or wide; `kuke-ctr content get DIGEST` has the bytes",
        )
    return form


def _print_details(details: Sequence[ImageDetails], form: Output, *, several: bool) -> None:
    if form in (Output.TABLE, Output.WIDE):
        from kuke_ctr.commands.images.inspect_tree import tree_lines

        for one in details:
            print_lines(tree_lines(one, wide=form is Output.WIDE))
        return
    documents = [document(one) for one in details]
    if form is Output.JSONL:
        print_lines(to_json(one) for one in documents)
        return
    whole = documents if several else documents[0]
    print_lines([to_yaml(whole) if form is Output.YAML else to_json(whole, indent=2)])


def _broken(image: ImageDetails) -> FoundWrong:
    said = [f"{digest} is missing" for digest in image.missing] + list(image.problems)
    more = [f"{len(said) - _NAMED} more"] if len(said) > _NAMED else []
    return FoundWrong(
        f"{image.ref} is not whole: {'; '.join([*said[:_NAMED], *more])}",
        hint="pull or import it again",
    )
