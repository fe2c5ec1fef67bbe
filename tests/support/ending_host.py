"""A host of shell whose tasks end: their states are files, and signals change them."""

import shlex
from pathlib import Path

import pytest

from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import N

_LIST = """cd {folder}
printf 'TASK                     PID     STATUS    \\n'
for one in *; do printf '%-24s %-7s %s\\n' "$one" $(cat "$one"); done
exit 0"""
_STATE = '{{"id": "{name}", "status": 3, "exit_status": {code}}}'
EVENTS = (*N, "events", 'namespace==kukeon-main,topic=="/tasks/exit"')


class EndingHost:
    """The tasks of a FakeCtr: `state` is a file for each, with its pid and status."""

    def __init__(self, fake: FakeCtr, folder: Path) -> None:
        self.fake = fake
        self.folder = folder
        folder.mkdir()
        fake.answer(*N, "tasks", "ls", first=_LIST.format(folder=shlex.quote(str(folder))))

    def set(self, name: str, status: str, pid: int = 1000) -> None:
        """A task has this status now."""
        (self.folder / name).write_text(f"{pid} {status}")

    def becomes(self, name: str, status: str, *words: str, pid: int = 1000) -> None:
        """A call of `ctr tasks WORD...` gives a task this status; `-` deletes it."""
        file = shlex.quote(str(self.folder / name))
        change = f"rm -f {file}" if status == "-" else f"echo {pid} {status} > {file}"
        self.fake.answer(*N, "tasks", *words, name, first=change)

    def ends(self, name: str, *flags: str, code: int = 143) -> None:
        """A signal ends a task, and its shim tells the exit code."""
        self.becomes(name, "STOPPED", "kill", *flags)
        self.tells(name, code)

    def tells(self, name: str, code: int) -> None:
        """What the shim says of a task that has stopped."""
        said = _STATE.format(name=name, code=code)
        self.fake.answer(*N, "shim", "--id", name, "state", stdout=said)

    def answers(self, name: str) -> None:
        """A signal that changes nothing."""
        self.fake.answer(*N, "tasks", "kill", name)

    def event(self, name: str, code: int, *, pid: int = 1000) -> None:
        """`ctr events` tells that a task has ended, and goes on."""
        payload = f'{{"container_id":"{name}","id":"{name}","pid":{pid},"exit_status":{code}}}'
        line = f"2026-11-27 07:24:47.485349715 +0000 UTC kukeon-main /tasks/exit {payload}"
        self.fake.answer(*EVENTS, first=f"echo {shlex.quote(line)}; exec sleep 60")

    def is_(self, name: str) -> str:
        """The status of a task."""
        return (self.folder / name).read_text().split()[1]


@pytest.fixture
def ending_host(runtime_host: FakeCtr, tmp_path: Path) -> EndingHost:
    """The host of `runtime_host`, all of its tasks running."""
    host = EndingHost(runtime_host, tmp_path / "states")
    for name in ("web", "frozen", "ended", "fresh", "silent"):
        host.set(name, "RUNNING")
    return host
