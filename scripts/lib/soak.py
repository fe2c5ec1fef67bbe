"""Many containers that run at once: list, measure, stop and remove them, and count what is left."""

import argparse
import json
import os
import resource
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scripts.lib import programs, venv
from scripts.lib.containerd import PrivateContainerd, temporary, unique
from scripts.lib.images import Archive, busybox

REFERENCE = "docker.io/library/busybox:1.36"
NAMESPACE = "kukeon-soak"
STARTERS = 4
"""Containers that are started side by side."""
TRAPS = "trap 'exit 3' TERM; while :; do sleep 3600 & wait $!; done"
IGNORES = "trap '' TERM; while :; do sleep 3600 & wait $!; done"
STUBBORN = 10
"""Of so many containers one ignores TERM."""


@dataclass(frozen=True)
class Soak:
    """A daemon with the containers, and the kuke-ctr that is tried on them."""

    daemon: PrivateContainerd
    kuke_ctr: Path
    ids: tuple[str, ...]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run kuke-ctr, and print how long it took, with the processor time of it and its ctrs."""
        argv = [str(self.kuke_ctr), "--namespace", NAMESPACE, *words]
        environment = {**self.daemon.environment, "CONTAINERD_ADDRESS": self.daemon.address}
        began, used = time.monotonic(), _used()
        done = subprocess.run(
            argv, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        took = f"{time.monotonic() - began:6.1f} s, {_used() - used:5.1f} s of processor"
        shown = [word for word in words if word not in self.ids]
        print(f"{' '.join(shown):32} {took}, exit code {done.returncode}", flush=True)
        return done

    def listed(self, *words: str) -> set[str]:
        """The names that ctr itself lists."""
        return set(self.daemon.ctr(*words, namespace=NAMESPACE).stdout.split())


def _used() -> float:
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def start(daemon: PrivateContainerd, number: int) -> tuple[str, ...]:
    """Start so many containers; their ids."""
    archive = Archive()
    archive.name(busybox(archive, daemon.programs / "busybox"), REFERENCE)
    daemon.import_image(archive.write(daemon.base / "soak.tar"), namespace=NAMESPACE)

    def one(place: int) -> str:
        script = IGNORES if place % STUBBORN == 0 else TRAPS
        return daemon.run(
            *(REFERENCE, "sh", "-c", script),
            namespace=NAMESPACE,
            container=unique("soak"),
            flags=("--log-uri", "file:///dev/null"),
        )

    began = time.monotonic()
    with ThreadPoolExecutor(STARTERS) as pool:
        ids = tuple(pool.map(one, range(number)))
    print(f"{number} containers started in {time.monotonic() - began:.0f} s", flush=True)
    return ids


def ps(soak: Soak) -> bool:
    """`ps` lists all of them as running."""
    done = soak.run("ps", "-o", "json")
    rows = json.loads(done.stdout)
    return {row["id"] for row in rows if row["status"] == "RUNNING"} == set(soak.ids)


def stats(soak: Soak) -> bool:
    """`stats` measures each of them."""
    done = soak.run("stats", "--no-stream", "-o", "jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    measured = {row["id"] for row in rows if row["memory_bytes"] and not row["problem"]}
    return measured == set(soak.ids)


def stop(soak: Soak) -> bool:
    """`stop` ends all of them, those that ignore TERM by SIGKILL, and tells each exit code."""
    done = soak.run("stop", "-t", "5", *soak.ids)
    stubborn = len(range(0, len(soak.ids), STUBBORN))
    told = done.stderr.count("exit code 3\n"), done.stderr.count("exit code 137 (SIGKILL)")
    rows = soak.daemon.ctr("tasks", "ls", namespace=NAMESPACE).stdout.splitlines()[1:]
    ended = {row.split()[0] for row in rows if "STOPPED" in row}
    return (
        set(done.stdout.split()) == set(soak.ids) == ended
        and told == (len(soak.ids) - stubborn, stubborn)
        and done.returncode == 0
    )


def remove(soak: Soak) -> bool:
    """`rm` leaves nothing of them."""
    soak.run("rm", *soak.ids)
    rows = soak.daemon.ctr("snapshots", "ls", namespace=NAMESPACE).stdout.splitlines()[1:]
    snapshots = {row.split()[0] for row in rows} & set(soak.ids)
    left = soak.listed("containers", "ls", "-q") | soak.listed("tasks", "ls", "-q") | snapshots
    return not left


PARTS: Sequence[Callable[[Soak], bool]] = (ps, stats, stop, remove)


def main() -> int:
    """Start many containers, and run `ps`, `stats --no-stream`, `stop` and `rm` for all of them."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=main.__doc__)
    parser.add_argument("--number", type=int, default=200, metavar="N", help="default: 200")
    parser.add_argument(
        "--suite", default=programs.NATIVE, help="containerd's, as scripts/programs"
    )
    parser.add_argument("--kuke-ctr", type=Path, help="default: the one in .venv")
    given = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root")
    kuke_ctr = given.kuke_ctr or venv.ensure() / "kuke-ctr"
    with temporary(programs.ensure(given.suite)) as daemon:
        print(f"containerd {daemon.version}")
        soak = Soak(daemon, kuke_ctr, start(daemon, given.number))
        wrong = [part.__name__ for part in PARTS if not part(soak)]
    print(f"WRONG: {', '.join(wrong)}" if wrong else "all as it should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
