"""Checks of the realms: records, namespaces, and namespaces that look like a realm's."""

from collections.abc import Iterator

from kuke_ctr.recipes.doctor.facts import Facts, Space, finding, listed
from kuke_ctr.recipes.doctor.layouts import others_of
from kuke_ctr.recipes.doctor.remedies import MOST_COPIES, copy_line
from kuke_ctr.records import Finding, Realm, RealmSource, Severity

_HISTORY = "_history"


def records(facts: Facts) -> Iterator[Finding]:
    """Records that could not be read, or say something that can't be."""
    for warning in facts.warnings:
        yield finding(
            Severity.WARNING,
            "record",
            warning,
            hint="`kuke-ctr realms resolve NAME --explain` shows what each rule found",
            found_by=(f"files below {facts.run_path}",),
        )
    for realm, why in facts.unread_cells.items():
        yield finding(
            Severity.WARNING,
            "record",
            f"the cells of realm {realm} could not be read: {why}",
            realm=realm,
            hint="run the same command with --sudo",
            found_by=(f"files below {facts.run_path}",),
        )


def missing(facts: Facts) -> Iterator[Finding]:
    """A record or a setting names a namespace that containerd does not have."""
    for realm in facts.realms if facts.daemon_error is None else ():
        if realm.exists is not False:
            continue
        others = others_of(realm, facts)
        there = f"; it has {listed(tuple(others))}" if others else ""
        yield finding(
            Severity.WARNING if realm.source is RealmSource.SETTINGS else Severity.ERROR,
            "namespace-missing",
            f"the {realm.source} of realm {realm.name} names namespace {realm.namespace}, which "
            f"containerd does not have{there}",
            realm=realm.name,
            namespace=realm.namespace,
            hint="the images and containers that were in it are gone with it; import the images "
            "again",
            fix=(facts.line(None, "namespaces", "create", realm.namespace),),
            found_by=(facts.ran(None, "namespaces", "ls", "-q"),),
        )


def side_by_side(facts: Facts) -> Iterator[Finding]:
    """Another namespace with the layout of a realm: what lands there, the realm does not see."""
    for realm in facts.realms:
        for other in others_of(realm, facts) if realm.exists else ():
            space = facts.spaces.get(other) or Space(other)
            yield _beside(facts, realm, space)


def _beside(facts: Facts, realm: Realm, space: Space) -> Finding:
    residual = realm.source is RealmSource.RECORD and space.namespace.endswith(f".{facts.suffix}")
    own = {one.ref: one.digest for one in facts.spaces[realm.namespace].images}
    lost = tuple(one.ref for one in space.images if one.ref not in own)
    changed = tuple(one.ref for one in space.images if own.get(one.ref, one.digest) != one.digest)
    holds = _holds(space)
    why = "; `kuke image load` puts images there" if residual else ""
    copies = tuple(
        copy_line(facts, space.namespace, realm.namespace, ref) for ref in lost[:MOST_COPIES]
    )
    return finding(
        Severity.WARNING if holds else Severity.INFO,
        "residual-namespace" if residual else "two-layouts",
        f"namespace {space.namespace} is named after realm {realm.name}, whose own namespace is "
        f"{realm.namespace}: the realm does not see what it holds ({holds or 'nothing'}){why}",
        realm=realm.name,
        namespace=space.namespace,
        names=tuple(one.ref for one in space.images),
        hint=_differ(facts, realm, space, changed) if changed else _then(facts, space, lost),
        fix=copies or (() if changed else _removes(facts, space)),
        found_by=(
            facts.ran(None, "namespaces", "ls", "-q"),
            facts.ran(space.namespace, "images", "ls"),
        ),
    )


def _differ(facts: Facts, realm: Realm, space: Space, changed: tuple[str, ...]) -> str:
    """Images of the same name: the one that was loaded last may be the one that is missed."""
    copies = copy_line(facts, space.namespace, realm.namespace, changed[0], "--force")
    return (
        f"another image has the name {listed(changed)} there; if that is the one to use: `{copies}`"
    )


def _then(facts: Facts, space: Space, lost: tuple[str, ...]) -> str | None:
    if space.containers:
        shows = facts.line(space.namespace, "containers", "ls")
        return f"it has containers, so it may be in use: `{shows}`"
    if lost:
        return "once the realm has all that it needs, `kuke-ctr doctor` says how to remove it"
    return "the realm has all of these images" if space.images else None


def _removes(facts: Facts, space: Space) -> tuple[str, ...]:
    """The commands after which a namespace without containers is gone."""
    if space.containers:
        return ()
    empties = facts.line(space.namespace, "images", "prune", "--all", "--yes")
    removes = facts.line(None, "namespaces", "rm", space.namespace, "--yes")
    return (empties, removes) if space.images else (removes,)


def _holds(space: Space) -> str:
    counts = (
        ("image", len(space.images)),
        ("container", len(space.containers)),
        ("snapshot", len(space.snapshots)),
    )
    return ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts if n)


def histories(facts: Facts) -> Iterator[Finding]:
    """BuildKit's twins of namespaces."""
    for name in sorted(facts.namespaces):
        twin = name.removesuffix(_HISTORY)
        if not name.endswith(_HISTORY) or not _concerns(facts, twin):
            continue
        gone = twin not in facts.namespaces
        yield finding(
            Severity.WARNING if gone else Severity.INFO,
            "history-namespace",
            f"namespace {name} holds BuildKit's history of builds in {twin}"
            + (", which does not exist any more" if gone else "; it belongs to no realm"),
            realm=facts.realm_of(twin),
            namespace=name,
            fix=(facts.line(None, "namespaces", "rm", name, "--yes"),) if gone else (),
            found_by=(facts.ran(None, "namespaces", "ls", "-q"),),
        )


def _concerns(facts: Facts, twin: str) -> bool:
    """Whether the look was at the whole host, or at this realm."""
    return twin in facts.spaces or facts.whole
