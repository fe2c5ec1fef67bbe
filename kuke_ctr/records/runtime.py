"""Records of what runs: containers, tasks, processes, metrics, events, and containerd itself."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import JsonValue

from kuke_ctr.records import Record

_OF_CELL = ("space", "stack", "cell", "name", "root", "attachable")


class Container(Record):
    """A row of `ctr containers ls`, with what else is known of the container.

    `image` is null for a container that was made without one. `status` is that of its task, null
    without a task. `space` to `attachable` are null for a container that is not Kukeon's; `name` is
    its name in the cell, null where only the labels are known, and `root` tells the container that
    holds the cell's network. `created_at` and `labels` are null if the container went while it was
    looked at. Whatever nobody asked for is null, too.
    """

    identifier = "id"
    table: ClassVar[tuple[str, ...]] = ("id", "image", "runtime")
    wide: ClassVar[tuple[str, ...]] = (*table, "status", *_OF_CELL, "created_at", "labels")

    id: str
    image: str | None
    runtime: str
    status: str | None = None
    space: str | None = None
    stack: str | None = None
    cell: str | None = None
    name: str | None = None
    root: bool | None = None
    attachable: bool | None = None
    created_at: str | None = None
    labels: dict[str, str] | None = None


class PsContainer(Container):
    """A row of `kuke-ctr ps`: a container, its task, and where it is on disk.

    `pid` is null where no process lives. `started_at` (UTC, to the second) is when the process of a
    running task was started, and the column `age` how many seconds ago that was; null where this
    host's /proc does not say. `snapshot` and `log` (the file with the output) are null where there
    is none, or nobody asked for them.
    """

    derived = ("age",)
    table = ("id", "space", "stack", "cell", "image", "pid", "status", "age")
    wide = (
        *(*table, "name", "root", "attachable", "runtime", "created_at", "snapshot", "log"),
        "labels",
    )

    pid: int | None = None
    started_at: str | None = None
    snapshot: str | None = None
    log: str | None = None

    @property
    def age(self) -> int | None:
        """Whole seconds since `started_at`."""
        if self.started_at is None:
            return None
        since = datetime.now(UTC) - datetime.fromisoformat(self.started_at)
        return max(0, int(since.total_seconds()))


class TaskStatus(StrEnum):
    """What ctr says of a task; UNKNOWN where its shim did not answer."""

    CREATED = "CREATED"
    RUNNING = "RUNNING"
    PAUSING = "PAUSING"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    UNKNOWN = "UNKNOWN"


class Task(Record):
    """A row of `ctr tasks ls`, with what else is known of its container (as in `Container`).

    `pid` is 0 where the shim did not answer (status UNKNOWN). `status` is a TaskStatus, or a word
    of a ctr that is newer than these.
    """

    identifier = "id"
    table = ("id", "pid", "status")
    wide = (*table, "image", *_OF_CELL, "created_at", "labels")

    id: str
    pid: int
    status: str
    image: str | None = None
    space: str | None = None
    stack: str | None = None
    cell: str | None = None
    name: str | None = None
    root: bool | None = None
    attachable: bool | None = None
    created_at: str | None = None
    labels: dict[str, str] | None = None

    @property
    def living(self) -> bool:
        """Whether ctr says that its process has not ended."""
        return self.status in (
            *(TaskStatus.CREATED, TaskStatus.RUNNING),
            *(TaskStatus.PAUSING, TaskStatus.PAUSED),
        )


class Namespace(Record):
    """A row of `ctr namespaces ls`."""

    identifier = "name"
    table = ("name", "labels")
    wide = table

    name: str
    labels: dict[str, str]
    labels_text: str


class Plugin(Record):
    """A row of `ctr plugins ls`; `status` is ok, skip or error."""

    identifier = "id"
    table = ("type", "id", "platforms", "status")
    wide = table

    type: str
    id: str
    platforms: tuple[str, ...]
    status: str


class Process(Record):
    """A row of `ctr tasks ps`, with what the host's /proc says of it.

    `exec_id` is null for what ctr did not start itself. `parent`, `user`, `started_at` (UTC) and
    `command` are null where /proc could not be asked: not root, ended, another host.
    """

    identifier = "pid"
    table = ("task", "pid", "exec_id", "user", "started_at", "command")
    wide = ("task", "pid", "parent", "exec_id", "user", "started_at", "command")

    task: str
    pid: int
    exec_id: str | None
    info: str | None
    parent: int | None
    user: str | None
    started_at: str | None
    command: str | None


class Metrics(Record):
    """`ctr tasks metrics` of a task: counters since its start, memory and processes of now.

    Of cgroup version 1 or 2. A limit is null where there is none, any other value where the host's
    cgroups do not say. `memory_inactive_file_bytes` is the part of the cache that the kernel takes
    back first.
    """

    identifier = "id"
    table = (
        *("id", "cpu_usage_ns", "memory_usage_bytes", "memory_limit_bytes"),
        *("processes", "processes_limit"),
    )
    wide = (
        *("id", "cgroup_version", "cpu_usage_ns", "cpu_user_ns", "cpu_system_ns"),
        *("memory_usage_bytes", "memory_limit_bytes", "memory_cache_bytes", "swap_usage_bytes"),
        *("processes", "processes_limit", "io_read_bytes", "io_write_bytes"),
    )

    id: str
    cgroup_version: int | None
    cpu_usage_ns: int | None
    cpu_user_ns: int | None
    cpu_system_ns: int | None
    cpu_throttled_ns: int | None
    cpu_throttled_periods: int | None
    memory_usage_bytes: int | None
    memory_limit_bytes: int | None
    memory_cache_bytes: int | None
    memory_inactive_file_bytes: int | None
    swap_usage_bytes: int | None
    swap_limit_bytes: int | None
    processes: int | None
    processes_limit: int | None
    io_read_bytes: int | None
    io_write_bytes: int | None


class Event(Record):
    """A line of `ctr events`; `subject` is the id, name or key in it, `event` all that it says."""

    identifier = "topic"
    table = ("at", "topic", "subject")
    wide = ("at", "namespace", "topic", "subject", "event")

    at: str
    namespace: str
    topic: str
    subject: str | None
    event: dict[str, JsonValue]


class Version(Record):
    """A program and its version: kuke-ctr, ctr (the client), containerd (the server)."""

    identifier = "version"
    table = ("program", "version", "revision")
    wide = ("program", "version", "revision", "go_version", "uuid")

    program: str
    version: str
    revision: str | None
    go_version: str | None
    uuid: str | None


class Deprecation(Record):
    """A warning of `ctr deprecations list`: something is used that containerd will drop."""

    identifier = "id"
    table = ("id", "last_occurrence", "message")
    wide = table

    id: str
    last_occurrence: str
    message: str


class Sandbox(Record):
    """A row of `ctr sandboxes ls`."""

    identifier = "id"
    table = ("id", "created_at", "runtime")
    wide = table

    id: str
    created_at: str
    runtime: str
