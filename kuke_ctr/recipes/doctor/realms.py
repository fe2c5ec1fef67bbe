"""Checks of the realms: records, namespaces, and namespaces that look like a realm's."""

from collections.abc import Iterator

from kuke_ctr.recipes.doctor.facts import Facts, Space, finding, listed
from kuke_ctr.recipes.doctor.layouts import others_of
from kuke_ctr.records import Finding, Realm, RealmSource, Severity

_HISTORY = "_history"

MOST_COPIES = 3
"""Commands of one kind in one finding: whoever needs more sees how they go on."""


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
            hint="run the same command with sudo",
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
            Severity.ERROR,
            "namespace-missing",
            f"the {realm.source} of realm {realm.name} names namespace {realm.namespace}, which "
            f"containerd does not have{there}",
            realm=realm.name,
            namespace=realm.namespace,
            hint="an empty namespace is enough for Kukeon to start the realm's cells again; if "
            "containerd lost its data, import the images again",
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
    own = {one.ref for one in facts.spaces[realm.namespace].images}
    refs = tuple(one.ref for one in space.images)
    copies = tuple(
        copy_line(facts, space.namespace, realm.namespace, ref)
        for ref in [ref for ref in refs if ref not in own][:MOST_COPIES]
    )
    holds = _holds(space)
    why = "`kuke image load` puts images there" if residual else "kuke-ctr uses the realm's only"
    return finding(
        Severity.WARNING if holds else Severity.INFO,
        "residual-namespace" if residual else "two-layouts",
        f"namespace {space.namespace} stands beside {realm.namespace} of realm {realm.name} and "
        f"holds {holds or 'nothing'}: {why}, and the realm does not see them",
        realm=realm.name,
        namespace=space.namespace,
        names=refs,
        hint="look at its containers first" if space.containers else None,
        fix=(*copies, *_removes(facts, space)),
        found_by=(
            facts.ran(None, "namespaces", "ls", "-q"),
            facts.ran(space.namespace, "images", "ls"),
        ),
    )


def _removes(facts: Facts, space: Space) -> tuple[str, ...]:
    """The commands after which a namespace without containers is gone."""
    if space.containers:
        return ()
    empties = facts.line(space.namespace, "images", "prune", "--all")
    removes = facts.line(None, "namespaces", "rm", space.namespace)
    return (empties, removes) if space.images else (removes,)


def _holds(space: Space) -> str:
    counts = (
        ("image", len(space.images)),
        ("container", len(space.containers)),
        ("snapshot", len(space.snapshots)),
    )
    return ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts if n)


def copy_line(facts: Facts, source: str, target: str, ref: str) -> str:
    """The command that brings an image from one namespace into another."""
    exports = facts.line(source, "images", "export", "-", ref)
    return f"{exports} | {facts.line(target, 'images', 'import', '-')}"


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
            + (", which does not exist any more" if gone else "; it is no realm"),
            realm=facts.realm_of(twin),
            namespace=name,
            fix=(facts.line(None, "namespaces", "rm", name),) if gone else (),
            found_by=(facts.ran(None, "namespaces", "ls", "-q"),),
        )


def _concerns(facts: Facts, twin: str) -> bool:
    """Whether the look was at the whole host, or at this realm."""
    return twin in facts.spaces or facts.whole
