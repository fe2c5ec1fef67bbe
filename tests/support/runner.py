"""kuke-ctr in a process of its own, in an environment that says nothing."""

import os
import subprocess  # noqa: TID251 (the shape of what a call gave)
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.lib.containerd import PrivateContainerd
from tests.support.prepared import shared

PROGRAM = Path(sys.executable).with_name("kuke-ctr")
"""The installed command."""


@dataclass(frozen=True)
class KukeCtr:
    """Call it with kuke-ctr's arguments."""

    environment: Mapping[str, str]

    def __call__(
        self, *argv: str, stdin: str = "", timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        assert self.environment["LC_ALL"] == "C.UTF-8"  # as the process that forks was started
        return shared().call([str(PROGRAM), *argv], self.environment, stdin, timeout)

    def on(self, daemon: PrivateContainerd) -> "KukeCtr":
        """The same with this daemon's address, and its ctr first on PATH."""
        path = os.pathsep.join([str(daemon.programs), self.environment["PATH"]])
        return self.set(CONTAINERD_ADDRESS=daemon.address, PATH=path)

    def set(self, **variables: str) -> "KukeCtr":
        """The same with more environment variables."""
        return replace(self, environment={**self.environment, **variables})
