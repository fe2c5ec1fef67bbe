"""Leave an attached task in every way there is, many times, and look what it did to the task."""

import argparse
import contextlib
import os
import signal
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.lib import processes, programs, venv
from scripts.lib.containerd import PrivateContainerd, temporary, unique
from scripts.lib.images import Archive, busybox
from scripts.lib.seat import Seat

REFERENCE = "docker.io/library/busybox:1.36"
NAMESPACE = "kukeon-rounds"
KEYS = b"\x1d\x1d"
LIMIT = 20.0
HANGUP = 128 + signal.SIGHUP
TERMINATED = 128 + signal.SIGTERM
QUIT = 128 + signal.SIGQUIT
FULL = 0.4
"""Seconds in which a flood fills a terminal that nobody reads."""
SLOWEST = 6.0
"""Seconds that the slowest way to leave may take, on a busy machine."""
NO_READER = 141

# It writes down each signal and each byte that reaches it; nothing that it gets ends it.
WORKLOAD = """
for name in HUP INT QUIT USR1 USR2 PIPE ALRM TERM TSTP CONT WINCH TTIN TTOU URG
do trap "echo $name >>/out/signals" $name; done
>/out/signals
exec 3<&0
cat <&3 >/out/typed &
{output}
echo ready
while :; do sleep 3600 & wait $!; done
"""
TOOK = ("signals", "typed")
OUTPUT = {"quiet": "", "flooding": "yes 'a line of a flood of lines' &"}


@dataclass(frozen=True)
class Task:
    """The workload in a container: with a terminal or without, quiet or flooding."""

    daemon: PrivateContainerd
    kind: str
    output: str
    container: str
    folder: Path

    @property
    def clients(self) -> list[int]:
        """The ctr processes that are attached to it, or are about to be."""
        return [pid for pid in processes.pids() if self._is_client(processes.command_line(pid))]

    def _is_client(self, words: Sequence[str]) -> bool:
        is_ctr = Path(words[0]).name == "ctr" if words else False
        return is_ctr and "attach" in words and self.container in words

    def attached(self, seat: Seat) -> bool:
        """Whether the client of the program at a seat has the task's output open."""
        ours = processes.children(seat.program.pid)
        clients = [pid for pid in ours if self._is_client(processes.command_line(pid))]
        return any(
            f"{self.container}-stdout" in name for pid in clients for name in open_files(pid)
        )

    def running(self) -> bool:
        """Whether containerd says so."""
        rows = self.daemon.ctr("tasks", "ls", namespace=NAMESPACE).stdout.splitlines()
        return any(row.split()[0] == self.container and "RUNNING" in row for row in rows)

    def took(self, what: str) -> str:
        """What the workload wrote down: its `signals`, or what was `typed`."""
        return (self.folder / what).read_text(errors="replace")

    def listens(self) -> bool:
        """Whether it has begun its lists."""
        return all((self.folder / what).exists() for what in TOOK)

    def forget(self) -> None:
        """Let it begin its lists anew."""
        for what in TOOK:
            os.truncate(self.folder / what, 0)


def open_files(pid: int) -> Iterator[str]:
    """The names of a process's open files."""
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                yield str(entry.readlink())


@contextmanager
def task(daemon: PrivateContainerd, kind: str, output: str) -> Iterator[Task]:
    """Start the workload; it is removed with the block."""
    name = unique(f"{kind}-{output}")
    with tempfile.TemporaryDirectory(dir=daemon.base) as folder:
        mount = ("--mount", f"type=bind,src={folder},dst=/out,options=rbind:rw")
        flags = (*mount, *(["-t"] if kind == "terminal" else []))
        words = ("sh", "-c", WORKLOAD.format(output=OUTPUT[output]))
        start(daemon, name, words, flags)
        made = Task(daemon, kind, output, name, Path(folder))
        assert processes.until(made.listens, LIMIT), "the workload did not begin"
        yield made
        daemon.ctr("tasks", "rm", "--force", name, namespace=NAMESPACE)
        daemon.ctr("containers", "rm", name, namespace=NAMESPACE)


