"""A realm as a tree: its spaces, stacks, cells and containers, and what is not Kukeon's."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.cells import places, realm_folders
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.cell_members import Members
from kuke_ctr.recipes.cells import Present, Survey
from kuke_ctr.records import Cell, CellContainer, CellNow, RealmSource, TreeKind, TreeNode

FOREIGN = "(not Kukeon's)"
_ABSENT = "containerd has none of its containers"


def tree_of(members: Members, now: Present, found: Survey, exists: bool | None) -> list[TreeNode]:
    """The nodes of a realm, each before what is below it; by name, what is not Kukeon's last.

    `exists`: whether containerd has the realm's namespace, None where it could not be asked.
    """
    by_namespace = members.realm.source is RealmSource.FLAG
    realm = members.realm.namespace if by_namespace else members.realm.name
    recorded, known = _recorded(members)
    cells: dict[tuple[str, str], list[Cell]] = {}
    for cell in found.cells:
        cells.setdefault((cell.space, cell.stack), []).append(cell)
    stacks = {(place[0], "".join(place[1:])) for place in known} | cells.keys()
    root = TreeNode(
        kind=TreeKind.REALM,
        name=realm,
        path=realm,
        word=realm,
        depth=0,
        id=members.realm.namespace,
        recorded=None if found.unread is not None else recorded,
        exists=exists,
        note=_of_realm(members.realm, recorded or found.unread is not None, exists),
    )
    return [
        root,
        *_spaces(root, stacks, known, cells, found.infos),
        *_foreign(root, now, found),
    ]


def _of_realm(realm: Resolution, recorded: bool, exists: bool | None) -> str | None:
    if exists is False:
        return "containerd has no such namespace"
    return None if recorded or realm.source is RealmSource.FLAG else "no record"


def _recorded(members: Members) -> tuple[bool, set[tuple[str, ...]]]:
    """Whether the realm has a record, and its spaces and stacks that have one."""
    try:
        folders = list(realm_folders(members.run_path, members.realm))
        return bool(folders), {place for folder in folders for place in places(folder)}
    except KukeCtrError:  # said before
        return False, set()


def _spaces(
    root: TreeNode,
    stacks: Iterable[tuple[str, str]],
    known: set[tuple[str, ...]],
    cells: Mapping[tuple[str, str], list[Cell]],
    infos: Mapping[str, ContainerInfo],
) -> Iterator[TreeNode]:
    """`stacks` are pairs of a space and one of its stacks, which is "" for the space alone."""
    above = root
    for space, stack in sorted(stacks):
        if above.depth == 0 or above.name != space:
            above = _below(root, TreeKind.SPACE, space, recorded=_is(root, (space,) in known))
            yield above
        if stack:
            node = _below(above, TreeKind.STACK, stack, recorded=_is(root, (space, stack) in known))
            yield node
            for cell in cells.get((space, stack), ()):
                yield from _cell(node, cell, infos)


def _is(root: TreeNode, recorded: bool) -> bool | None:
    return None if root.recorded is None else recorded


def _cell(above: TreeNode, cell: Cell, infos: Mapping[str, ContainerInfo]) -> Iterator[TreeNode]:
    absent = _ABSENT if cell.now is CellNow.ABSENT else None
    node = _below(
        above,
        TreeKind.CELL,
        cell.name,
        status=cell.now,
        recorded=_is(above, any(one.recorded for one in cell.containers) or cell.problem is None),
        exists=None if cell.now is None else cell.now is not CellNow.ABSENT,
        note=cell.problem or cell.differs or absent,
    )
    yield node
    for part in sorted(cell.containers, key=lambda one: one.name):
        yield _container(node, part, infos.get(part.id))


def _container(above: TreeNode, part: CellContainer, info: ContainerInfo | None) -> TreeNode:
    note = "no such container in containerd" if part.exists is False else None
    return _below(
        above,
        TreeKind.CONTAINER,
        part.name,
        id=part.id or None,
        status=part.status,
        image=part.image,
        created_at=(info.created_at or None) if info is not None else None,
        root=part.root,
        attachable=part.attachable,
        recorded=_is(above, part.recorded) if not part.recorded else True,
        exists=part.exists,
        note=note if part.recorded or above.recorded is None else "no record",
    )


def _foreign(root: TreeNode, now: Present, found: Survey) -> Iterator[TreeNode]:
    if not found.foreign:
        return
    group = _below(root, TreeKind.FOREIGN, FOREIGN)
    yield group
    for name in sorted(found.foreign):
        info, task = found.infos.get(name), now.tasks.get(name)
        yield _below(
            group,
            TreeKind.CONTAINER,
            name,
            id=name,
            status=task.status if task is not None else None,
            image=now.containers[name].image,
            created_at=(info.created_at or None) if info is not None else None,
            exists=True,
        )


def _below(above: TreeNode, kind: TreeKind, name: str, **more: Any) -> TreeNode:
    alone = above.kind in (TreeKind.REALM, TreeKind.FOREIGN)
    return TreeNode(
        kind=kind,
        name=name,
        path=f"{above.path}/{name}",
        word=name if alone else f"{above.word}/{name}",
        depth=above.depth + 1,
        **more,
    )
