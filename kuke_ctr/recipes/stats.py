"""What containers use of the host: looks at them, and the difference between two looks.

Each look costs one `ctr tasks ls` for a namespace and one `ctr tasks metrics` for a container. What
a network has carried stands in /proc only.
"""

import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kuke_ctr.backends.ctr import tasks
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.parse.metrics import metrics_of
from kuke_ctr.processes.calls import Call, Result, in_seconds
from kuke_ctr.processes.proc import PROC, Traffic, traffic_of
from kuke_ctr.records import Metrics, RowsRefused, Stats, Task, TaskStatus

LIMIT = 5.0
"""Seconds for the metrics of a container: a shim that hangs must not stop the others' values."""

_MOST_OF_A_PROCESSOR = 0.4
_NANO = 1e9

WITHOUT: Mapping[str, str] = {
    TaskStatus.STOPPED: "it has ended",
    TaskStatus.UNKNOWN: "its shim does not answer",
}
"""Status -> why there is nothing to measure: of one that has ended ctr shows the last values."""

Key = tuple[str, str]
"""A namespace and the id of a container in it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a container; `at` is a time of the monotonic clock, `pid` 0 for no task.

    `measured` is all of it, where somebody else has measured.
    """

    at: float
    pid: int = 0
    status: str | None = None
    metrics: Metrics | None = None
    traffic: Traffic | None = None
    problem: str | None = None
    measured: Stats | None = None


class Looker:
    """Looks at the containers of some namespaces: those that run, or the chosen ones.

    `here`: the daemon's process ids are ours. Raises as `ctr tasks ls` does; what is wrong with the
    metrics of a container is its `problem`.
    """

    looks_needed = 2

    def __init__(
        self, ctr: Ctr, namespaces: Sequence[str], chosen: Collection[str] | None, *, here: bool
    ) -> None:
        self._ctr = ctr
        self._namespaces = namespaces
        self._chosen = chosen
        self._here = here

    def look(self) -> dict[Key, Look]:
        """All of them, in the order of the namespaces and ids."""
        found = {key: self._listed(task) for key, task in self._tasks().items()}
        asked = [key for key, look in found.items() if look.pid and look.problem is None]
        results = self._ctr.processes.run_all([self._call(key) for key in asked], late_too=True)
        for key, result in zip(asked, results, strict=True):
            measured = _measured(found[key], key, result, self._ctr)
            if measured is not None:
                found[key] = measured
            else:
                del found[key]
        for name in self._chosen or ():
            for namespace in self._namespaces:
                found.setdefault((namespace, name), Look(time.monotonic(), problem="no task"))
        return found

    def _tasks(self) -> dict[Key, Task]:
        answers = tasks.listed(self._ctr, self._namespaces)
        for answer in answers:
            if answer.refused:
                raise RowsRefused(answer)
        return {
            (namespace, task.id): task
            for namespace, answer in zip(self._namespaces, answers, strict=True)
            for task in answer.records
            if self._wants(task)
        }

    def _wants(self, task: Task) -> bool:
        if self._chosen is not None:
            return task.id in self._chosen
        return task.living or task.status == TaskStatus.UNKNOWN

    def _listed(self, task: Task) -> Look:
        """What is known before the metrics; the pid is fresh, so /proc is read first."""
        problem = WITHOUT.get(task.status)
        traffic = traffic_of(PROC / str(task.pid)) if self._here and task.pid else None
        return Look(time.monotonic(), task.pid, task.status, traffic=traffic, problem=problem)

    def _call(self, key: Key) -> Call:
        namespace, name = key
        call = tasks.metrics(Scope(self._ctr, namespace), name)
        return call._replace(timeout=min(call.timeout or LIMIT, LIMIT))


def _measured(look: Look, key: Key, result: Result, ctr: Ctr) -> Look | None:
    """The look with its metrics; None for a task that has gone since it was listed."""
    if result.planned:
        return look
    at = result.ended or time.monotonic()
    if result.exit_code < 0:
        limit = in_seconds(min(ctr.timeout or LIMIT, LIMIT))
        return replace(look, at=at, problem=f"no metrics within {limit}")
    try:
        text = ctr.checked(result).stdout.decode(errors="surrogateescape")
        return replace(look, at=at, metrics=metrics_of(key[1], text))
    except NotFound:
        return None
    except KukeCtrError as error:
        return replace(look, at=at, problem=error.message)


def stats_of(
    name: str, look: Look, before: Look | None, *, at: datetime, seconds: float | None = None
) -> Stats:
    """The values of a container `at` this time; `seconds` between the looks, else what they say."""
    if look.measured is not None:
        return look.measured
    metrics = look.metrics
    limit = metrics.memory_limit_bytes if metrics else None
    memory = memory_of(metrics) if metrics else None
    known = before is not None and before.pid == look.pid
    return Stats(
        id=name,
        at=at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        status=look.status,
        cpu_percent=_cpu(before, look, seconds) if before is not None and known else None,
        memory_bytes=memory,
        memory_limit_bytes=limit,
        memory_percent=round(memory * 100 / limit, 2) if memory is not None and limit else None,
        processes=metrics.processes if metrics else None,
        processes_limit=metrics.processes_limit if metrics else None,
        io_read_bytes=metrics.io_read_bytes if metrics else None,
        io_write_bytes=metrics.io_write_bytes if metrics else None,
        network_received_bytes=look.traffic.received if look.traffic else None,
        network_sent_bytes=look.traffic.sent if look.traffic else None,
        problem=look.problem,
    )


def _cpu(before: Look, look: Look, seconds: float | None) -> float | None:
    if before.metrics is None or look.metrics is None:
        return None
    passed = look.at - before.at if seconds is None else seconds
    return cpu_percent(before.metrics.cpu_usage_ns, look.metrics.cpu_usage_ns, passed)


def cpu_percent(before_ns: int | None, now_ns: int | None, seconds: float) -> float | None:
    """The share of one processor that was used in so many seconds: as docker, 200 is two of them.

    None where a value is missing, no time has passed, or the counter began anew.
    """
    if before_ns is None or now_ns is None or seconds <= 0 or now_ns < before_ns:
        return None
    return round((now_ns - before_ns) / (seconds * _NANO) * 100, 2)


def memory_of(metrics: Metrics) -> int | None:
    """The memory in use: as docker, without what the kernel would take back at once."""
    usage, cache = metrics.memory_usage_bytes, metrics.memory_inactive_file_bytes or 0
    return usage if usage is None or cache > usage else usage - cache


class Pace:
    """When to look again: every `interval` seconds, or a second and more where nobody said.

    Then looks are so far apart that they, ctr included, take less than half of a processor.
    """

    def __init__(self, interval: float | None) -> None:
        self._given = interval
        self.interval = 1.0 if interval is None else interval
        self._begun = time.monotonic()
        self._used = _processor_time()

    def next(self) -> float:
        """The time of the monotonic clock at which the next look begins; it is a beginning."""
        now, used = time.monotonic(), _processor_time()
        if self._given is None:
            self.interval = max(1.0, (used - self._used) / _MOST_OF_A_PROCESSOR)
        self._begun, self._used = max(self._begun + self.interval, now), used
        return self._begun


def _processor_time() -> float:
    """Seconds that we and our children have used."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
