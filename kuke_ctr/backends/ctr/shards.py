"""Long lists of images in shards: parts that ctr prints side by side.

`ctr images ls` reads the content of every image, some 1 ms each, one after the other. Its filters
can choose names by a regular expression. Those here choose by one character of the name, and
whatever the name, exactly one of them matches it: the last one takes what the others leave, short
names and unusual characters among it.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, zip_longest

from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.runner import AT_ONCE

ForFilters = Callable[[Sequence[str]], Call]
"""Gives the call that prints a list with these filters."""

_PLAIN = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
"""The characters that an expression may name: they stand for themselves."""
_FOR_EACH = 2  # shards a processor: ctr and containerd wait for each other in turn
_OF_FAR = 2  # nobody has counted the processors of another host
_DEEPEST = 120  # containerd compiles the expression anew for each image: it has to be short
_USELESS = 0.75  # of all rows in one shard


def shards_of(of_filters: ForFilters, names: Sequence[str], filters: Sequence[str]) -> list[Call]:
    """The calls that print a list with these names in shards; none where it has to stay whole."""
    most = worthwhile() if of_filters(filters).far is None else _OF_FAR
    return [of_filters(_also(filters, shard)) for shard in cut(names, most)]


def worthwhile() -> int:
    """How many shards are quickest here; 1 where there is one processor."""
    processors = len(os.sched_getaffinity(0))
    return min(_FOR_EACH * processors, AT_ONCE) if processors > 1 else 1


def cut(names: Sequence[str], most: int) -> tuple[str, ...]:
    """Filters that cut a list with these names into shards with about as many rows each.

    At most so many; none where the names are too much alike to be cut by one character.
    """
    columns = islice(zip_longest(*names, fillvalue=""), _DEEPEST)
    cuts = ((*_groups(Counter(column), most), place) for place, column in enumerate(columns))
    largest, groups, place = min(cuts, key=lambda one: one[0], default=(0, [], 0))
    if not groups or largest > _USELESS * len(names):
        return ()
    before, others = f".{{{place}}}", "".join(sorted("".join(groups)))
    chosen = [f'name~="(?s)^{before}[{"".join(sorted(group))}]"' for group in groups]
    return (*chosen, f'name~="(?s)^(.{{0,{place}}}$|{before}[^{others}])"')


def _groups(counts: Counter[str], most: int) -> tuple[int, list[str]]:
    """The rows of the largest shard, and the characters of each shard but the last."""
    groups = ["" for _ in range(max(1, most))]
    rows = [0 for _ in groups]
    rows[-1] = sum(count for char, count in counts.items() if char not in _PLAIN)
    for char, count in counts.most_common():
        if char in _PLAIN:
            least = rows.index(min(rows))
            groups[least] += char
            rows[least] += count
    return max(rows), [group for group in groups[:-1] if group]


def _also(filters: Iterable[str], shard: str) -> tuple[str, ...]:
    """The filters of a list, of which any may be true, each for the names of a shard alone."""
    return tuple(f"{one},{shard}" if one else shard for one in filters) or (shard,)