def start(
    daemon: PrivateContainerd, name: str, words: Sequence[str], flags: Sequence[str] = ()
) -> None:
    """As `daemon.run`, on a terminal: `ctr run -d -t` needs one of its own."""
    place: tuple[str | Path, ...] = (daemon.programs / "ctr", "-a", daemon.address, "-n", NAMESPACE)
    own = daemon.own_flags(NAMESPACE, name)
    argv = (*place, "run", "-d", *own, *flags, REFERENCE, name, *words)
    with Seat(argv, daemon.environment) as seat:
        if seat.wait() != 0:
            raise RuntimeError(f"{argv} failed: {bytes(seat.shown).decode(errors='replace')}")


def provide_image(daemon: PrivateContainerd) -> None:
    """Import the busybox that the workloads run in."""
    archive = Archive()
    archive.name(busybox(archive, daemon.programs / "busybox"), REFERENCE)
    daemon.import_image(archive.write(daemon.base / "rounds.tar"), namespace=NAMESPACE)


@dataclass
class Figures:
    """What was seen in the rounds of one kind. `wrong` says everything that should not be."""

    rounds: int = 0
    signals: Counter[str] = field(default_factory=Counter)
    typed: int = 0
    running: int = 0
    clients: int = 0
    modes: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0

    def wrong(self, code: int | None) -> bool:
        """Whether anything is."""
        harm = any((self.signals, self.typed, self.clients, self.modes))
        harm = harm or self.slowest > SLOWEST
        codes = code is not None and set(self.codes) != {code}
        return harm or codes or self.running != self.rounds

    def __str__(self) -> str:
        return (
            f"rounds {self.rounds}, signals {sum(self.signals.values())} {dict(self.signals)}, "
            f"bytes {self.typed}, RUNNING {self.running}, clients left {self.clients}, "
            f"terminals changed {self.modes}, exit codes {dict(self.codes)}, "
            f"slowest {self.slowest:.1f} s"
        )


Attach = Callable[[Task], tuple[Sequence[str | Path], Mapping[str, str]]]
"""The words and the environment of the program that attaches."""


@dataclass(frozen=True)
class Way:
    """A way to leave: what is done, and the exit code that kuke-ctr then has."""

    leave: Callable[[Seat, Task], None]
    code: int | None
    reader: bool = False
    hangs_up: bool = False
    unread: bool = False


def _keys(seat: Seat, _: Task) -> None:
    seat.type(KEYS)


def _stopped(seat: Seat, task: Task) -> None:
    seat.kill(signal.SIGSTOP)
    processes.until(lambda: _state(seat.program.pid) == "T", LIMIT)
    seat.kill(signal.SIGCONT)
    processes.until(lambda: _state(seat.program.pid) != "T", LIMIT)
    assert task.attached(seat), "it left when it was stopped"
    seat.type(KEYS)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _twice(seat: Seat, _: Task) -> None:
    seat.kill(signal.SIGTERM)
    time.sleep(FULL)
    if seat.program.poll() is None:
        seat.kill(signal.SIGTERM)


def _killed(number: signal.Signals) -> Callable[[Seat, Task], None]:
    return lambda seat, _: seat.kill(number)


WAYS = {
    "keys": Way(_keys, 0),
    "INT": Way(_killed(signal.SIGINT), 0),
    "TERM": Way(_killed(signal.SIGTERM), TERMINATED),
    "HUP": Way(_killed(signal.SIGHUP), HANGUP),
    "KILL": Way(_killed(signal.SIGKILL), -signal.SIGKILL),
    "closed-terminal": Way(lambda seat, _: seat.hang_up(), HANGUP, hangs_up=True),
    "closed-reader": Way(lambda _, __: None, NO_READER, reader=True),
    "STOP-CONT": Way(_stopped, 0),
    "unread-keys": Way(_keys, 0, unread=True),
    "unread-INT": Way(_killed(signal.SIGINT), 0, unread=True),
    "unread-TERM": Way(_killed(signal.SIGTERM), TERMINATED, unread=True),
    "unread-HUP": Way(_killed(signal.SIGHUP), HANGUP, unread=True),
    "unread-QUIT": Way(_killed(signal.SIGQUIT), QUIT, unread=True),
    "unread-TERM-twice": Way(_twice, None, unread=True),
}
"""`unread`: nobody reads the terminal when it is left, as behind a connection that hangs."""


