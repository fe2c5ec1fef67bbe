"""The cells of a realm, as Kukeon's records have them; no daemon is needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import AliasPath, BeforeValidator, Field

from kuke_ctr.errors import Forbidden, KukeCtrError
from kuke_ctr.kukeon.cells import ContainerRecord, cell_folders, own_id, realm_folders
from kuke_ctr.kukeon.files import is_there, read_text
from kuke_ctr.kukeon.kept import is_kept
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.kukeon.schemas import Document, Spec, mappings, read, state_in, within
from kuke_ctr.parse.times import moment

_CELL_STATES = ("Pending", "Ready", "Stopped", "Failed", "Unknown")
_PART_STATES = ("Pending", "Ready", "Stopped", "Paused", "Pausing", "Failed", "Unknown")
"""Before 0.6 Kukeon wrote states as numbers: the places in these lists."""

_NEVER = datetime.min.year
"""Kukeon writes the year 1 for a time that has not come."""


def _listed(value: object) -> list[object]:
    """For a list of which only mappings and, as Kukeon 0.1 has them, texts count."""
    return [one for one in value if isinstance(one, dict | str)] if isinstance(value, list) else []


class _Volume(Document):
    kind: str | None = None
    source: str | None = None
    target: str | None = None
    volume: str | None = within("volumeRef", "name")


class _Part(ContainerRecord):
    image: str | None = None
    restart_policy: str | None = within("restartPolicy")
    volumes: Annotated[list[_Volume | str], BeforeValidator(_listed)] = Field(default=[])


class _PartStatus(Document):
    id: str | None = None
    state: str | int | None = None
    restarts: int | None = within("restartCount")
    exit_code: int | None = within("exitCode")
    exit_signal: str | None = within("exitSignal")
    started: str | None = within("startTime")
    finished: str | None = within("finishTime")


class _Cell(Spec):
    """The record of a cell, as far as it is shown."""

    kind: str | None = None
    parts: Annotated[list[_Part], BeforeValidator(mappings)] = Field(
        default=[], validation_alias=AliasPath("spec", "containers")
    )
    statuses: Annotated[list[_PartStatus], BeforeValidator(mappings)] = Field(
        default=[], validation_alias=AliasPath("status", "containers")
    )
    auto_delete: bool | None = within("spec", "autoDelete")
    made_by: str | None = within("spec", "provenance", "bindingKind")
    made_from: str | None = within("spec", "provenance", "bindingRef", "name")
    labels: dict[str, object] | None = within("metadata", "labels")
    state: str | int | None = within("status", "state")
    updated_at: str | None = within("status", "updatedAt")
    reason: str | None = within("status", "reason")
    message: str | None = within("status", "message")


@dataclass(frozen=True, slots=True)
class RecordedContainer:
    """A container in the record of a cell.

    `name` is its name in the cell, `id` containerd's id of it, empty where the record has none, or
    that of another cell's.
    `state`, `restarts`, `exit_code` and `exit_signal` are what Kukeon wrote last; `exit_code` is
    None as long as it has not ended. `started` is False for one that never was, None where the
    record does not tell.
    """

    name: str
    id: str
    image: str | None = None
    root: bool = False
    attachable: bool = False
    restart_policy: str | None = None
    volumes: tuple[str, ...] = ()
    state: str | None = None
    restarts: int = 0
    exit_code: int | None = None
    exit_signal: str | None = None
    started: bool | None = None


@dataclass(frozen=True, slots=True)
class RecordedCell:
    """A cell, named by its folder. `unread` says why nothing else is known of it.

    `auto_delete`: Kukeon deletes it once its containers have ended with exit code 0.
    """

    folder: Path
    containers: tuple[RecordedContainer, ...] = ()
    state: str | None = None
    recorded_at: datetime | None = None
    reason: str | None = None
    message: str | None = None
    made_from: str | None = None
    address: str | None = None
    auto_delete: bool = False
    unread: str | None = None

    @property
    def name(self) -> str:
        """The cell's name."""
        return self.folder.name

    @property
    def stack(self) -> str:
        """The stack that it is in."""
        return self.folder.parent.name

    @property
    def space(self) -> str:
        """The space that its stack is in."""
        return self.folder.parent.parent.name

    @property
    def realm(self) -> str:
        """The realm that the space is in: what `kuke --realm` takes."""
        return self.folder.parent.parent.parent.name


def recorded_cells(run_path: Path, realm: Resolution) -> Iterator[RecordedCell]:
    """The cells of a realm by space, stack and name; Forbidden where they may not be read.

    A record that is broken, or that others than Kukeon may have written, makes a cell with
    `unread`: it is there, whatever stands in it.
    """
    for realm_folder in realm_folders(run_path, realm):
        for folder in cell_folders(realm_folder):
            path = folder / "metadata.json"
            if is_there(path) and not is_kept(path):
                yield RecordedCell(folder, unread=f"others than Kukeon may have written {path}")
                continue
            try:
                record = read(path, _Cell)
            except Forbidden:
                raise
            except KukeCtrError as error:
                yield RecordedCell(folder, unread=error.message)
                continue
            if record is not None and record.kind in (None, "Cell"):
                yield _cell_of(folder, record)


def _cell_of(folder: Path, record: _Cell) -> RecordedCell:
    statuses = {status.id: status for status in record.statuses}
    return RecordedCell(
        folder,
        containers=tuple(
            _container_of(folder, part, statuses.get(part.id)) for part in record.parts if part.id
        ),
        state=state_in(record.state, _CELL_STATES),
        recorded_at=_time(record.updated_at),
        reason=record.reason or None,
        message=record.message or None,
        made_from=_origin(record),
        address=_address(folder),
        auto_delete=record.auto_delete is True,
    )


def _origin(record: _Cell) -> str | None:
    """`blueprint agent`; before there was a field for it, a label told."""
    if record.made_from:
        return f"{record.made_by} {record.made_from}"
    for kind in ("config", "blueprint"):
        name = (record.labels or {}).get(f"kukeon.io/{kind}")
        if name:
            return f"{kind} {name}"
    return None


def _container_of(cell: Path, part: _Part, status: _PartStatus | None) -> RecordedContainer:
    status = status or _PartStatus()
    ended = _time(status.finished) is not None or status.exit_code not in (None, 0)
    return RecordedContainer(
        name=part.id or "",
        id=own_id(cell, part) or "",
        image=part.image,
        root=part.root is True,
        attachable=part.attachable is True,
        restart_policy=part.restart_policy or None,
        volumes=tuple(filter(None, map(_volume, part.volumes))),
        state=state_in(status.state, _PART_STATES),
        restarts=status.restarts or 0,
        exit_code=status.exit_code if ended else None,
        exit_signal=status.exit_signal or None,
        started=_time(status.started) is not None if status.started else None,
    )


def _volume(volume: _Volume | str) -> str | None:
    """`vol:/vol` for a volume of Kukeon's, `/srv:/srv` for a folder of the host."""
    if isinstance(volume, str):
        return volume
    source = volume.volume or volume.source or volume.kind
    return f"{source}:{volume.target}" if source and volume.target else None


def _time(text: str | None) -> datetime | None:
    found = moment(text)
    return None if found is None or found.year == _NEVER else found


def _address(cell: Path) -> str | None:
    """The address in the cell's `etc-hosts`: that of the line with the cell's own name."""
    try:
        text = read_text(cell / "etc-hosts") or ""
    except KukeCtrError:
        return None
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if cell.name in names and _is_address(address):
            return address
    return None


def _is_address(text: str) -> bool:
    try:
        return not ip_address(text).is_loopback
    except ValueError:
        return False
