"""Checks of Kukeon's cells: what their records say, beside what containerd has."""

from collections.abc import Iterator

from kuke_ctr.kukeon.members import Member, of_labels
from kuke_ctr.recipes.doctor.facts import Facts, finding, listed
from kuke_ctr.records import Cell, CellNow, Finding, Severity


def differing(facts: Facts) -> Iterator[Finding]:
    """Cells whose record says one thing and containerd another."""
    for realm, cell in _cells(facts):
        if cell.differs is None:
            continue
        namespace = _namespace_of(facts, realm)
        running = cell.now is CellNow.RUNNING
        yield finding(
            Severity.WARNING,
            "cell-differs",
            f"cell {_path(cell)} is {cell.differs}",
            realm=realm,
            namespace=namespace,
            names=(cell.name,),
            hint="Kukeon's daemon writes the records: does it run (`kuke status`)?",
            fix=() if running else (kuke_line("start", cell, realm),),
            found_by=(
                facts.ran(namespace, "containers", "ls"),
                facts.ran(namespace, "tasks", "ls"),
            ),
        )


def incomplete(facts: Facts) -> Iterator[Finding]:
    """Cells of which containerd has some containers only: Kukeon can't start these."""
    for realm, cell in _cells(facts):
        gone = tuple(part.name for part in cell.containers if part.exists is False)
        if not gone or len(gone) == len(cell.containers) or cell.differs is not None:
            continue
        namespace = _namespace_of(facts, realm)
        yield finding(
            Severity.WARNING,
            "cell-incomplete",
            f"cell {_path(cell)} has no container any more for {listed(gone)}: `kuke start` will "
            "fail",
            realm=realm,
            namespace=namespace,
            names=(cell.name,),
            hint="delete the cell and apply its manifest again",
            found_by=(facts.ran(namespace, "containers", "ls"),),
        )


def unreadable(facts: Facts) -> Iterator[Finding]:
    """Cells with a broken record."""
    for realm, cell in _cells(facts):
        if cell.problem is not None:
            yield finding(
                Severity.WARNING,
                "cell-record",
                f"the record of cell {_path(cell)} can't be read: {cell.problem}",
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
        found = (of_labels(one.id, one.labels) for one in space.infos.values())
        lost = [one for one in found if one and facts.cell_of(realm, one.id) is None]
        for cell in sorted({one.cell for one in lost}):
            ids = tuple(one.id for one in lost if one.cell == cell)
            yield finding(
                Severity.WARNING,
                "cell-unrecorded",
                f"the containers {listed(ids)} belong to Kukeon's cell {cell} by their labels, "
                f"but no record of realm {realm} has them",
                realm=realm,
                namespace=space.namespace,
                names=ids,
                hint="if the cell is gone, they are left over; if not, is --run-path right?",
                fix=tuple(facts.line(space.namespace, "containers", "rm", one) for one in ids),
                found_by=tuple(
                    facts.ran(space.namespace, "containers", "info", one) for one in ids[:1]
                ),
            )


def kuke_line(verb: str, cell: Cell, realm: str) -> str:
    """Kukeon's own command for a cell."""
    member = Member("", cell.name, space=cell.space, stack=cell.stack, realm=realm)
    return member.kuke(verb).strip("`")


def _cells(facts: Facts) -> Iterator[tuple[str, Cell]]:
    return ((realm, cell) for realm, cells in facts.cells.items() for cell in cells)


def _namespace_of(facts: Facts, realm: str) -> str | None:
    return next((one.namespace for one in facts.realms if one.name == realm), None)


def _path(cell: Cell) -> str:
    return f"{cell.space}/{cell.stack}/{cell.name}"
