"""What many hosts gave, joined: the rows that several have stand once, with all their names.

Pure: hosts are numbers in the order of their names, and `fold` makes one name of several.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from kuke_ctr.records import Record
from kuke_ctr.render import View, row_of

K = TypeVar("K")

Fold = Callable[[Sequence[int]], str]
"""The name of these hosts together: `web[1-98,100]`."""


class Groups(Generic[K]):
    """Equal things of many hosts: each once, with the hosts that have it."""

    def __init__(self) -> None:
        self._hosts: dict[K, list[int]] = {}

    def add(self, thing: K, host: int) -> bool:
        """A host has it, too; whether it is the first one."""
        hosts = self._hosts.setdefault(thing, [])
        hosts.append(host)
        return len(hosts) == 1

    def together(self) -> Iterator[tuple[tuple[int, ...], list[K]]]:
        """Which hosts have the same things, and these: the first host's first."""
        found: dict[tuple[int, ...], list[K]] = {}
        for thing, hosts in self._hosts.items():
            found.setdefault(tuple(sorted(hosts)), []).append(thing)
        return iter(sorted(found.items(), key=lambda one: one[0]))


_Cells = tuple[tuple[str, ...], int]
"""The cells of a row, and how many equal ones the same host has before it."""


class FoldedRows:
    """The rows of a table over many hosts: what looks the same is kept once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._groups: Groups[_Cells] = Groups()
        self._first: dict[_Cells, Record] = {}

    def add(self, host: int, rows: Iterable[Record]) -> None:
        """What one host has."""
        seen: Counter[tuple[str, ...]] = Counter()
        for row in rows:
            cells = row_of(row, self._view)
            key = (cells, seen[cells])
            seen[cells] += 1
            if self._groups.add(key, host):
                self._first[key] = row

    def records(self, fold: Fold) -> Iterator[Record]:
        """Each row once, its `host` the folded name; the rows of the same hosts stand together."""
        for hosts, keys in self._groups.together():
            name = fold(hosts)
            for key in keys:
                yield self._first[key].model_copy(update={"host": name})
