"""What the host's /proc says about the processes that ctr names."""

import os
import pwd
import shlex
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from signal import SIGKILL, SIGSTOP

from kuke_ctr.processes.proc import PROC, status_of
from kuke_ctr.records import Process

_LONGEST_STAT = 4096
_CONNECT_SECONDS = 0.2
_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Facts:
    """A process of this host; `started_at` in UTC, to the second. `state` is ps's letter."""

    parent: int
    user: str
    started_at: str
    command: str
    state: str
    cpu_seconds: float


def with_facts(processes: Sequence[Process]) -> list[Process]:
    """The same with parent, user, start and command; null for those that have ended."""
    return [process.model_copy(update=_update(process.pid)) for process in processes]


def _update(pid: int) -> dict[str, object]:
    facts = facts_of(pid)
    if facts is None:
        return {}
    return {
        "parent": facts.parent,
        "user": facts.user,
        "started_at": facts.started_at,
        "command": facts.command,
    }


def facts_of(pid: int, proc: Path = PROC) -> Facts | None:
    """What /proc says about a process; None where it has ended or may not be seen."""
    folder = proc / str(pid)
    try:
        owner = folder.stat().st_uid
        stat = (folder / "stat").read_text(errors="surrogateescape")
        line = (folder / "cmdline").read_bytes()
    except OSError:
        return None
    name, _, rest = stat.partition(" (")[2].rpartition(") ")
    fields = rest.split()
    # proc(5): the third field, the state, is the first after the name
    parent, a_second = int(fields[1]), os.sysconf("SC_CLK_TCK")
    words = line.removesuffix(b"\0").decode(errors="surrogateescape").split("\0")
    return Facts(
        parent=parent,
        user=_user(owner),
        started_at=_start(fields, proc),
        command=shlex.join(words) if line else f"[{name}]",
        state=fields[0],
        cpu_seconds=(int(fields[11]) + int(fields[12])) / a_second,
    )


def started_at(pid: int, proc: Path = PROC) -> str | None:
    """When a process was started, in UTC, to the second; None where it has ended.

    One file is read, which everybody may read; quickly, for it is asked of hundreds.
    """
    try:
        descriptor = os.open(f"{proc}/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        stat = os.read(descriptor, _LONGEST_STAT)
    except OSError:  # it has just ended
        return None
    finally:
        os.close(descriptor)
    return _start(stat.rpartition(b") ")[2].split(), proc)


def is_younger(pid: int, seconds: float, proc: Path = PROC) -> bool:
    """Whether a process started less than so many seconds ago; False where that is not known."""
    facts = facts_of(pid, proc)
    if facts is None:
        return False
    return datetime.now(UTC) - datetime.fromisoformat(facts.started_at) < timedelta(seconds=seconds)


def drops(pid: int, number: int, proc: Path = PROC) -> bool:
    """Whether the kernel drops a signal to a process: to the first one of a container, which has
    neither a handler for it nor blocks it. False where that can't be known.
    """
    if number in (SIGKILL, SIGSTOP):
        return False
    status = status_of(proc / str(pid))
    first = status.get("NSpid", "").split()[-1:] == ["1"]
    taken = int(status.get("SigCgt", "0"), 16) | int(status.get("SigBlk", "0"), 16)
    return first and not taken >> (number - 1) & 1


def seen_by_us(path: str | None) -> bool:
    """Whether the daemon behind a socket has our process ids: it may be in another pid namespace.

    True where nothing speaks against it; an empty path is that of another host.
    """
    if path == "":
        return False
    pid = daemon_pid(path)
    if pid is None:
        return True  # ctr got through, in another way
    if pid == 0:
        return False  # a process outside of our pid namespace
    with suppress(OSError):  # for its owner and root only
        return os.readlink(f"/proc/{pid}/ns/pid") == os.readlink("/proc/self/ns/pid")  # noqa: PTH115
    return True


def daemon_pid(path: str | None) -> int | None:
    """The pid of the daemon behind a socket, 0 where it is in another pid namespace.

    None where there is no path, or nobody behind it.
    """
    if path is None:
        return None
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_CONNECT_SECONDS)
        try:
            client.connect(path)
        except OSError:
            return None
        said = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    (pid, _, _) = _CREDENTIALS.unpack(said)
    return int(pid)


def _start(fields: Sequence[str] | Sequence[bytes], proc: Path) -> str:
    return _time(_booted(proc) + int(fields[19]) / os.sysconf("SC_CLK_TCK"))


@cache
def _booted(proc: Path) -> int:
    for line in (proc / "stat").read_text().split("\n"):
        if line.startswith("btime "):
            return int(line.split()[1])
    return 0


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
