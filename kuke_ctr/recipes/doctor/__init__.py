"""`doctor`: looks at a whole host, and says what is wrong.

`gather` asks once for all that the checks need; each check is a function of these facts and of
nothing else. A new check is one more function in the table below, and one test.
"""

from collections.abc import Callable, Iterator

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
    found = [one for check in CHECKS for one in check(facts)]
    return sorted(
        found,
        key=lambda one: (
            one.realm is not None or one.namespace is not None,
            one.realm is None,
            one.realm or one.namespace or "",
            _WORST_FIRST.index(one.severity),
        ),
    )
