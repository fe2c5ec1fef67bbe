"""Users and groups by number, inside a container's user namespace and on this host."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from kuke_ctr.errors import KukeCtrError


class Range(NamedTuple):
    """A line of /proc/PID/uid_map: `0 100000 65536`."""

    inside: int
    outside: int
    size: int


WITHOUT = (Range(0, 0, 1 << 32),)
"""A container without a user namespace of its own."""


class Ids(NamedTuple):
    """The numbers of a container's users and groups."""

    users: Sequence[Range] = WITHOUT
    groups: Sequence[Range] = WITHOUT

    def outside(self, user: int, group: int) -> tuple[int, int]:
        """The numbers on this host of a user and a group of the container; KukeCtrError."""
        return _to(self.users, user, "user"), _to(self.groups, group, "group")

    def inside(self, user: int, group: int) -> tuple[int, int]:
        """The container's numbers of a user and a group of this host; KukeCtrError."""
        return _from(self.users, user, "user"), _from(self.groups, group, "group")


HOSTS_OWN = Ids()
"""The same numbers inside and outside."""


def ids_of(process: Path) -> Ids:
    """Those of a process, by its folder in /proc."""
    return Ids(_ranges(process / "uid_map"), _ranges(process / "gid_map"))


def _ranges(table: Path) -> Sequence[Range]:
    with suppress(OSError, ValueError):
        found = [Range(*map(int, line.split())) for line in table.read_text().splitlines()]
        return found or WITHOUT
    return WITHOUT


def _to(ranges: Sequence[Range], number: int, what: str) -> int:
    for inside, outside, size in ranges:
        if inside <= number < inside + size:
            return outside + number - inside
    raise KukeCtrError(
        f"the container's user namespace has no {what} {number}", hint="leave --archive out"
    )


def _from(ranges: Sequence[Range], number: int, what: str) -> int:
    return _to([Range(outside, inside, size) for inside, outside, size in ranges], number, what)