def one_round(task: Task, way: Way, attach: Attach, figures: Figures) -> None:
    """Attach, leave, and count."""
    words, environment = attach(task)
    reader, stdout = os.pipe() if way.reader else (None, None)
    with Seat(words, environment, stdout=stdout) as seat:
        if stdout is not None:
            os.close(stdout)
        try:
            if not processes.until(lambda: task.attached(seat), LIMIT):
                said = bytes(seat.shown[-1000:]).decode(errors="replace")
                raise RuntimeError(f"{words} did not attach: {said}")
            if task.output == "flooding" and reader is not None:
                os.read(reader, 1)
            elif task.output == "flooding":
                processes.until(lambda: seat.total > 0, LIMIT)
        finally:
            if reader is not None:
                os.close(reader)
        if way.unread:
            seat.reading = False
            time.sleep(FULL)
        began = time.monotonic()
        way.leave(seat, task)
        try:
            figures.codes[seat.wait()] += 1
            figures.slowest = max(figures.slowest, time.monotonic() - began)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{words} did not end") from None
        gone = processes.until(lambda: not task.clients, LIMIT)
        figures.clients += 0 if gone else len(task.clients)
        if not way.hangs_up:
            same = processes.until(lambda: seat.modes() == seat.modes_before, LIMIT)
            figures.modes += not same
    figures.rounds += 1


def rounds(task: Task, way: Way, attach: Attach, count: int) -> Figures:
    """So many rounds, and their figures."""
    figures = Figures()
    task.forget()
    for _ in range(count):
        one_round(task, way, attach, figures)
        figures.running += task.running()
    figures.signals.update(task.took("signals").split())
    figures.typed = len(task.took("typed"))
    return figures


def prime(task: Task, attach: Attach) -> None:
    """A first visit gives the task's terminal the size of ours: SIGWINCH, as it should be.

    It lasts until the workload wrote that down, or the next round would count it.
    """

    def leave(seat: Seat, task: Task) -> None:
        if task.kind == "terminal":
            assert processes.until(lambda: bool(task.took("signals")), LIMIT), "it got no size"
        seat.type(KEYS)

    one_round(task, Way(leave, 0), attach, Figures())


def main() -> int:
    """Leave attached tasks in every way, and print what it did to them."""
    parser = argparse.ArgumentParser(prog="scripts/attach-rounds", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=200, metavar="N", help="default: 200")
    parser.add_argument(
        "--suite", default=programs.NATIVE, help="containerd's, as scripts/programs"
    )
    parser.add_argument("--task", choices=["terminal", "none"], action="append")
    parser.add_argument("--output", choices=list(OUTPUT), action="append")
    parser.add_argument("--way", choices=list(WAYS), action="append")
    parser.add_argument("--kuke-ctr", type=Path, help="default: the one in .venv")
    given = parser.parse_args()
    attach = by_command(given.kuke_ctr or venv.ensure() / "kuke-ctr")
    failed = False
    with temporary(programs.ensure(given.suite)) as daemon:
        provide_image(daemon)
        print(f"containerd {daemon.version}, {given.rounds} rounds of each")
        for kind in given.task or ["terminal", "none"]:
            for output in given.output or list(OUTPUT):
                with task(daemon, kind, output) as it:
                    prime(it, attach)
                    for name in given.way or list(WAYS):
                        figures = rounds(it, WAYS[name], attach, given.rounds)
                        bad = figures.wrong(WAYS[name].code)
                        failed = failed or bad
                        verdict = "WRONG" if bad else "ok"
                        print(f"{kind:8} {output:8} {name:15} {verdict:5} {figures}", flush=True)
    return 1 if failed else 0


def by_command(kuke_ctr: Path) -> Attach:
    """`kuke-ctr attach`, as it is installed."""

    def attach(task: Task) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        words = (kuke_ctr, "attach", "--namespace", NAMESPACE, task.container)
        return words, {**task.daemon.environment, "CONTAINERD_ADDRESS": task.daemon.address}

    return attach


if __name__ == "__main__":
    sys.exit(main())
