"""The record of `realms show`: what Kukeon's files and containerd have of one realm."""

from pydantic import BaseModel, ConfigDict

from kuke_ctr.records import RealmSource, Record


class RealmAccount(BaseModel):
    """Who signs in to a registry; `server` is null for any registry. The secret is nowhere."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    server: str | None
    user: str | None


class ResidualNamespace(BaseModel):
    """A namespace that looks like the realm's and is not; counts are null where not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    namespace: str
    images: int | None
    containers: int | None


class RealmDetails(Record):
    """A realm, from Kukeon's files and containerd.

    `found` says how its namespace was found. `record` is the path of its record, null where it has
    none; `recorded` and `recorded_at` are the state in it, and when Kukeon wrote that. `labels` are
    those of the record, `namespace_labels` those of containerd's namespace. What containerd has
    (`images` to `running`) is null where it could not be asked; `running` are the ids of running
    tasks. `content_bytes` and `snapshots_bytes` are approximate: ctr rounds, and other realms may
    use the same content. `problems` says what could not be read.
    """

    identifier = "name"
    table = ("name", "namespace", "source", "exists")
    wide = table

    name: str
    namespace: str
    source: RealmSource
    found: str
    exists: bool | None
    record: str | None
    recorded: str | None
    recorded_at: str | None
    labels: dict[str, str]
    namespace_labels: dict[str, str] | None
    spaces: int | None
    stacks: int | None
    cells: int | None
    images: int | None
    containers: int | None
    tasks: int | None
    running: tuple[str, ...] | None
    content_bytes: int | None
    snapshots: int | None
    snapshots_bytes: int | None
    size_approximate: bool
    residual: tuple[ResidualNamespace, ...]
    credentials: tuple[RealmAccount, ...]
    problems: tuple[str, ...]
