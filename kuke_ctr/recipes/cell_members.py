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
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.parse.container_info import RUN_LABEL, parse_container_info
from kuke_ctr.recipes.log_owners import owner_of
from kuke_ctr.records import RealmSource


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
        found = self.recorded.get(container) or self._named(of_labels(container, labels))
        if found is not None or _is_of_another(self.scope.namespace, container, labels):
            return found
        return self._named(of_id(container, self.realm))

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
        run = self.scope.ctr.processes
        calls = [self.scope.call("containers", "info", name, probe=True) for name in names]
        found: dict[str, Mapping[str, str]] = {}
        for name, said in zip(names, run.run_all(calls) if calls else (), strict=True):
            with suppress(KukeCtrError):
                text = self.scope.ctr.checked(said).stdout.decode(errors="surrogateescape")
                found[name] = parse_container_info(text).labels
        return found


def _is_of_another(namespace: str, container: str, labels: Mapping[str, str]) -> bool:
    """Whether labels say that another program made it, whatever the form of its id."""
    return RUN_LABEL in labels or owner_of(namespace, container, labels) is not None
