"""Checks of what takes disk and is needed by nobody: snapshots and leases."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from kuke_ctr.parse.references import GC_EXPIRE
from kuke_ctr.parse.times import moment
from kuke_ctr.parse.units import in_units
from kuke_ctr.recipes.content_graph import Graph
from kuke_ctr.recipes.doctor.facts import Facts, Space, finding, listed
from kuke_ctr.recipes.unused_snapshots import YOUNG
from kuke_ctr.recipes.used_by import owner_of
from kuke_ctr.records import Finding, Lease, Severity

OLD = timedelta(days=1)
"""A lease of ctr's lasts a day unless somebody says otherwise."""


def snapshots(facts: Facts) -> Iterator[Finding]:
    """Snapshots that nothing uses, by the rules of `snapshots prune`."""
    for name in sorted(facts.spaces):
        space = facts.spaces[name]
        if space.unused is None:
            continue
        unused, young, leased, spared = (
            tuple(one.key for one in some)
            for some in (
                *(space.unused.unused, space.unused.young),
                *(space.unused.leased, space.unused.spared),
            )
        )
        if unused:
            prunes = facts.line(name, "snapshots", "prune", "--yes")
            yield _of_snapshots(facts, space, unused, "used by nothing", fix=(prunes,))
        if young:
            why = "used by nothing yet; it is younger than an hour, so it may be about to be used"
            yield _of_snapshots(facts, space, young, why)
        if leased:
            why = "used by nothing but, perhaps, a lease"
            yield _of_snapshots(facts, space, leased, why)
        if spared:
            removes = facts.line(name, "snapshots", "prune", "--yes", "--kukeon")
            why = "left of a container of Kukeon's that containerd lacks"
            hint = f"if nobody needs the files in there: `{removes}`"
            yield _of_snapshots(facts, space, spared, why, hint=hint)


def _of_snapshots(
    facts: Facts,
    space: Space,
    keys: tuple[str, ...],
    why: str,
    *,
    fix: tuple[str, ...] = (),
    hint: str | None = None,
) -> Finding:
    size = in_units(sum(space.sizes.get(key, 0) for key in keys))
    created = space.unused.created if space.unused is not None else {}
    oldest = min((created[key] for key in keys if key in created), default=None)
    age = f"{ago(facts.now - oldest)} ago" if oldest is not None else "at an unknown time"
    if len(keys) == 1:
        said = f"snapshot {keys[0]} ({size}) is {why}; it was made {age}"
    else:
        said = (
            f"{len(keys)} snapshots ({size}) are {why}: {listed(keys)}; the oldest was made {age}"
        )
    shows = facts.line(space.namespace, "snapshots", "info", keys[0])
    return finding(
        Severity.WARNING if fix else Severity.INFO,
        "snapshot-unused",
        said,
        realm=space.realm,
        namespace=space.namespace,
        names=keys,
        hint=hint or (None if fix else f"`{shows}` shows more"),
        fix=fix,
        found_by=(
            facts.ran(space.namespace, "snapshots", "ls"),
            facts.ran(space.namespace, "snapshots", "info", keys[0]),
            facts.ran(space.namespace, "snapshots", "usage", "-b", keys[0]),
        ),
    )


def leases(facts: Facts) -> Iterator[Finding]:
    """Leases that outlived what they were made for, as far as that can be told.

    ctr can't say what a lease keeps; what nothing else keeps is what one of them does.
    """
    for name in sorted(facts.spaces):
        space = facts.spaces[name]
        kept: str | None = None
        for lease in space.leases:
            said = _why(lease, facts.now)
            if said is None:
                continue
            severity, check, what = said
            removes = facts.line(name, "leases", "rm", lease.id, "--yes")
            kept = _kept(space) if kept is None else kept
            hint = "it ends by itself" if check == "lease-left" else None
            if kept and hint is None:
                hint = f"if nobody needs what it keeps: `{removes}`"
            yield finding(
                severity,
                check,
                f"lease {lease.id} {what}{kept}",
                realm=space.realm,
                namespace=name,
                names=(lease.id,),
                hint=hint,
                fix=() if hint else (removes,),
                found_by=(facts.ran(name, "leases", "ls"), facts.ran(name, "content", "ls")),
            )


def _why(lease: Lease, now: datetime) -> tuple[Severity, str, str] | None:
    """How bad a lease is, the check, and what is to be said of it; None for one that is well."""
    ends, made = moment(lease.labels.get(GC_EXPIRE, "")), moment(lease.created_at)
    age = now - made if made is not None else OLD
    old = f"is {ago(age)} old"
    if ends is None:
        if owner_of(lease):
            return None
        severity = Severity.WARNING if age >= OLD else Severity.INFO
        return severity, "lease-without-end", f"{old}, has no end, and no label says whose it is"
    if ends <= now:
        passed = f"{old} and ended {ago(now - ends)} ago; containerd has not removed it yet"
        return Severity.INFO, "lease-expired", passed
    if age < YOUNG or owner_of(lease):
        return None
    return Severity.INFO, "lease-left", f"{old} and ends in {ago(ends - now)}"


def _kept(space: Space) -> str:
    """How much content nothing but the leases of a namespace can keep."""
    loose = Graph({space.namespace: space.images}, {space.namespace: space.blobs}).loose(
        space.namespace
    )
    size = sum(one.size_bytes or 0 for one in loose)
    return f"; leases alone keep about {in_units(size)} of content here" if loose else ""


def ago(age: timedelta) -> str:
    """`3 days`, `1 hour`, `20 minutes`."""
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number = int(age.total_seconds() // seconds)
        if number >= 1:
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "a moment"
