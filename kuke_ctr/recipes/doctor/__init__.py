"""`doctor`: looks at a whole host, and says what is wrong.

`gather` asks once for all that the checks need; each check is a function of these facts and of
nothing else. A new check is one more function in the table below, and one test.
"""

from collections.abc import Callable, Iterator

from kuke_ctr.processes.far import Far
from kuke_ctr.recipes.doctor import cells, containers, daemon, images, kukeond, realms, storage
from kuke_ctr.recipes.doctor.facts import Facts
from kuke_ctr.records import Finding, Severity

Check = Callable[[Facts], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    *(daemon.unreachable, daemon.versions, daemon.slow, daemon.unread),
    kukeond.down,
    *(realms.records, realms.missing, realms.side_by_side, realms.histories),
    *(cells.unreadable, cells.differing, cells.unrecorded),
    *(images.incomplete, images.elsewhere),
    *(containers.tasks, containers.without_task, containers.without_image),
    *(containers.without_snapshot, containers.without_reader),
    *(storage.snapshots, storage.leases),
)

_WORST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def judge(facts: Facts) -> list[Finding]:
    """What the checks find: that of the whole host first, then by realm, the worst first."""
    found = [_pasted_here(one, facts.ctr.far) for check in CHECKS for one in check(facts)]
    return sorted(
        found,
        key=lambda one: (
            one.realm is not None or one.namespace is not None,
            one.realm is None,
            one.realm or one.namespace or "",
            _WORST_FIRST.index(one.severity),
        ),
    )


def _pasted_here(one: Finding, far: Far | None) -> Finding:
    """The finding with commands that reach its host: pasted here, none changes this host."""
    if far is None:
        return one
    from kuke_ctr.processes.far_lines import hint_there, there  # late: mostly it is this host

    hint = hint_there(far, one.hint) if one.hint is not None else None
    return one.model_copy(update={"hint": hint, "fix": tuple(there(far, line) for line in one.fix)})
