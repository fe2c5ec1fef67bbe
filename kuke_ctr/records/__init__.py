"""The records: one class for each thing that a list shows.

Field names are the keys of `-o json`; `kuke-ctr schema NOUN` prints them as JSON Schema. A field is
optional only where ctr itself leaves the cell blank. What every start needs is here; the other
classes are imported from here as well, and loaded when somebody asks for one.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from kuke_ctr.errors import Unreadable
from kuke_ctr.names import RealmSource

if TYPE_CHECKING:
    from kuke_ctr.records.cells import Cell, CellContainer, CellNow, TreeKind, TreeNode
    from kuke_ctr.records.container_details import ContainerDetails
    from kuke_ctr.records.disk import Disk, Prunable
    from kuke_ctr.records.ends import StoppedContainer
    from kuke_ctr.records.findings import Finding, Severity
    from kuke_ctr.records.found_images import FoundImage
    from kuke_ctr.records.image_details import ImageDetails
    from kuke_ctr.records.realm_details import RealmAccount, RealmDetails, ResidualNamespace
    from kuke_ctr.records.realms import Realm
    from kuke_ctr.records.runtime import (
        Container,
        Deprecation,
        Event,
        Metrics,
        Namespace,
        Plugin,
        Process,
        PsContainer,
        Sandbox,
        Task,
        TaskStatus,
        Version,
    )
    from kuke_ctr.records.settings import Setting
    from kuke_ctr.records.storage import (
        ActiveIngest,
        Archive,
        Blob,
        ImageCheck,
        Lease,
        Snapshot,
        SnapshotNode,
        SnapshotUsage,
    )
    from kuke_ctr.records.usage import ProcessUsage, Stats

__all__ = [
    "ActiveIngest",
    "Archive",
    "Blob",
    "Cell",
    "CellContainer",
    "CellNow",
    "Container",
    "ContainerDetails",
    "Deprecation",
    "Disk",
    "Event",
    "Finding",
    "FoundImage",
    "Image",
    "ImageCheck",
    "ImageDetails",
    "Lease",
    "Listing",
    "Metrics",
    "Namespace",
    "Plugin",
    "Process",
    "ProcessUsage",
    "Prunable",
    "PsContainer",
    "Realm",
    "RealmAccount",
    "RealmDetails",
    "RealmSource",
    "Record",
    "Refused",
    "ResidualNamespace",
    "RowsRefused",
    "Sandbox",
    "Setting",
    "Severity",
    "Snapshot",
    "SnapshotNode",
    "SnapshotUsage",
    "Stats",
    "StoppedContainer",
    "Task",
    "TaskStatus",
    "TreeKind",
    "TreeNode",
    "Version",
]


class Record(BaseModel):
    """One row. `realm` is filled in lists over several realms only, and left out elsewhere.

    So is `host`, in lists over several hosts (`--hosts`).

    Of each class, `identifier` is the field that `-q` prints, `table` and `wide` are the columns.
    `derived` are columns that are worked out of fields: a document has them only if asked for.
    A table shows the fields in `headings` below these, and amounts among them in units: `4.0 KiB`,
    with `short_units` `4.0K`.
    """

    identifier: ClassVar[str]
    derived: ClassVar[tuple[str, ...]] = ()
    table: ClassVar[tuple[str, ...]]
    wide: ClassVar[tuple[str, ...]]
    headings: ClassVar[Mapping[str, str]] = {}
    short_units: ClassVar[bool] = False

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    host: str | None = None
    realm: str | None = None
    extra: dict[str, str] = {}
    """Columns that this version of kuke-ctr does not know, by their header."""


class Image(Record):
    """A row of `ctr images ls`. `size_bytes` comes from the rounded text: it is approximate."""

    identifier = "ref"
    table = ("ref", "digest", "size", "platforms")
    wide = ("ref", "media_type", "digest", "size", "platforms", "labels")

    ref: str
    media_type: str
    digest: str
    size: str
    size_bytes: int | None
    size_approximate: bool
    platforms: tuple[str, ...]
    labels: dict[str, str]
    labels_text: str


R_co = TypeVar("R_co", bound=Record, covariant=True)


class Refused(NamedTuple):
    """A row that could not be read: its line number (the header is line 1), text and reason."""

    line: int
    text: str
    reason: str


class Listing(NamedTuple, Generic[R_co]):
    """What a table held: the good rows in their order, and the refused ones."""

    records: tuple[R_co, ...]
    refused: tuple[Refused, ...] = ()


class RowsRefused(Unreadable):
    """A table with rows that can't be read; the error holds the good ones too."""

    def __init__(self, listing: Listing[Record], *, command: tuple[str, ...] | None = None) -> None:
        rows = "1 row" if len(listing.refused) == 1 else f"{len(listing.refused)} rows"
        super().__init__(
            f"cannot read {rows} that ctr printed",
            hint="-o raw shows what ctr printed; -o table, -o jsonl or --partial print the "
            "other rows",
            command=command,
        )
        self.listing = listing


_LATE = {
    "Realm": "realms",
    "Setting": "settings",
    "RealmAccount": "realm_details",
    "RealmDetails": "realm_details",
    "ResidualNamespace": "realm_details",
    "Cell": "cells",
    "CellContainer": "cells",
    "CellNow": "cells",
    "TreeKind": "cells",
    "TreeNode": "cells",
    "Disk": "disk",
    "Prunable": "disk",
    "Finding": "findings",
    "Severity": "findings",
    "Container": "runtime",
    "ContainerDetails": "container_details",
    "Task": "runtime",
    "TaskStatus": "runtime",
    "Namespace": "runtime",
    "ImageCheck": "storage",
    "ImageDetails": "image_details",
    "FoundImage": "found_images",
    "Snapshot": "storage",
    "SnapshotUsage": "storage",
    "SnapshotNode": "storage",
    "Blob": "storage",
    "ActiveIngest": "storage",
    "Archive": "storage",
    "Lease": "storage",
    "Plugin": "runtime",
    "Process": "runtime",
    "ProcessUsage": "usage",
    "Stats": "usage",
    "StoppedContainer": "ends",
    "PsContainer": "runtime",
    "Metrics": "runtime",
    "Event": "runtime",
    "Version": "runtime",
    "Deprecation": "runtime",
    "Sandbox": "runtime",
}
"""Class -> the module of this package that has it: a start pays for what it uses."""


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
