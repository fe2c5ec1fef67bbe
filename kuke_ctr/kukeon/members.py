"""Which containers are Kukeon's: the containers of its cells, as records, labels and ids tell.

A container's id is `<space>_<stack>_<cell>_<container>`; the root container of a cell holds its
network. The record of the cell says most, the labels of the container nearly as much, and where
neither can be read the form of the id still says which cell it would be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.names import RealmSource, is_name
from kuke_ctr.processes.shell_words import shell_line

if TYPE_CHECKING:
    from kuke_ctr.kukeon.cell_list import RecordedCell, RecordedContainer

_LABEL = "kukeon.io/"
_DEFAULT = "default"
_ROOT = "root"
_PARTS = 4
_DAEMON = ("kuke-system", "kukeon", "kukeon", "kukeond")
_OF_DAEMON = {"start": "start", "stop": "stop", "restart": "restart", "delete cell": "reset"}


class Evidence(StrEnum):
    """What says that a container is Kukeon's: the surest first."""

    RECORD = "record"
    LABELS = "labels"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Member:
    """A container of a cell.

    `id` is containerd's, `name` its name in the cell, empty where only labels are known. `realm` is
    None where nothing names it. `root`: it holds the cell's network. `attachable`,
    `restart_policy`, `image` and `started` (whether it ever was) are what the record says, None
    without one. `auto_delete`: Kukeon deletes the cell once its workload has ended well.
    """

    id: str
    cell: str
    name: str = ""
    space: str = _DEFAULT
    stack: str = _DEFAULT
    realm: str | None = None
    root: bool = False
    attachable: bool | None = None
    restart_policy: str | None = None
    image: str | None = None
    started: bool | None = None
    auto_delete: bool = False
    evidence: Evidence = Evidence.RECORD

    @property
    def path(self) -> str:
        """`default/default/web/app`."""
        return "/".join(filter(None, (self.space, self.stack, self.cell, self.name)))

    def kuke(self, verb: str) -> str:
        """Kukeon's own command for the cell, in backticks: `kuke start web --realm main`.

        A space and a stack that are called `default` need not be named. Kukeon's daemon runs in a
        cell too: `kuke start` would ask it to start itself, `kuke daemon start` needs no daemon.
        """
        if self._is_of_daemon and verb in _OF_DAEMON:
            return f"`kuke daemon {_OF_DAEMON[verb]}`"
        words = ["kuke", *verb.split(), self.cell]
        words += ["--realm", self.realm] if self.realm else []
        for option, name in (("--space", self.space), ("--stack", self.stack)):
            words += [option, name] if name != _DEFAULT else []
        return f"`{shell_line(words)}`"

    @property
    def _is_of_daemon(self) -> bool:
        return is_daemons_cell(self.realm, self.space, self.stack, self.cell)

    @property
    def start_hint(self) -> str:
        """How to start it: ctr must not.

        Its spec joins the network of a process by its number, and that number may belong to another
        process by now.
        """
        part = "" if self._is_of_daemon else f" ({self.kuke('restart')} if a part of it runs)"
        starts = f"{self.kuke('start')}{part}"
        return f"it belongs to Kukeon's cell {self.cell}; to start the cell: {starts}"


def is_daemons_cell(realm: str | None, space: str, stack: str, cell: str) -> bool:
    """Whether this is the cell in which Kukeon's daemon runs."""
    return (realm, space, stack, cell) == _DAEMON


def recorded_members(run_path: Path, realm: Resolution) -> dict[str, Member]:
    """The containers in the records of a realm's cells, by id.

    Raises Forbidden where the records may not be read.
    """
    from kuke_ctr.kukeon.cell_list import recorded_cells  # late: a shell knows cells by ids

    return {
        part.id: _of_record(cell, part)
        for cell in recorded_cells(run_path, realm)
        for part in cell.containers
        if part.id
    }


def readable_members(run_path: Path, realm: Resolution) -> dict[str, Member]:
    """The same; none where the records can't be read."""
    try:
        return recorded_members(run_path, realm)
    except KukeCtrError:
        return {}


def of_labels(container: str, labels: Mapping[str, str]) -> Member | None:
    """What the labels of a container say; None where they name no cell.

    Whoever makes an image can give it any labels, and ctr copies them to its containers: values
    that are no names of Kukeon's are not believed, for they would stand in commands to paste.
    """
    said = {name: labels.get(f"{_LABEL}{name}", "") for name in ("cell", "space", "stack", "realm")}
    cell = said["cell"]
    if not cell or not all(is_name(value) for value in said.values() if value):
        return None
    found = of_id(container)
    fits = found is not None and found.cell == cell
    return Member(
        container,
        cell,
        name=found.name if found is not None and fits else "",
        space=said["space"] or _DEFAULT,
        stack=said["stack"] or _DEFAULT,
        realm=said["realm"] or None,
        root=labels.get(f"{_LABEL}container-type") == _ROOT,
        evidence=Evidence.LABELS,
    )


def of_id(container: str, realm: Resolution | None = None) -> Member | None:
    """What an id of Kukeon's form says; None for an id of another form."""
    parts = container.split("_")
    if len(parts) != _PARTS or not all(parts):
        return None
    space, stack, cell, name = parts
    named = realm is not None and realm.source is not RealmSource.FLAG
    return Member(
        container,
        cell,
        name=name,
        space=space,
        stack=stack,
        realm=realm.name if realm is not None and named else None,
        root=name == _ROOT,
        evidence=Evidence.ID,
    )


def cell_words(one: Member) -> tuple[str, str, str]:
    """What can be typed for its cell, the shortest first: `[[SPACE/]STACK/]CELL`."""
    return one.cell, f"{one.stack}/{one.cell}", f"{one.space}/{one.stack}/{one.cell}"


def words_of(one: Member) -> tuple[str, ...]:
    """What can be typed for a container: `[[SPACE/]STACK/]CELL[/CONTAINER]`, each once.

    The name of a cell alone never means its root container.
    """
    cell = cell_words(one)
    whole = [f"{name}/{one.name}" for name in cell if one.name]
    return tuple(dict.fromkeys(whole if one.root else (*cell, *whole)))


def _of_record(cell: "RecordedCell", part: "RecordedContainer") -> Member:
    return Member(
        part.id,
        cell.name,
        name=part.name,
        space=cell.space,
        stack=cell.stack,
        realm=cell.realm,
        root=part.root,
        attachable=part.attachable,
        restart_policy=part.restart_policy,
        image=part.image,
        started=part.started,
        auto_delete=cell.auto_delete,
    )
