"""What holds the things that a namespace stores: images, containers, leases; asked side by side."""

from collections.abc import Sequence
from contextlib import suppress

from kuke_ctr.backends.ctr import containers, images, leases, snapshots
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.parse.container_info import ContainerInfo, parse_container_info
from kuke_ctr.processes.calls import Result
from kuke_ctr.recipes.asking import Asking
from kuke_ctr.recipes.disk.prune import Held
from kuke_ctr.recipes.disk.stored import Stored, lists
from kuke_ctr.records import Container

_LISTS = (images.LS, containers.LS, leases.LS)


def held_in(asking: Asking, stored: Sequence[Stored]) -> list[Held | None]:
    """What each namespace has, with its holders; None where something of it can't be read.

    `ctr images ls`, `containers ls`, `leases ls`, then `containers info` of each and `snapshots ls`
    where there are any. Raises TimeLimit.
    """
    said = lists(asking, [(table, one.namespace) for one in stored for table in _LISTS])
    held: list[Held] = []
    waiting: list[tuple[int, Container]] = []
    for i, one in enumerate(stored):
        found, names, kept = (one.known(each) for each in said[i * 3 : i * 3 + 3])
        one.images = found
        held.append(Held(found or (), one.blobs or (), kept or ()))
        waiting += [(i, container) for container in names or ()]
    _read_infos(asking, stored, held, waiting)
    _read_trees(asking, stored, held)
    return [None if one.unread else each for one, each in zip(stored, held, strict=True)]


def _read_infos(
    asking: Asking,
    stored: Sequence[Stored],
    held: Sequence[Held],
    waiting: Sequence[tuple[int, Container]],
) -> None:
    """`ctr containers info` of each container: which snapshot and which image it has."""
    calls = [
        asking.ctr.call("containers", "info", one.id, namespace=stored[i].namespace, probe=True)
        for i, one in waiting
    ]
    for (i, _), said in zip(waiting, asking.run(calls), strict=True):
        try:
            with suppress(NotFound):  # it went while we looked
                held[i].containers.append(_info(said))
        except KukeCtrError as error:
            stored[i].unread.append(error)


def _info(said: Result | KukeCtrError) -> ContainerInfo:
    if isinstance(said, KukeCtrError):
        raise said
    return parse_container_info(said.stdout.decode(errors="surrogateescape"))


def _read_trees(asking: Asking, stored: Sequence[Stored], held: Sequence[Held]) -> None:
    """`ctr snapshots ls`, which tells what stands on what, where there are snapshots."""
    wanted = [
        (i, name) for i, one in enumerate(stored) for name, rows in one.snapshots.items() if rows
    ]
    calls = [(snapshots.of(snapshots.LS, name), stored[i].namespace) for i, name in wanted]
    for (i, name), said in zip(wanted, lists(asking, calls), strict=True):
        held[i].snapshots[name] = {row.key: row for row in stored[i].known(said) or ()}
