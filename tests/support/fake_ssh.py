"""An ssh made of shell: it runs the command here, and writes down what it was called with."""

import os
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kuke_ctr.processes.ssh_master import hang_up

_SCRIPT = """#!/bin/sh
for word; do printf '%s\\0' "$word"; done >> {log}
printf '\\n' >> {log}
{first}
path= mode=
while [ $# -gt 0 ]; do
  case "$1" in
    -o)
      case "$2" in ControlPath=*) path=${{2#*=}};; ControlMaster=*) mode=${{2#*=}};; esac
      shift 2;;
    -G) exit 0;;
    -O) [ -n "$path" ] && [ -e "$path" ] && exit 0; exit 255;;
    -e|-p|-l) shift 2;;
    --) shift; break;;
    *) shift;;
  esac
done
host=$1
shift
if [ "$mode" = yes ]; then
  : > "$path"
  sleep 3600 & p=$!
  trap 'kill -9 $p; rm -f "$path"; exit 0' HUP TERM
  wait $p
fi
{cases}
unset SSH_FAKE_LOCAL
export FAR_HOST="$host"
exec sh -c "$1"
"""


@dataclass(slots=True)
class FakeSsh:
    """`calls` are the argvs so far, without the program; `fail` makes it fail as ssh does."""

    folder: Path

    @property
    def calls(self) -> list[list[str]]:
        """What it was called with."""
        log = self.folder / "log"
        if not log.exists():
            return []
        return [line.split("\0") for line in log.read_text().split("\0\n") if line]

    @property
    def commands(self) -> list[list[str]]:
        """Those that ran something on the host, as the words behind the host."""
        return [call for call in self.calls if "-N" not in call and "-G" not in call]

    def write(self, first: str = "", cases: str = "") -> None:
        """Make it: `first` is shell that runs before everything, `cases` before the command."""
        log = shlex.quote(str(self.folder / "log"))
        program = self.folder / "ssh"
        program.write_text(_SCRIPT.format(log=log, first=first, cases=cases))
        program.chmod(0o755)

    def fail(self, said: str) -> None:
        """From now on it fails with these words, as ssh itself does."""
        self.write(first=f"printf '%s\\n' {shlex.quote(said)} >&2; exit 255")


@pytest.fixture
def fake_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSsh]:
    """It stands first on PATH; no connection and no socket is left in the end."""
    folder = tmp_path / "ssh"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    with tempfile.TemporaryDirectory(prefix="kc-") as sockets:  # a socket's path must be short
        monkeypatch.setenv("XDG_RUNTIME_DIR", sockets)
        fake = FakeSsh(folder)
        fake.write()
        yield fake
        hang_up()
        assert [one for one in Path(sockets).rglob("*") if not one.is_dir()] == []
