"""kuke-ctr cells"""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.kukeon.surveys import surveys
from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.missing import missing, realms_with
from kuke_ctr.commands.shared.option_table import (
    EVERY_REALM,
    FLEET,
    FORMS,
    IN_REALM,
    WATCH,
    format_option,
    row_options,
)
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note, print_lines
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.recipes.cells import Survey
from kuke_ctr.recipes.whereabouts import has
from kuke_ctr.records import Cell, CellContainer
from kuke_ctr.render import Output, align, cell, document, to_json, to_yaml
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


@app.command("ls")
@takes(IN_REALM, EVERY_REALM, row_options(*FORMS), WATCH, FLEET)
def ls(session: Session) -> None:
    """List the cells of a realm: the state that Kukeon recorded, and what runs now.

    RECORDED is what Kukeon wrote last (-o wide: also when); NOW is what containerd has. Where the
    two do not agree, a note says how. Without containerd the recorded part is shown; without
    records the cells that the labels of containers name.

    Examples:

        kuke-ctr cells ls -r main
        kuke-ctr cells ls -A -o wide

    Runs `ctr containers ls`, `ctr tasks ls`, and `ctr containers info` of what is in no record.
    Records: Cell.
    """
    view = view_of(session, Cell)
    rows: list[Cell] = []
    realms = session.realms(lenient=True)
    found, errors = surveys(session, realms)
    for realm, _, one in found:
        for each in one.cells:
            _note(each, one)
        name = realm.name if session.options.all_realms else None
        rows += (each.model_copy(update={"realm": name}) for each in one.cells)
    every = session.options.all_realms
    if not rows and not every:
        realms[0].require_namespace()
    if not realms:
        session.host.namespaces  # noqa: B018 (raises: nobody knows whether there are realms)
    show(session, view, rows, errors)
    if not rows:
        where = "any realm" if every else realms[0].described
        note(f"Kukeon's records below {session.host.settings.run_path} have no cell of {where}")


@app.command("show")
@takes(
    IN_REALM,
    format_option(Output.TABLE, Output.JSON, Output.JSONL, Output.YAML),
)
def show_one(
    session: Session,
    name: Annotated[
        str,
        typer.Argument(
            metavar="[[SPACE/]STACK/]CELL", help="The cell, or a container in it, also by its id."
        ),
    ],
) -> None:
    """Show all that Kukeon recorded of a cell, and what containerd has of its containers now.

    Examples:

        kuke-ctr cells show -r main web
        kuke-ctr cells show -r main default/default/web -o json

    Runs `ctr containers ls`, `ctr tasks ls`, and `ctr containers info` of what is in no record.
    Records: Cell.
    """
    realm = session.realm(lenient=True)
    ((_, _, all_of_it),), _ = surveys(session, [realm])
    found = _named(realm, name, all_of_it.cells)
    form = session.options.output or Output.TABLE
    if form is Output.TABLE:
        print_lines(_page(found))
        _note(found, all_of_it)
    elif form is Output.YAML:
        print_lines([to_yaml(document(found))])
    else:
        print_lines([to_json(document(found), indent=2 if form is Output.JSON else None)])


def _named(realm: OpenRealm, name: str, found: Sequence[Cell]) -> Cell:
    """The cell of that name, else the one with that container; NotFound, UsageError for several."""
    words = name.split("/")
    fits = [one for one in found if _ends([one.space, one.stack, one.name], words)]
    fits = fits or [one for one in found if _has(one, name)]
    if not fits:
        realm.require_namespace()
        others = realms_with(realm, name)
        if others:
            shows = Scope(realm.ctr, others[0].namespace).line("cells", "show", name)
            said = f"there is no cell {name} in {realm.described}"
            raise NotFound(said, hint=f"{has(others)} it: {shows}")
        names = [_whole(one) if len(words) > 1 else one.name for one in found]
        raise missing(realm, "cell", [name], names, "cells", NotFound(""))
    if len(fits) > 1:
        raise UsageError(
            f"{realm.described} has {len(fits)} cells named {name}",
            hint=f"name one of them: {', '.join(map(_whole, fits))}",
        )
    return fits[0]


def _ends(path: Sequence[str], words: Sequence[str]) -> bool:
    return list(path[-len(words) :]) == list(words)


def _has(one: Cell, container: str) -> bool:
    """Whether a container of the cell has this id, or this name behind the cell's."""
    *cell, name = container.split("/")
    called = bool(cell) and _ends([one.space, one.stack, one.name], cell)
    return any(part.id == container or (called and part.name == name) for part in one.containers)


def _whole(one: Cell) -> str:
    return f"{one.space}/{one.stack}/{one.name}"


def _note(one: Cell, of: Survey) -> None:
    said = one.problem or one.differs
    if said is not None and of.unread is None:  # that was said once
        note(f"{'warning' if one.problem else 'note'}: cell {_whole(one)}: {said}")


_LINES = (
    *("recorded", "recorded_at", "reason", "message", "now", "running", "restarts"),
    *("exit_codes", "made_from", "address", "volumes"),
)
_COLUMNS = ("name", "id", "image", "state", "status", "exit_code", "restarts", "restart_policy")


def _page(one: Cell) -> Iterator[str]:
    rows = [("CELL", cell("name", _whole(one), one))]
    for field in _LINES:
        value = getattr(one, field)
        if value not in (None, ()):
            rows.append((field.upper().replace("_", " "), cell(field, value, one)))
    yield from align(rows)
    if not one.containers:
        return
    yield ""
    headers = {"state": "RECORDED", "status": "NOW", "name": "CONTAINER"}
    table = [[headers.get(name, name.upper().replace("_", " ")) for name in _COLUMNS]]
    table += [[cell(name, _value(part, name), one) for name in _COLUMNS] for part in one.containers]
    yield from align(table)


def _value(part: CellContainer, name: str) -> object:
    if name == "status" and part.exists is False:
        return "no container"
    return "no record" if name == "state" and not part.recorded else getattr(part, name)
