"""kuke-ctr on ctr beside nerdctl, for the same lists: part of scripts/bench."""

import json
import os
import shutil
import statistics
import subprocess  # noqa: TID251 (the scripts are no part of the package)
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from scripts.lib import programs
from scripts.lib.containerd import PrivateContainerd, temporary, unique
from scripts.lib.images import Archive, busybox, files
from scripts.lib.measuring import measure, pairs

IMAGES = (1, 100, 2000)
CONTAINERS = (100, 500)
BUSYBOX = "registry.example/busybox:1.36"


def found(named: Sequence[str] | None) -> list[str]:
    """The nerdctls to measure: those that were named, else the one of this machine, if any."""
    one = os.environ.get("KUKE_CTR_NERDCTL") or shutil.which("nerdctl")
    return list(named or ([one] if one else []))


def compare(kuke_ctr: Path, nerdctls: Sequence[str], rounds: int, suite: str) -> None:
    """`images ls -o json` of 1, 100, 2,000 images and `ps` of 100, 500 containers.

    nerdctl prints JSON, as a program would ask for it.
    """
    with _host(suite) as (daemon, environment):
        versions = [_version(one) for one in nerdctls]
        print(f"  containerd {daemon.version}; {', '.join(versions)}", flush=True)
        for number in IMAGES:
            namespace = f"images-{number}"
            _import(daemon, namespace, number)
            for one in nerdctls:
                _pair(
                    f"images ls of {number} images",
                    [kuke_ctr, "images", "ls", "-n", namespace, "-o", "json"],
                    [one, "--namespace", namespace, "images", "--no-trunc", "--format", "json"],
                    (rounds, environment),
                )
        made = 0
        _import(daemon, "running", 0)
        for number in CONTAINERS:
            for _ in range(made, number):
                name, flags = unique("default_default_cell_app"), ("--null-io",)
                words = (BUSYBOX, "sleep", "86400")
                daemon.run(*words, namespace="running", container=name, flags=flags)
            made = number
            for one in nerdctls:
                _pair(
                    f"ps of {number} containers",
                    [kuke_ctr, "ps", "-n", "running"],
                    [one, "--namespace", "running", "ps", "--no-trunc", "--format", "json"],
                    (rounds, environment),
                )


def _pair(
    what: str,
    ours: Sequence[str | Path],
    theirs: Sequence[str | Path],
    how: tuple[int, Mapping[str, str]],
) -> None:
    rounds, environment = how
    results = pairs(
        rounds, partial(measure, ours, environment), partial(measure, theirs, environment)
    )
    mine = statistics.median(took.seconds for took, _ in results)
    other = statistics.median(took.seconds for _, took in results)
    faster = statistics.median(b.seconds / a.seconds for a, b in results)
    name = _version(str(theirs[0]))
    print(f"  {what}: kuke-ctr {mine * 1000:.0f} ms, {name} {other * 1000:.0f} ms, ", end="")
    print(f"{faster:.2f} times as fast", flush=True)


@contextmanager
def _host(suite: str) -> Iterator[tuple[PrivateContainerd, dict[str, str]]]:
    """A private daemon; what nerdctl keeps stays in its folder."""
    with temporary(programs.ensure(suite)) as daemon:
        toml = daemon.base / "nerdctl.toml"
        values = {"data_root": str(daemon.base / "nerdctl"), "snapshotter": daemon.snapshotter}
        toml.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
        address = {"CONTAINERD_ADDRESS": daemon.address, "NERDCTL_TOML": str(toml)}
        run_path = daemon.base / "no-kukeon"
        run_path.mkdir()
        ours = {"KUKEON_RUN_PATH": str(run_path), "KUKE_CTR_BACKEND": "ctr"}
        yield daemon, {**daemon.environment, **address, **ours}


def _import(daemon: PrivateContainerd, namespace: str, number: int) -> None:
    """So many different images, unpacked; with 0 one that has a program."""
    archive = Archive()
    for each in range(number):
        layer = files({"name": f"{namespace}-{each}".encode()})
        archive.name(archive.manifest([layer]), f"registry.example/team/app-{each:05}:1.0")
    if not number:
        archive.name(busybox(archive, daemon.programs / "busybox"), BUSYBOX)
    file = archive.write(daemon.base / "images.tar")
    words = ("images", "import", "--snapshotter", daemon.snapshotter, str(file))
    daemon.ctr(*words, namespace=namespace, timeout=900)
    file.unlink()


def _version(nerdctl: str) -> str:
    """`nerdctl 2.1.6`."""
    words = [nerdctl, "--version"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return f"nerdctl {said.split()[-1]}"
