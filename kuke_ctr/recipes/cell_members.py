"""Which containers of a namespace are Kukeon's, by all that tells: records, labels, ids."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.cells import realm_folders
from kuke_ctr.kukeon.members import Member, of_id, of_labels, readable_members
from kuke_ctr.kukeon.realm_files import names_of
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.container_info import RUN_LABEL, parse_container_info
from kuke_ctr.recipes.log_owners import owner_of
from kuke_ctr.records import RealmSource, Snapshot


@dataclass
class Members:
    """The containers of Kukeon's cells in one namespace.

    The records are read once, and cost no call. A container that no record names costs one `ctr
    containers info` where its labels are not given.
    """

    scope: Scope
    run_path: Path
    realm: Resolution

    @cached_property
    def recorded(self) -> dict[str, Member]:
        """Those in the records, by id, whether containerd has them or not.

        Empty where the records can't be read: labels and ids tell nearly as much.
        """
        return readable_members(self.run_path, self.realm)

    def of(self, container: str, labels: Mapping[str, str] | None = None) -> Member | None:
        """What a container is in a cell; None for one that is not Kukeon's.

        `ctr containers info` for one without a record, unless its labels are given; a probe.
        """
        if labels is not None:
            return self._known(container, labels)
        return self.among([container]).get(container)

    def among(self, names: Iterable[str]) -> dict[str, Member]:
        """Those of several containers that are Kukeon's, by id; asked side by side."""
        wanted = list(dict.fromkeys(names))
        labels = self._labels([name for name in wanted if name not in self.recorded])
        found = {name: self._known(name, labels.get(name, {})) for name in wanted}
        return {name: one for name, one in found.items() if one is not None}

    def by_id(self, container: str) -> Member | None:
        """What an id means to Kukeon, whether containerd has such a container or not."""
        return self.recorded.get(container) or self._named(of_id(container, self.realm))

    def of_cell(self, one: Member) -> list[Member]:
        """All containers in the record of its cell, itself among them."""
        where = (one.realm, one.space, one.stack, one.cell)
        return [
            other
            for other in self.recorded.values()
            if (other.realm, other.space, other.stack, other.cell) == where
        ]

    def _known(self, container: str, labels: Mapping[str, str]) -> Member | None:
        found = self.recorded.get(container) or self._of_labels(container, labels)
        if found is not None or is_of_another(self.scope.namespace, container, labels):
            return found
        return self._named(of_id(container, self.realm))

    def _of_labels(self, container: str, labels: Mapping[str, str]) -> Member | None:
        """What labels say of a container of this realm; a cell of another realm is none here."""
        found = of_labels(container, labels)
        if found is None or found.realm is None:
            return self._named(found)
        if self._realm_name is None:  # nothing but the label names it
            return replace(found, realm=None)
        return found if found.realm in names_of(self._realm_name) else None

    def _named(self, found: Member | None) -> Member | None:
        """The same with the realm's name, which neither an id nor old labels tell."""
        if found is None or found.realm is not None or self._realm_name is None:
            return found
        return replace(found, realm=self._realm_name)

    @cached_property
    def _realm_name(self) -> str | None:
        with suppress(KukeCtrError):
            for folder in realm_folders(self.run_path, self.realm):
                return folder.name
        return self.realm.name if self.realm.source is not RealmSource.FLAG else None

    def _labels(self, names: Sequence[str]) -> dict[str, Mapping[str, str]]:
        """The labels of those that there are, and can be asked about."""
        calls = [self.scope.call("containers", "info", name, probe=True) for name in names]
        found: dict[str, Mapping[str, str]] = {}
        for name, said in zip(names, self.scope.ctr.answers(calls), strict=True):
            with suppress(KukeCtrError):
                if said is None:
                    continue
                text = self.scope.ctr.checked(said).stdout.decode(errors="surrogateescape")
                found[name] = parse_container_info(text).labels
        return found


def snapshots_of_cells(
    known: Members, there: Mapping[str, Snapshot], keys: Iterable[str]
) -> dict[str, list[Member]]:
    """The keys of snapshots with files of Kukeon's containers -> those containers.

    The snapshot of a container has its id, and stands on those of its image. A container that is
    lost counts: its files may be left.
    """
    below: dict[str, list[str]] = {}
    for one in there.values():
        below.setdefault(one.parent or "", []).append(one.key)
    families = {key: _family(below, key) for key in keys}
    images = {one.key for one in there.values() if one.kind == "Committed"}
    found = known.among({one for family in families.values() for one in family} - images)
    held = {key: [found[one] for one in family if one in found] for key, family in families.items()}
    return {key: members for key, members in held.items() if members}


def _family(below: Mapping[str, Sequence[str]], key: str) -> list[str]:
    """A snapshot, and all that stand on it."""
    family, waiting = [key], [key]
    while waiting:
        above = [one for one in below.get(waiting.pop(), ()) if one not in family]
        family += above
        waiting += above
    return family


def is_of_another(namespace: str, container: str, labels: Mapping[str, str]) -> bool:
    """Whether labels say that another program made it, whatever the form of its id."""
    return RUN_LABEL in labels or owner_of(namespace, container, labels) is not None
