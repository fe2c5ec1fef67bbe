"""The second look: at those few things of which the lists alone do not say whether all is well."""

from collections.abc import Collection, Sequence

from kuke_ctr.backends.ctr import containers, content, images, leases, snapshots, tasks
from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.backends.ctr.filters import equal
from kuke_ctr.backends.ctr.image_checks import check_table
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError, NotFound, TimeLimit
from kuke_ctr.kukeon.members import of_id
from kuke_ctr.parse.container_info import parse_container_info
from kuke_ctr.parse.references import is_document, snapshot_references
from kuke_ctr.parse.snapshots import parse_usage
from kuke_ctr.processes.calls import Result
from kuke_ctr.recipes.asking import Asking
from kuke_ctr.recipes.content_graph import Graph
from kuke_ctr.recipes.doctor.facts import Facts, Space
from kuke_ctr.recipes.doctor.shims import STARTING
from kuke_ctr.recipes.process_facts import is_younger, seen_by_us
from kuke_ctr.recipes.unused_snapshots import not_below, unused_among
from kuke_ctr.recipes.used_by import snapshots_referred_to
from kuke_ctr.records import Container, Listing, SnapshotUsage, TaskStatus


def look_closer(facts: Facts, asking: Asking) -> None:
    """Look at what is in doubt; most namespaces have nothing."""
    spaces = [facts.spaces[name] for name in sorted(facts.spaces)]
    free = [space for space in spaces if possibly_unused(space)]
    _read_infos(
        asking,
        [
            (space, one.id)
            for space in spaces
            for one in (space.containers if space in free else doubtful(space, facts))
        ],
    )
    for space in spaces:
        _check_images(space, asking)
        _find_lost_snapshots(space, asking)
        _look_again_at_tasks(space, asking)
        if space in free:
            _find_unused(space, _recorded(space, facts), asking)


def _check_images(space: Space, asking: Asking) -> None:
    refs = maybe_incomplete(space)
    if not refs:
        return
    table = check_table(None)
    filters = [equal("name", ref) for ref in refs]
    answer = asking.table(table, space.namespace, filters)
    if isinstance(answer, Listing):
        space.image_checks = answer.records
    else:
        space.unread[table.words] = answer.message


def maybe_incomplete(space: Space) -> list[str]:
    """The images that may lack content, by the labels of what is there.

    An index names the manifests of all platforms, of which most hosts have one: it is whole if it
    has some, and all that it has are whole.
    """
    if not all(space.knows(*words) for words in (images.LS.words, content.LS.words)):
        return []
    graph = Graph({space.namespace: space.images}, {space.namespace: space.blobs})
    there = graph.blobs[space.namespace]

    def whole(digest: str, document: bool) -> bool:
        children = graph.children.get(digest, {})
        if digest not in there or (document and not children):
            return False
        manifests = [child for child, role in children.items() if role == "manifest"]
        parts = children.keys() - set(manifests)
        present = [child for child in manifests if child in there]
        return (
            parts <= there.keys()
            and bool(present) == bool(manifests)
            and all(whole(child, document=True) for child in present)
        )

    return [one.ref for one in space.images if not whole(one.digest, is_document(one.media_type))]


def doubtful(space: Space, facts: Facts) -> list[Container]:
    """The containers whose list rows do not say enough.

    A snapshot has the name of its container, mostly. One that may be Kukeon's by its id, and is in
    no record, has labels that tell.
    """
    keys = {snapshot.key for snapshot in space.snapshots}
    recorded = _recorded(space, facts)
    return [
        one
        for one in space.containers
        if (one.id not in keys and space.knows(*snapshots.LS.words))
        or (one.id not in recorded and of_id(one.id) is not None)
    ]


def _recorded(space: Space, facts: Facts) -> set[str]:
    """The ids of the containers in the records of the cells of a namespace."""
    return {part.id for cell in facts.cells.get(space.realm or "", ()) for part in cell.containers}


