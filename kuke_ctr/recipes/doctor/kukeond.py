"""Is Kukeon's daemon there? Without it `kuke` fails, and nobody keeps the records true."""

from collections.abc import Iterator

from kuke_ctr.kukeon.members import is_daemons_cell
from kuke_ctr.kukeon.realm_files import SYSTEM
from kuke_ctr.recipes.doctor.facts import Facts, finding
from kuke_ctr.records import Cell, Finding, RealmSource, Severity, TaskStatus

STARTS = "kuke daemon start"
"""Needs no daemon, and does nothing where it runs already."""

_ERROR = "Error"


def down(facts: Facts) -> Iterator[Finding]:
    """The daemon of a host that has records does not run."""
    if not is_down(facts):
        return
    realm, cell = _cell(facts)
    namespace = None if realm is None else facts.namespace_of(realm)
    silent = facts.kukeond_listens is False
    seen = facts.ran(namespace, "tasks", "ls") if namespace is not None else None
    why = (
        f"nobody listens on {facts.kukeond_socket}"
        if silent
        else "its container kukeond has no running task"
    )
    yield finding(
        Severity.ERROR if silent else Severity.WARNING,
        "kukeond-down",
        f"Kukeon's daemon, kukeond, does not run ({why}): cells keep running, but `kuke` "
        "commands fail, containers that end are not restarted, and records are not renewed",
        realm=realm,
        namespace=namespace,
        names=() if cell is None else (cell.name,),
        hint=f"if it does not stay up, its log says why: `{_log(facts, namespace)}`"
        if namespace is not None
        else None,
        fix=(STARTS,),
        found_by=(facts.kukeond_socket,) if silent else tuple(filter(None, (seen,))),
    )


def is_down(facts: Facts) -> bool | None:
    """Whether the daemon is known not to run; None where that can't be known.

    Its socket says most. It is not asked in a replay, nor for a copy of records: there the task of
    its own cell says it, and its record. A record that says that the cell failed was written by a
    daemon that runs elsewhere.
    """
    if not any(realm.source is RealmSource.RECORD for realm in facts.realms):
        return None
    if facts.kukeond_listens is not None:
        return not facts.kukeond_listens
    _, cell = _cell(facts)
    own = () if cell is None else tuple(one for one in cell.containers if not one.root)
    if cell is None or not own or any(one.exists is None for one in own):
        return None
    runs = all(one.status == TaskStatus.RUNNING for one in own)
    return None if not runs and cell.recorded == _ERROR else not runs


def _log(facts: Facts, namespace: str) -> str:
    return facts.line(namespace, "logs", "kukeon_kukeon_kukeond_kukeond")


def _cell(facts: Facts) -> tuple[str | None, Cell | None]:
    """The daemon's own cell, where it is recorded, and the name of its realm."""
    for realm in facts.cells.keys() & set(SYSTEM):
        for cell in facts.cells[realm]:
            if is_daemons_cell(realm, cell.space, cell.stack, cell.name):
                return realm, cell
    return None, None
