"""kuke-ctr realms show"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from kuke_ctr.commands.kukeon.realms import one_name
from kuke_ctr.commands.shared.option_table import CALLS, REALM, format_option
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note, print_lines
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.units import in_units
from kuke_ctr.recipes.realm_details import details_of
from kuke_ctr.recipes.residuals import Residual
from kuke_ctr.records import RealmDetails, RealmSource
from kuke_ctr.render import Output, align, cell, document, to_json, to_yaml
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("show")
@takes(REALM, CALLS, format_option(Output.TABLE, Output.JSON, Output.JSONL, Output.YAML))
def show_one(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The realm.")] = None,
) -> None:
    """Show what Kukeon's files and containerd have of a realm.

    Its record, its namespace, how much it has, what runs, residual namespaces, and who signs in to
    which registry (never the password). Without containerd the recorded part is shown. Sizes are
    approximate, and realms share content.

    Examples:

        kuke-ctr realms show main
        kuke-ctr realms show main -o json

    Runs `ctr namespaces|images|containers|tasks|content ls` and `ctr snapshots usage`. Records:
    RealmDetails.
    """
    options = session.options
    resolution = session.host.resolve(
        one_name(session, name),
        manifest=Path(options.manifest) if options.manifest is not None else None,
        lenient=True,
    )
    for warning in resolution.warnings:
        note(f"warning: {warning}")
    _require(session, resolution)
    found = details_of(session.host, resolution)
    if options.dry_run:
        return
    form = options.output or Output.TABLE
    if form is Output.TABLE:
        print_lines(_page(found))
        for one in found.residual:
            beside = Residual(
                found.name, found.namespace, one.namespace, one.images, one.containers
            )
            note(beside.note(session.ctr))
    elif form is Output.YAML:
        print_lines([to_yaml(document(found))])
    else:
        print_lines([to_json(document(found), indent=2 if form is Output.JSON else None)])
    for problem in found.problems:
        note(f"warning: {problem}")


def _require(session: Session, resolution: Resolution) -> None:
    """Raise NotFound for a realm that nothing but its name tells of, and what containerd says."""
    if resolution.source is not RealmSource.LAYOUT:
        return
    session.host.namespaces  # noqa: B018 (raises: nobody knows)
    OpenRealm(session.host, resolution).require_namespace()


def _page(one: RealmDetails) -> Iterator[str]:
    rows = [("REALM", cell("name", one.name, one)), *_facts(one), *_amounts(one)]
    rows += [("RESIDUAL", text) for text in _residual(one)]
    rows += [("CREDENTIALS", cell("user", text, one)) for text in _accounts(one)]
    yield from align(rows)
    if one.running:
        yield from ("", "RUNNING TASKS", *(cell("id", task, one) for task in one.running))


_FACTS = (
    *("namespace", "found", "exists", "record", "recorded", "recorded_at"),
    *("labels", "namespace_labels", "spaces", "stacks", "cells"),
    *("images", "containers", "tasks"),
)


def _facts(one: RealmDetails) -> Iterator[tuple[str, str]]:
    for field in _FACTS:
        value = getattr(one, field)
        known = field == "record" and one.found == f"record: {value}"
        if value not in (None, {}) and not known:
            yield field.upper().replace("_", " "), cell(field, value, one)


def _amounts(one: RealmDetails) -> Iterator[tuple[str, str]]:
    if one.running is not None:
        yield "RUNNING", str(len(one.running))
    if one.content_bytes is not None:
        yield "CONTENT", f"about {in_units(one.content_bytes)}"
    if one.snapshots is not None:
        size = "" if one.snapshots_bytes is None else f", about {in_units(one.snapshots_bytes)}"
        yield "SNAPSHOTS", f"{one.snapshots}{size}"


def _residual(one: RealmDetails) -> Iterator[str]:
    for each in one.residual:
        counts = ((each.images, "image"), (each.containers, "container"))
        known = [f"{count} {what}{'s' * (count != 1)}" for count, what in counts if count]
        yield f"{each.namespace} ({', '.join(known) or 'empty'})"


def _accounts(one: RealmDetails) -> Iterator[str]:
    for each in one.credentials:
        yield f"{each.user or 'no user name'} ({each.server or 'any registry'})"
