"""kuke-ctr as a user starts it: the installed command, in an environment that says nothing."""

import os
import subprocess  # noqa: TID251 (the tests start what the package is)
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.lib.containerd import PrivateContainerd

PROGRAM = Path(sys.executable).with_name("kuke-ctr")


@dataclass(frozen=True)
class KukeCtr:
    """Call it with kuke-ctr's arguments."""

    environment: Mapping[str, str]

    def __call__(
        self, *argv: str, stdin: str = "", timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *argv],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=timeout,
            check=False,
            env=self.environment,
        )

    def on(self, daemon: PrivateContainerd) -> "KukeCtr":
        """The same with this daemon's address, and its ctr first on PATH."""
        path = os.pathsep.join([str(daemon.programs), self.environment["PATH"]])
        return self.set(CONTAINERD_ADDRESS=daemon.address, PATH=path)

    def set(self, **variables: str) -> "KukeCtr":
        """The same with more environment variables."""
        return replace(self, environment={**self.environment, **variables})
