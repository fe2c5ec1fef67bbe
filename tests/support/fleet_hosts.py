"""Many hosts made of one small shell script: an ssh that answers from files, at once."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import tables

_SCRIPT = """#!/bin/sh
while [ "$1" != -- ]; do shift; done
host=$2
case $3 in
*" sh -s "*) key=files ;;
*) key=${{3##* sh }} ;;
esac
echo "$host $key" >> {folder}/log
for place in "$host" all; do
    if [ -f "{folder}/$place/$key.sh" ]; then . "{folder}/$place/$key.sh"; fi
    if [ -f "{folder}/$place/$key" ]; then exec cat "{folder}/$place/$key"; fi
done
echo "ctr: nothing is known of: $key" >&2
exit 1
"""

FILES = (
    "kuke-ctr files\nv HOME /root\nt 3 /opt/kukeon\nt 1 /etc/kukeon/kukeond.yaml\n"
    "t 1 /root/.kuke/kuke.yaml\nt 1 /run/containerd/containerd.sock\n.\n"
)
"""A host that has nothing of Kukeon's but a containerd."""

ALL = "all"
"""The place of what every host answers."""


@dataclass(frozen=True)
class FleetHosts:
    """`answer` says what a call prints there; `calls` are those so far, each `HOST CALL`."""

    folder: Path

    def answer(self, call: str, stdout: str, host: str = ALL) -> None:
        """What a call (`ctr -n x images ls`; `files`) prints on a host, or on all."""
        self._write(host, call, stdout)

    def does(self, call: str, shell: str, host: str = ALL) -> None:
        """What happens before it prints: `sleep 5`, `exit 255`."""
        self._write(host, f"{call}.sh", f"{shell}\n")

    def tasks(self, *names: str, host: str = ALL) -> None:
        """Which tasks run in kukeon-main."""
        lines = tables.tasks([(name, "42", "RUNNING") for name in names])
        self.answer("ctr -n kukeon-main tasks ls", "\n".join(lines) + "\n", host)

    @property
    def calls(self) -> list[str]:
        """In the order in which they began."""
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def path(self) -> str:
        """A PATH with this ssh first."""
        return os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]])

    def _write(self, host: str, name: str, text: str) -> None:
        place = self.folder / host
        place.mkdir(exist_ok=True)
        (place / name).write_text(text)


@pytest.fixture
def fleet_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FleetHosts:
    """Hosts of any name, each with a realm main in which the tasks `a` and `b` run."""
    hosts = FleetHosts(tmp_path / "hosts")
    program = hosts.folder / "bin/ssh"
    program.parent.mkdir(parents=True)
    program.write_text(_SCRIPT.format(folder=shlex.quote(str(hosts.folder))))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", hosts.path)
    hosts.answer("files", FILES)
    hosts.answer("ctr namespaces ls -q", "default\nkukeon-main\n")
    hosts.tasks("a", "b")
    return hosts
