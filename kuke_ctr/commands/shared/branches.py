"""The lines of a tree: what stands before each node."""

from collections.abc import Sequence


def branches(depths: Sequence[int]) -> list[str]:
    """The bars and corners before nodes of these depths, each of which stands before its children.

    `["", "├─ ", "│  └─ ", "└─ "]` for depths of 0, 1, 2 and 1.
    """
    found = []
    open_at: set[int] = set()  # the depths at which a sibling follows
    for depth in reversed(depths):
        bars = "".join("│  " if level in open_at else "   " for level in range(1, depth))
        corner = ("├─ " if depth in open_at else "└─ ") if depth else ""
        found.append(f"{bars}{corner}")
        open_at = {level for level in open_at if level < depth} | {depth}
    return found[::-1]
