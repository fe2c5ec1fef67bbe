"""Which process it was: a later one can find out whether that one is gone."""

import os
from contextlib import suppress
from pathlib import Path

from kuke_ctr.processes.far import Far
from kuke_ctr.processes.proc import PROC, link_of

_START_TIME = 19
"""Where the start time stands in proc(5)'s `stat`, behind the name of the program."""


def identity(pid: int | None = None) -> str:
    """The pid namespace, the pid and the start time of a process (ours): `4026531836-71-12345`."""
    number = os.getpid() if pid is None else pid
    return f"{_pid_namespace()}-{number}-{_started(number)}"


def identity_for(far: Far | None) -> str:
    """What identifies us on a host: on another one nobody can look whether we are gone."""
    return identity() if far is None else f"ssh.{identity()}"


def is_gone(known: str) -> bool | None:
    """Whether the process of an `identity` has ended; None where that can't be told from here."""
    place, _, rest = known.partition("-")
    number, _, started = rest.partition("-")
    if not number.isdecimal() or not started or place != _pid_namespace() or not place:
        return None
    return _started(int(number)) != started


def _pid_namespace() -> str:
    """`4026531836`; empty where /proc does not say."""
    name = link_of(PROC / "self" / "ns" / "pid") or ""
    return name.partition("[")[2].rstrip("]")


def _started(pid: int) -> str:
    with suppress(OSError, IndexError):
        told = Path(PROC / str(pid) / "stat").read_text(errors="replace")
        return told.rpartition(")")[2].split()[_START_TIME]
    return ""