def _read_infos(asking: Asking, wanted: Sequence[tuple[Space, str]]) -> None:
    calls = [
        asking.ctr.call("containers", "info", name, namespace=space.namespace, probe=True)
        for space, name in wanted
    ]
    for (space, name), said in zip(wanted, asking.run(calls), strict=True):
        if isinstance(said, NotFound):  # it went while we looked
            continue
        try:
            if isinstance(said, KukeCtrError):
                raise said
            info = parse_container_info(said.stdout.decode(errors="surrogateescape"))
        except KukeCtrError as error:
            space.unread["containers", "info"] = error.message
        else:
            space.infos[name] = info


def _find_lost_snapshots(space: Space, asking: Asking) -> None:
    """The containers that name a snapshot which is not there, whatever its snapshotter."""
    scope = Scope(asking.ctr, space.namespace)
    keys = {snapshot.key for snapshot in space.snapshots}
    named = [one for one in space.infos.values() if one.snapshot and one.snapshot not in keys]
    calls = [
        scope.call(*snapshots.words(one.snapshotter or None, "info", one.snapshot), probe=True)
        for one in named
    ]
    answers = zip(named, asking.run(calls), strict=True)
    space.without_snapshot = frozenset(
        one.id for one, said in answers if isinstance(said, NotFound)
    )


def _look_again_at_tasks(space: Space, asking: Asking) -> None:
    """A task is CREATED for a moment whenever one starts; its network may take a while."""
    ctr = asking.ctr
    created = [task for task in space.tasks if task.status == TaskStatus.CREATED]
    if created and not ctr.processes.replays and seen_by_us(ctr.socket):
        created = [task for task in created if not is_younger(task.pid, STARTING)]
    ids = {task.id for task in created}
    if not ids:
        return
    answer = asking.table(tasks.LS, space.namespace)
    if isinstance(answer, Listing):
        space.stuck = frozenset(
            task.id
            for task in answer.records
            if task.id in ids and task.status == TaskStatus.CREATED
        )


def possibly_unused(space: Space) -> list[str]:
    """The snapshots that neither a container's name, an image nor a lease shows as needed."""
    lists = (images.LS, content.LS, containers.LS, snapshots.LS, leases.LS)
    if not all(space.knows(*table.words) for table in lists):
        return []
    known = {one.key: one for one in space.snapshots}
    held = {one.id for one in space.containers}
    held |= {key for _, key in snapshots_referred_to((), space.images, space.blobs)}
    held |= {key for one in space.leases for _, key in snapshot_references(one.labels_text)}
    return not_below(known, held)


def _find_unused(space: Space, recorded: Collection[str], asking: Asking) -> None:
    """The snapshots that nothing uses, and their sizes; `snapshots prune` spares Kukeon's."""
    if not space.knows("containers", "info") or asking.late is not None:
        return
    scope = Scope(asking.ctr, space.namespace)
    known = {one.key: one for one in space.snapshots}
    held = snapshots_referred_to(space.infos.values(), space.images, space.blobs)
    try:
        space.unused = unused_among(
            scope,
            known,
            space.leases,
            held,
            spare=lambda key: key in recorded or of_id(key) is not None,
        )
    except KukeCtrError as error:
        if isinstance(error, TimeLimit):
            asking.late = error
        space.unread["snapshots", "info"] = error.message
        return
    unused = space.unused
    kinds = (unused.unused, unused.young, unused.leased, unused.spared)
    keys = [one.key for kind in kinds for one in kind]
    if not keys:
        return
    (said,) = asking.run([scope.call(*snapshots.USAGE.words, *keys, probe=True)])
    if isinstance(said, Result):
        rows = parse_usage(lines_of(said.stdout))
        usages = (row for row in rows if isinstance(row, SnapshotUsage))
        space.sizes = {one.key: one.size_bytes or 0 for one in usages}
