"""Which container is meant by a word that is typed where an id is taken; pure, nothing is asked.

An exact id wins, then the name of a cell or of a container in it, then the only id that begins so.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from kuke_ctr.kukeon.members import Evidence, Member, cell_words, of_id, words_of
from kuke_ctr.names import alike


class How(StrEnum):
    """How a word means a container.

    SEEMING: no record names the cell, and the id only has the form of Kukeon's.
    """

    ID = "id"
    NAME = "name"
    SEEMING = "seeming"
    FRONT = "front"


class Meant(NamedTuple):
    """The ids that a word can mean. Of an ID there is one; of the others, several are an error."""

    how: How
    ids: tuple[str, ...]


class Names:
    """The containers of a realm, by what people call them.

    `existing` are the ids that containerd has, `recorded` the containers of Kukeon's records.
    """

    def __init__(self, existing: Sequence[str], recorded: Mapping[str, Member]) -> None:
        self._existing = tuple(existing)
        self._recorded = recorded

    @property
    def existing(self) -> tuple[str, ...]:
        """The ids that containerd has."""
        return self._existing

    @cached_property
    def members(self) -> dict[str, Member]:
        """The containers of Kukeon's cells by id: those in records, and other ids of that form."""
        others = (of_id(one) for one in self._existing if one not in self._recorded)
        return {**self._recorded, **{one.id: one for one in others if one is not None}}

    def find(self, word: str, *, attachable: bool = False) -> Meant | None:
        """What a word means, None where nothing.

        `attachable`: in a cell that has attachable containers, only these count, as for Kukeon's
        own client.
        """
        if word in self._existing or word in self._recorded:
            return Meant(How.ID, (word,))
        found = self._by_word.get(word, ())
        if found:
            return self._meant(found, attachable)
        fronts = tuple(one for one in self._existing if word and one.startswith(word))
        return Meant(How.FRONT, fronts) if fronts else None

    def cells(self, word: str) -> dict[tuple[str, str, str], list[Member]]:
        """The cells that a word names, by space, stack and cell: their containers, the root last.

        Empty for an id. Of a cell, those that containerd has, unless it has none of them.
        """
        found: dict[tuple[str, str, str], list[Member]] = {}
        if word in self._existing or word in self._recorded:
            return found
        for one in self.members.values():
            if word in cell_words(one):
                found.setdefault(_cell(one), []).append(one)
        for cell, parts in found.items():
            there = [one for one in parts if one.id in self._existing]
            found[cell] = sorted(there or parts, key=lambda one: one.root)
        return found

    @cached_property
    def spelled(self) -> dict[str, str]:
        """What to type for each container of Kukeon's cells, id -> word.

        It is the shortest word that means this container alone, in every command, and that names
        its cell so that no other cell is called so.
        """
        cells: dict[str, set[tuple[str, str, str]]] = {}
        for one in self.members.values():
            for word in cell_words(one):
                cells.setdefault(word, set()).add(_cell(one))
        return {
            one.id: next(
                word
                for place in cell_words(one)
                if len(cells[place]) == 1
                for word in (place, f"{place}/{one.name}")
                if self._by_word.get(word) == [one] and word not in self._existing
            )
            for one in self.members.values()
        }

    def nearest(self, word: str) -> list[str]:
        """What can be typed, each container once, the nearest to a word first.

        Root containers are named only where they are near.
        """
        whole = {one: one for one in self._existing}
        names = {name: found[0].id for name, found in self._by_word.items() if len(found) == 1}
        first, then = (whole, names) if "_" in word else (names, whole)
        ids = {**names, **{name: one for one, name in self.spelled.items()}, **whole}
        shown: dict[str, str] = {}
        for name in (*alike(word, first), *alike(word, then), *self._short):
            shown.setdefault(ids[name], name)
        return list(shown.values())

    @cached_property
    def _short(self) -> list[str]:
        """What to type for each container that is no root of a cell."""
        roots = {one.id for one in self.members.values() if one.root}
        ids = {*self._existing, *self._recorded} - roots
        return sorted(self.spelled.get(one, one) for one in ids)

    def beginning(self, front: str) -> list[str]:
        """What can be typed and begins so, for a shell: each container once, roots left out.

        Longer names, roots and whole ids are offered where nothing shorter fits.
        """
        short = [name for name in self._short if name.startswith(front)]
        if short:
            return short
        longer = (word for word, found in self._by_word.items() if len(found) == 1)
        every = {*longer, *self._existing, *self._recorded}
        return sorted(name for name in every if name.startswith(front))

    @cached_property
    def _by_word(self) -> dict[str, list[Member]]:
        """The containers that each word means. An id alone adds none to a cell with a record."""
        recorded = {_cell(one) for one in self._recorded.values()}
        found: dict[str, list[Member]] = {}
        for one in self.members.values():
            known = one.evidence is Evidence.ID and _cell(one) in recorded
            for word in words_of(one):
                if not known or word.endswith(f"{one.cell}/{one.name}"):  # not the cell alone
                    found.setdefault(word, []).append(one)
        return found

    def _meant(self, found: Sequence[Member], attachable: bool) -> Meant:
        if attachable and any(one.attachable for one in found):
            found = [one for one in found if one.attachable]
        seeming = all(one.evidence is Evidence.ID for one in found)
        return Meant(How.SEEMING if seeming else How.NAME, tuple(one.id for one in found))


def _cell(one: Member) -> tuple[str, str, str]:
    return one.space, one.stack, one.cell
