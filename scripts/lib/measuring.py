"""Processes that are measured: how long they take, and how much memory they need."""

import os
import select
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Argv = Sequence[str | Path]


@dataclass(frozen=True)
class Took:
    """One process: seconds from start to end, its own peak memory (not its children's)."""

    seconds: float
    peak: int


def measure(argv: Argv, environment: Mapping[str, str], expect: int = 0) -> Took:
    """Run a command to /dev/null. Raises RuntimeError where its exit code is another."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment,
        )
        peak = _watch(child)
        seconds = time.perf_counter() - begin
        if child.returncode != expect:
            errors.seek(0)
            said = errors.read()[-500:].decode(errors="replace")
            raise RuntimeError(f"{argv} exited {child.returncode}: {said}")
    return Took(seconds, peak)


def _watch(child: subprocess.Popen[bytes]) -> int:
    """Wait for the child; its high-water mark in bytes, as last seen before it ended.

    rusage won't do: what wait4 tells is the greatest of the child and its own children.
    """
    peak = 0
    status = Path(f"/proc/{child.pid}/status")
    ended = select.poll()
    handle = os.pidfd_open(child.pid)
    ended.register(handle, select.POLLIN)
    while True:
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1]) * 1024
        if ended.poll(10):
            os.close(handle)
            child.wait()
            return peak


def pairs(
    rounds: int, first: Callable[[], Took], second: Callable[[], Took]
) -> list[tuple[Took, Took]]:
    """Both, in turn, each as often the first of its pair; one pair beforehand to warm up."""
    first()
    second()
    results = []
    for number in range(rounds):
        if number % 2:
            b = second()
            a = first()
        else:
            a = first()
            b = second()
        results.append((a, b))
    return results
