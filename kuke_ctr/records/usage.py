"""What containers and their processes use of the host."""

from collections.abc import Mapping
from typing import ClassVar

from kuke_ctr.records import Record


class Stats(Record):
    """What a container used of the host at a moment (`at`, UTC).

    `cpu_percent` is over the time since the look before, 100 for each processor; null in the first
    look at a container. `memory_bytes` is without the cache that the kernel takes back first. What
    was read, written, received and sent counts from the start; containers of one cell have one
    network. A limit is null where there is none, any other value where the host does not say.
    `status` is that of the task, null without one. `problem` says why there are no values.
    """

    identifier = "id"
    table = (
        *("id", "cpu_percent", "memory_bytes", "memory_limit_bytes", "processes"),
        *("io_read_bytes", "io_write_bytes", "network_received_bytes", "network_sent_bytes"),
    )
    wide = (
        *("id", "status", "cpu_percent", "memory_bytes", "memory_limit_bytes", "memory_percent"),
        *("processes", "processes_limit", "io_read_bytes", "io_write_bytes"),
        *("network_received_bytes", "network_sent_bytes", "problem"),
    )
    short_units = True
    headings: ClassVar[Mapping[str, str]] = {
        "cpu_percent": "CPU %",
        "memory_bytes": "MEMORY",
        "memory_limit_bytes": "LIMIT",
        "memory_percent": "MEM %",
        "processes": "PIDS",
        "processes_limit": "PIDS LIMIT",
        "io_read_bytes": "READ",
        "io_write_bytes": "WRITE",
        "network_received_bytes": "NET IN",
        "network_sent_bytes": "NET OUT",
    }

    id: str
    at: str
    status: str | None
    cpu_percent: float | None
    memory_bytes: int | None
    memory_limit_bytes: int | None
    memory_percent: float | None
    processes: int | None
    processes_limit: int | None
    io_read_bytes: int | None
    io_write_bytes: int | None
    network_received_bytes: int | None
    network_sent_bytes: int | None
    problem: str | None


class ProcessUsage(Record):
    """A process of a task: who it is on the host and in the container, and what it uses.

    `pid` is that of the host, `pid_inside` that of the container, `uid` the effective user's number
    on the host. `cpu_percent` is over half a second, 100 for each processor; `cpu_seconds` since
    its start; `memory_bytes` what it has in memory, shared pages included. `exec_id` is null for
    what ctr did not start itself. Everything else is null where /proc could not be asked.
    """

    identifier = "pid"
    table = ("pid", "pid_inside", "uid", "cpu_percent", "memory_bytes", "command")
    wide = (
        *("task", "pid", "pid_inside", "parent", "uid", "state", "cpu_percent", "cpu_seconds"),
        *("memory_bytes", "started_at", "exec_id", "command"),
    )
    short_units = True
    headings: ClassVar[Mapping[str, str]] = {
        "pid_inside": "INSIDE",
        "cpu_percent": "CPU %",
        "cpu_seconds": "CPU TIME",
        "memory_bytes": "MEMORY",
    }

    task: str
    pid: int
    pid_inside: int | None
    parent: int | None
    uid: int | None
    state: str | None
    cpu_percent: float | None
    cpu_seconds: float | None
    memory_bytes: int | None
    started_at: str | None
    exec_id: str | None
    command: str | None
