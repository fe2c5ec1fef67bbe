"""Starts attachers at terminals of their own, and reads what they did and how they ended."""

import ast
import os
import subprocess  # noqa: TID251 (the tests start what they hang up on)
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.seat import Seat
from tests.support.paths import TOP as _TOP
from tests.support.scripts import LIMITS, gone, pid_in

KEYS = b"\x1d\x1d"
LIMIT = 20.0
KINDS = pytest.mark.parametrize("kind", ["pty", "pipes"])


# It says when it is there, and writes down what comes: lines, and the signals that ctr would get.
LISTENER = """
for name in HUP INT TERM QUIT USR1 WINCH CONT; do trap "echo $name >>{here}/signals" $name; done
echo $$ >{here}/pid
exec 3<&0
cat <&3 >>{here}/typed &
until [ -e {here}/typed ]; do sleep 0.01; done
echo ready
while :; do wait; sleep 0.01; done
"""


class Desk:
    """Starts attachers at seats, and reads how they ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PYTHONPATH": str(_TOP)}
        self.listener = ("sh", "-c", LISTENER.format(here=folder))

    def words(self, kind: str, *options: str, program: tuple[str, ...] = ()) -> list[str]:
        """The words of an attacher; without a program it is the listener."""
        attacher = [sys.executable, "-m", "tests.support.attacher", kind]
        report = ("--report", str(self.folder / "report"))
        return [*attacher, *report, *options, "--", *(program or self.listener)]

    def sit(self, kind: str, *options: str, program: tuple[str, ...] = ()) -> Seat:
        """An attacher at a terminal."""
        return Seat(self.words(kind, *options, program=program), self.environment)

    def run(
        self, kind: str, *options: str, program: tuple[str, ...], stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """An attacher without a terminal."""
        words = self.words(kind, *options, program=program)
        return subprocess.run(
            words, input=stdin, env=self.environment, capture_output=True, timeout=60, check=False
        )

    def run_in_time(
        self, kind: str, *options: str, program: tuple[str, ...]
    ) -> subprocess.CompletedProcess[bytes]:
        """The same with a time limit in which the program says something."""
        for limit in LIMITS:
            done = self.run(kind, *options, "--timeout", str(limit), program=program)
            if done.stdout:
                break
        return done

    @property
    def ending(self) -> dict[str, object]:
        """What the attacher reported."""
        report: dict[str, object] = ast.literal_eval((self.folder / "report").read_text())
        return report

    def took(self, what: str) -> bytes:
        """What the listener wrote down: `typed` or `signals`."""
        file = self.folder / what
        return file.read_bytes() if file.exists() else b""

    def ready(self, seat: Seat) -> bool:
        """Whether the attachment stands, and the terminal is ours."""
        return seat.sees(b"ready") and seat.modes() != seat.modes_before


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Whatever was started is gone in the end."""
    desk = Desk(tmp_path)
    yield desk
    if (tmp_path / "pid").exists():
        client = pid_in(tmp_path / "pid")
        assert processes.until(lambda: gone(client), LIMIT), "the client is still there"
