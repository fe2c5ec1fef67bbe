"""What the processes of a task use, and who they are in the container: from the host's /proc."""

import time
from collections.abc import Sequence
from pathlib import Path

from kuke_ctr.processes.proc import PROC, status_of
from kuke_ctr.recipes.process_facts import Facts, facts_of
from kuke_ctr.records import Process, ProcessUsage

INTERVAL = 0.5
"""Seconds over which the CPU time is taken."""


def usage_of(
    processes: Sequence[Process], *, here: bool, proc: Path = PROC, interval: float = INTERVAL
) -> list[ProcessUsage]:
    """The processes of one task, with what /proc says of them.

    `here`: their ids are ours; otherwise, and of a process that has ended, little is known.
    """
    if not here or not processes:
        return [_usage(one, None, None, {}, 0) for one in processes]
    pids = [one.pid for one in processes]
    before, begun = {pid: facts_of(pid, proc) for pid in pids}, time.monotonic()
    time.sleep(interval)
    facts, passed = {pid: facts_of(pid, proc) for pid in pids}, time.monotonic() - begun
    statuses = {pid: status_of(proc / str(pid)) for pid in pids}
    depth = min((len(_ids(status)) for status in statuses.values() if status), default=0)
    return [
        _usage(
            one,
            facts[one.pid],
            _share(before[one.pid], facts[one.pid], passed),
            statuses[one.pid],
            depth,
        )
        for one in processes
    ]


def _usage(
    one: Process, facts: Facts | None, share: float | None, status: dict[str, str], depth: int
) -> ProcessUsage:
    ids, users = _ids(status), status.get("Uid", "").split()
    kibibytes = status.get("VmRSS", "").split()
    return ProcessUsage(
        task=one.task,
        pid=one.pid,
        # further ids are those of a namespace that the container itself has made
        pid_inside=ids[depth - 1] if ids else None,
        parent=facts.parent if facts else None,
        uid=int(users[1]) if len(users) > 1 else None,
        state=facts.state if facts else None,
        cpu_percent=share,
        cpu_seconds=facts.cpu_seconds if facts else None,
        memory_bytes=int(kibibytes[0]) * 1024 if kibibytes else None,
        started_at=facts.started_at if facts else None,
        exec_id=one.exec_id,
        command=facts.command if facts else None,
    )


def _ids(status: dict[str, str]) -> list[int]:
    """The process id in each namespace of the process, the host's first."""
    return [int(number) for number in status.get("NSpid", "").split()]


def _share(before: Facts | None, now: Facts | None, passed: float) -> float | None:
    """The share of a processor, in percent; None for another process with the same id."""
    if before is None or now is None or before.started_at != now.started_at or passed <= 0:
        return None
    return round(max(0.0, now.cpu_seconds - before.cpu_seconds) * 100 / passed, 2)
