"""Checks of Kukeon's cells: what their records say, beside what containerd has."""

from collections.abc import Iterator

from kuke_ctr.kukeon.members import is_daemons_cell
from kuke_ctr.recipes.doctor.cell_rules import path_of, wrong_with
from kuke_ctr.recipes.doctor.facts import Facts, finding, listed
from kuke_ctr.records import Cell, Finding, Severity


def differing(facts: Facts) -> Iterator[Finding]:
    """Cells whose record says one thing and containerd another, or that Kukeon gave up.

    The daemon's own cell has a check of its own.
    """
    for realm, cell in _cells(facts):
        if cell.now is None or is_daemons_cell(realm, cell.space, cell.stack, cell.name):
            continue
        told = wrong_with(facts, realm, cell)
        if told is None:
            continue
        namespace = facts.namespace_of(realm)
        yield finding(
            told.severity,
            told.check,
            told.message,
            realm=realm,
            namespace=namespace,
            names=(cell.name,),
            hint=told.hint,
            fix=told.fix,
            found_by=(
                facts.ran(namespace, "containers", "ls"),
                facts.ran(namespace, "tasks", "ls"),
            ),
        )


def unreadable(facts: Facts) -> Iterator[Finding]:
    """Cells with a broken record."""
    for realm, cell in _cells(facts):
        if cell.problem is not None:
            yield finding(
                Severity.WARNING,
                "cell-record",
                f"the record of cell {path_of(cell)} can't be read: {cell.problem}",
                realm=realm,
                names=(cell.name,),
                found_by=(f"files below {facts.run_path}",),
            )


def unrecorded(facts: Facts) -> Iterator[Finding]:
    """Containers that say they are Kukeon's, of which no record knows."""
    for space in facts.of_realms():
        realm = space.realm or ""
        if realm in facts.unread_cells or any(c.problem for c in facts.cells.get(realm, ())):
            continue
        found = (facts.named(space, name, by_id=False) for name in space.infos)
        lost = [one for one in found if one and facts.cell_of(realm, one.id) is None]
        for cell in sorted({one.cell for one in lost}):
            ids = tuple(one.id for one in lost if one.cell == cell)
            removes = facts.line(space.namespace, "containers", "rm", *ids, "--yes", "--kukeon")
            yield finding(
                Severity.WARNING,
                "cell-unrecorded",
                f"the containers {listed(ids)} belong to Kukeon's cell {cell} by their labels, "
                f"but no record of realm {realm} below {facts.run_path} has them",
                realm=realm,
                namespace=space.namespace,
                names=ids,
                hint="if Kukeon keeps its records elsewhere, name that folder with --run-path. If "
                f"nobody needs the cell any more, this removes it with its files: `{removes}`",
                found_by=tuple(
                    facts.ran(space.namespace, "containers", "info", one) for one in ids[:1]
                ),
            )


def _cells(facts: Facts) -> Iterator[tuple[str, Cell]]:
    return ((realm, cell) for realm, cells in facts.cells.items() for cell in cells)
