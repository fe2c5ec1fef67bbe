"""What the labels of a container say of Kukeon."""

from collections.abc import Mapping

from kuke_ctr.processes.shell_words import shell_line

_OURS = "kukeon.io/"
_PLACES = ("realm", "space", "stack")
_DEFAULT = "default"


def cell_of(labels: Mapping[str, str]) -> str | None:
    """The cell that a container belongs to; None for one that is not Kukeon's."""
    return labels.get(f"{_OURS}cell") or None


def kuke_line(verb: str, labels: Mapping[str, str]) -> str:
    """Kukeon's own command for a container's cell, in backticks: `kuke start web --realm main`.

    A space and a stack that are called `default` need not be named.
    """
    words = ["kuke", *verb.split(), labels.get(f"{_OURS}cell", "CELL")]
    for place in _PLACES:
        name = labels.get(f"{_OURS}{place}")
        if name and (name != _DEFAULT or place == "realm"):
            words += [f"--{place}", name]
    return f"`{shell_line(words)}`"


def start_hint(labels: Mapping[str, str]) -> str | None:
    """How to start a container of Kukeon's that does not run; None for any other container.

    ctr must not start it: its spec joins the network of a process by its number, and that number
    may belong to another process by now.
    """
    cell = cell_of(labels)
    if cell is None:
        return None
    return f"it belongs to Kukeon's cell {cell}; to start the cell: {kuke_line('start', labels)}"
