"""A ctr of a few lines of shell, and what the tests of processes look at."""

import os
import shlex
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.child_setup import IGNORED_BY_PYTHON
from scripts.lib import processes

Script = Callable[[str], Call]
"""Makes a ctr with this shell text, and gives the call `ctr -n main images ls`."""


LIMITS = (0.3, 1.0, 3.0, 10.0, 30.0)
"""Time limits for what has to do something first, the next one where the machine was too slow."""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """The ctr on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def make(text: str) -> Call:
        (folder / "ctr").write_text(f"#!/bin/sh\n{text}\n")
        (folder / "ctr").chmod(0o755)
        return Call(("ctr", "-n", "main", "images", "ls"), timeout=20)

    return make


@pytest.fixture
def leaves_nothing() -> Iterator[None]:
    """No child, thread or descriptor is left behind, whatever went wrong in the test."""
    before, children = descriptors(), processes.children(os.getpid())
    yield
    assert set(processes.children(os.getpid())) <= set(children)
    assert threading.active_count() == 1
    assert descriptors() <= before


def descriptors() -> set[int]:
    """Those that are open."""
    return {int(name) for name in os.listdir("/proc/self/fd")}  # noqa: PTH208


def eventually(happened: Callable[[], bool]) -> None:
    """Wait until it has happened."""
    until = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.002)


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has reaped yet counts as ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


def written(path: Path) -> bool:
    """Whether a script has written a line into a file."""
    return path.exists() and path.read_text().endswith("\n")


def pid_in(path: Path) -> int:
    """The pid that a script writes into a file."""
    eventually(lambda: written(path))
    return int(path.read_text())


def signal_taken(number: signal.Signals, pid: int) -> bool:
    """Whether no such signal waits for the process; the next one would be lost in one that does."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    waiting = next(line for line in status.splitlines() if line.startswith("ShdPnd:"))
    return not int(waiting.split()[1], 16) >> (number - 1) & 1


def rest_of(terminal: int) -> bytes:
    """All that a terminal still shows once nobody has its other side: that may come in pieces."""
    shown = b""
    with suppress(OSError):
        while piece := os.read(terminal, 65536):
            shown += piece
    return shown


def close(*open_ones: int) -> None:
    """Close these descriptors."""
    for descriptor in open_ones:
        os.close(descriptor)


def ignored_by_us() -> int:
    """The signals that we ignore, as a mask, without those that every Python ignores."""
    ignored = [number for number in signal.Signals if signal.getsignal(number) is signal.SIG_IGN]
    return sum(1 << number - 1 for number in ignored if number not in IGNORED_BY_PYTHON)


def quoted(path: Path) -> str:
    """The path as a word for a shell."""
    return shlex.quote(str(path))
