"""What the real tests of attach share."""

import subprocess  # noqa: TID251
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.lib import attach_rounds, processes
from scripts.lib.attach_rounds import NAMESPACE
from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.seat import Seat
from tests.support.runner import PROGRAM, KukeCtr

KEYS = b"\x1d\x1d"


LIMIT = 20.0


SHELL = ("sh", "-c", "export PS1='ready> '; exec sh")


KINDS = pytest.mark.parametrize("kind", ["terminal", "none"])


@dataclass
class Host:
    """A daemon with the image, and kuke-ctr on it."""

    daemon: PrivateContainerd
    run: KukeCtr

    def start(self, *words: str, flags: tuple[str, ...] = ()) -> str:
        """A container whose task runs."""
        name = unique("attach")
        attach_rounds.start(self.daemon, name, words, flags)
        return name

    def start_kind(self, kind: str, *words: str) -> str:
        """The same, with a terminal or without."""
        return self.start(*words, flags=("-t",) if kind == "terminal" else ())

    def remove(self, name: str) -> None:
        """Kill it, so that nothing of it goes on beside the next test."""
        self.daemon.ctr("tasks", "rm", "--force", name, namespace=NAMESPACE, check=False)
        self.daemon.ctr("containers", "rm", name, namespace=NAMESPACE)

    def status(self, name: str) -> str:
        """What containerd says of its task; empty where there is none."""
        rows = self.daemon.ctr("tasks", "ls", namespace=NAMESPACE).stdout.splitlines()
        return next((row.split()[2] for row in rows if row.split()[0] == name), "")

    def attach(self, name: str, *options: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Attach without a terminal."""
        return self.run("attach", "--namespace", NAMESPACE, *options, name, stdin=stdin)

    def words(self, name: str, *options: str) -> list[str | Path]:
        """What a person types."""
        return [PROGRAM, "tasks", "attach", "--namespace", NAMESPACE, *options, name]

    def sit(self, name: str, *options: str, **streams: int) -> Seat:
        """Attach at a terminal."""
        return Seat(self.words(name, *options), self.run.environment, **streams)  # type: ignore[arg-type]

    @contextmanager
    def task(self, kind: str, *words: str) -> Iterator[str]:
        """A container, removed with the block."""
        name = self.start_kind(kind, *words)
        yield name
        self.remove(name)


@pytest.fixture(scope="package")
def with_image() -> Callable[[PrivateContainerd], None]:
    """Import the image, once for each daemon."""
    done: set[str] = set()

    def provide(daemon: PrivateContainerd) -> None:
        if daemon.address not in done:
            attach_rounds.provide_image(daemon)
            done.add(daemon.address)

    return provide


@pytest.fixture
def attach_host(
    containerd: PrivateContainerd,
    kuke_ctr: KukeCtr,
    with_image: Callable[[PrivateContainerd], None],
) -> Host:
    with_image(containerd)
    return Host(containerd, kuke_ctr.on(containerd))


@pytest.fixture
def any_attach_host(
    any_containerd: PrivateContainerd,
    kuke_ctr: KukeCtr,
    with_image: Callable[[PrivateContainerd], None],
) -> Host:
    with_image(any_containerd)
    return Host(any_containerd, kuke_ctr.on(any_containerd))


def ready(seat: Seat, name: str) -> bool:
    """Whether the attachment stands, and the terminal is ours; `run -d` may swallow first words."""

    def stands() -> bool:
        ours = [pid for pid in processes.pids() if "attach" in processes.command_line(pid)]
        opened = (file for pid in ours for file in attach_rounds.open_files(pid))
        return seat.modes() != seat.modes_before and any(
            f"{name}-stdout" in file for file in opened
        )

    return processes.until(stands, LIMIT)


def _asks(seat: Seat, typed: bytes, answer: bytes) -> bool:
    seat.type(typed)
    return seat.sees(answer, 0.3)
