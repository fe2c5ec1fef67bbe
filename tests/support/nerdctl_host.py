"""A host with containers of nerdctl, Kukeon and ctr."""

import json
import os
import subprocess  # noqa: TID251 (the tests start what the package is)
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.lib import programs
from tests.support.nerdctls import NERDCTL
from tests.support.running import BUSYBOX, Place


@dataclass
class NerdctlHost:
    """A namespace with containers of nerdctl's, of Kukeon's form and of ctr's."""

    place: Place
    environment: dict[str, str]

    def nerdctl(self, *words: str) -> str:
        """What nerdctl itself prints: the independent witness."""
        scope = ("--address", self.place.daemon.address, "--namespace", self.place.namespace)
        done = subprocess.run(
            [str(NERDCTL), *scope, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout


def nerdctl_host(place: Place, folder: Path) -> Iterator[NerdctlHost]:
    """The host; nerdctl's containers, and what it keeps of them, go in the end."""
    settings = {
        "data_root": str(folder / "nerdctl"),
        "cgroup_manager": "cgroupfs",
        "cni_netconfpath": str(folder / "cni"),
        "cni_path": str(folder / "cni"),
        "snapshotter": place.daemon.snapshotter,
    }
    toml = folder / "nerdctl.toml"
    toml.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()))
    more = {"NERDCTL_TOML": str(toml), "KUKE_CTR_NERDCTL": str(NERDCTL)}
    path = programs.search_path(place.daemon.programs)
    host = NerdctlHost(
        Place(place.daemon, place.namespace, place.kuke.set(**more)),
        {**os.environ, **more, "PATH": path},
    )
    script = "echo out; echo err >&2; exec sleep 3600"
    host.nerdctl("run", "-d", "--net", "none", "--name", "nerd-web", BUSYBOX, "sh", "-c", script)
    host.nerdctl("run", "-d", "--net", "none", "--name", "nerd-done", BUSYBOX, "echo", "bye")
    host.nerdctl("wait", "nerd-done")
    try:
        yield host
    finally:
        host.nerdctl("rm", "-f", "nerd-web", "nerd-done")
