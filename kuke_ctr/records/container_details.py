"""The record of `inspect`: a container with all that is known of it."""

from pydantic import BaseModel, ConfigDict

from kuke_ctr.records import Record
from kuke_ctr.records.image_details import ImageConfig


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class CellPlace(_Part):
    """Where in Kukeon a container is; `name` and `attachable` are null where nothing says."""

    realm: str | None
    space: str
    stack: str
    cell: str
    name: str | None
    root: bool
    attachable: bool | None


class TaskDetails(_Part):
    """The task of a container; what is not of `ctr tasks ls` comes from this host's /proc.

    `pid` is null where no process lives; then, and where /proc does not say, the rest is null or
    empty too. `user` is the host's name of it. `cgroups` are the paths that the process is in, by
    controllers (cgroup version 1); `unified` is the one of version 2.
    """

    status: str
    pid: int | None
    started_at: str | None = None
    user: str | None = None
    command: str | None = None
    shim_pid: int | None = None
    cgroups: dict[str, str] = {}


class ProcessDetails(_Part):
    """What a container runs, by its OCI spec; `env` has `***` for the value of a Secret."""

    args: tuple[str, ...] = ()
    cwd: str | None = None
    user: str | None = None
    terminal: bool = False
    env: tuple[str, ...] = ()


class MountDetails(_Part):
    """A mount in the OCI spec."""

    destination: str
    type: str | None
    source: str | None
    options: tuple[str, ...]


class NamespaceDetails(_Part):
    """A Linux namespace of a container.

    `joins` is the path that the OCI spec names, null for one of its own. `path` is where the
    running process has it (`/proc/4242/ns/net`), null where none runs.
    """

    type: str
    joins: str | None
    path: str | None


class LogDetails(_Part):
    """The file that `kuke-ctr logs` shows, and in words what it is."""

    path: str
    kind: str


class ContainerDetails(Record):
    """A container, its task, its image and where it is on disk: what `inspect` prints.

    `cgroup` is the path in the OCI spec. `cell` is null for a container that is not Kukeon's,
    `task` without one, `log` where the output is kept nowhere or may not be seen. `image_digest`
    and `image_config` are of what the name stands for now, for this host's platform; null where it
    is not here. `problems` says what could not be read.
    """

    identifier = "id"
    table = ("id", "image", "runtime")
    wide = table

    id: str
    image: str | None
    image_digest: str | None
    runtime: str | None
    created_at: str | None
    updated_at: str | None
    labels: dict[str, str]
    cell: CellPlace | None
    task: TaskDetails | None
    process: ProcessDetails
    image_config: ImageConfig | None
    snapshotter: str | None
    snapshot: str | None
    mounts: tuple[MountDetails, ...]
    namespaces: tuple[NamespaceDetails, ...]
    cgroup: str | None
    log: LogDetails | None
    problems: tuple[str, ...]
