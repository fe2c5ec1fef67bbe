"""A container in its setup: an attachment waits for it, says what is done, and can be left."""

import os
import signal
import socket
import subprocess  # noqa: TID251 (a server that the tests talk to)
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import CtrFailed
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.processes.farewell import Farewell
from kuke_ctr.recipes import attach_setup
from kuke_ctr.recipes.attach_setup import ready
from kuke_ctr.recipes.attach_target import Look
from kuke_ctr.records import Task
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from kuke_ctr.terminals.attachment import AttachOptions, Ending, EndKind, Step
from kuke_ctr.terminals.task_io import IoKind, TaskIO
from scripts.lib import processes
from tests.support.paths import TOP

RUNS = '2026-11-26T17:09:12Z INFO "running create stage" index=0\n'
UP = '2026-11-26T17:09:12Z INFO "PTY started" id=1\n'


@dataclass
class Cell:
    """kuketty's folder in a cell, and what is told of its setup."""

    folder: Path
    pid: int = 0
    declared: bool = False
    told: list[str] = field(default_factory=list)
    at: dict[str, Callable[[], object]] = field(default_factory=dict)
    """What happens once something that is told contains this."""

    def ready(self, **options: object) -> Ending | None:
        scope = Scope(Session(SharedOptions(), note).ctr, "kukeon-main")
        task = Task(id="x", pid=self.pid, status="RUNNING") if self.pid else None
        found = Look(
            scope, ContainerInfo("x"), task, TaskIO(IoKind.UNKNOWN), self.folder / "socket"
        )
        wanted = AttachOptions(**options)  # type: ignore[arg-type]
        self.options, ending = ready(found, wanted, self._tell, declared=lambda: self.declared)
        return ending

    def _tell(self, text: str) -> None:
        self.told.append(text)
        for part in [part for part in self.at if part in text]:
            self.at.pop(part)()

    def log(self, text: str) -> None:
        with (self.folder / "kuketty.log").open("a") as file:
            file.write(text)


@pytest.fixture
def cell(tmp_path: Path) -> Iterator[Cell]:
    folder = tmp_path / "app" / "tty"
    folder.mkdir(parents=True)
    yield Cell(folder)
    Farewell.forget()


@pytest.fixture
def setting_up(cell: Cell) -> Iterator[subprocess.Popen[bytes]]:
    """A kuketty with two stages, in the first of them."""
    words = (sys.executable, "-m", "tests.support.kuketty_server", cell.folder / "socket")
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    more = (cell.folder / "requests", "setting-up", "cat")
    with subprocess.Popen([*words, *more], env=environment) as server:
        assert processes.until((cell.folder / "socket").exists, 20)
        assert processes.until((cell.folder / "kuketty.log").exists, 20)
        yield server
        server.kill()


def listens(cell: Cell) -> socket.socket:
    """A kuketty that answers nobody."""
    here = os.open(cell.folder, os.O_PATH)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"/proc/self/fd/{here}/socket")
    listener.listen()
    os.close(here)
    return listener


def test_each_stage_is_told_until_kuketty_answers(
    cell: Cell, setting_up: subprocess.Popen[bytes]
) -> None:
    cell.at = {f"stage {each} has": (cell.folder / f"go-{each}").touch for each in (0, 1)}
    assert cell.ready(timeout=60.0) is None
    assert "x is being set up and its terminal does not answer yet" in cell.told[0]
    assert cell.told[0].endswith(
        "(Ctrl-C leaves): create stage 0 has been running since 2026-11-26T17:09:12Z"
    )
    assert "x: create stage 1 has been running since 2026-11-26T17:09:12Z" in cell.told
    assert cell.told[-1] == "x is set up"
    assert 0 < cell.options.waited < 60


def test_a_stage_that_fails_is_an_error(cell: Cell, setting_up: subprocess.Popen[bytes]) -> None:
    cell.pid = setting_up.pid
    cell.at = {"stage 0 has": lambda: (cell.folder / "go-0").write_text("fail")}
    with pytest.raises(CtrFailed) as caught:
        cell.ready()
    assert 'create stage 0 failed at 2026-11-26T17:09:12Z: exit status 3: no \\"x\\"' in str(
        caught.value.message
    )
    assert "logs x" in str(caught.value.hint)


def test_so_it_is_where_the_process_cannot_be_seen(
    cell: Cell, setting_up: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attach_setup, "_REFUSED_FOR", 0.1)
    cell.at = {"stage 0 has": lambda: (cell.folder / "go-0").write_text("fail")}
    with pytest.raises(CtrFailed, match=r"stage 0 failed .* has no kuketty listening"):
        cell.ready()


def test_a_socket_that_is_not_there_yet_is_waited_for(cell: Cell) -> None:
    cell.log(RUNS)
    ending = cell.ready(timeout=0.5)
    assert ending is not None
    assert (ending.kind, ending.exit_code) == (EndKind.TIMEOUT, 124)
    assert ending.why == "the time limit of 0.5 seconds passed"
    assert ending.awaited is None


def test_a_script_has_waited_in_vain(cell: Cell) -> None:
    cell.log(RUNS)
    ending = cell.ready(timeout=0.1, script=(Step(b"ready"),))
    assert ending is not None
    assert (ending.exit_code, ending.awaited) == (124, b"ready")


@pytest.mark.parametrize(
    ("number", "script", "code"),
    [
        (signal.SIGINT, (), 0),
        (signal.SIGINT, (Step(b"x"),), 130),
        (signal.SIGTERM, (), 143),
        (signal.SIGHUP, (), 129),
    ],
)
def test_a_signal_leaves(
    cell: Cell, number: signal.Signals, script: tuple[Step, ...], code: int
) -> None:
    cell.log(RUNS)
    cell.at = {"stage 0": lambda: os.kill(os.getpid(), number)}
    with listens(cell):
        ending = cell.ready(script=script)
    assert ending is not None
    assert (ending.kind, ending.exit_code, ending.signal) == (EndKind.DETACHED, code, number)


@pytest.mark.parametrize("log", ["", UP, RUNS + UP, "no line of it"])
def test_nothing_is_waited_for_where_nothing_says_that_it_is_set_up(cell: Cell, log: str) -> None:
    cell.log(log)
    with listens(cell):
        assert cell.ready() is None
    assert (cell.told, cell.options.waited) == ([], 0)


def test_a_container_that_starts_again_is_set_up_again(cell: Cell) -> None:
    cell.log(RUNS + UP + RUNS)
    (cell.folder / "capture").touch()
    assert cell.ready(timeout=0.1) is not None


def test_without_a_log_the_record_counts_as_long_as_there_is_no_capture(cell: Cell) -> None:
    cell.declared = True
    (cell.folder / "kuketty.log").symlink_to("/etc/shadow")
    cell.at = {"": (cell.folder / "capture").touch}
    with listens(cell):
        assert cell.ready() is None
    assert "which one runs is not known" in cell.told[0]
    assert "kuketty.log is a symbolic link" in cell.told[0]
    cell.told.clear()
    assert cell.ready() is None
    assert cell.told == []


def test_an_answer_is_enough_where_the_log_says_nothing(cell: Cell) -> None:
    cell.declared = True
    with listens(cell) as listener:

        def answer() -> None:
            first, _ = listener.accept()
            time.sleep(0.2)
            first.close()  # a kuketty that starts again: the question is asked anew
            second, _ = listener.accept()
            assert b"TerminalController.Ping" in second.recv(1000)
            second.sendall(b'{"id": 1, "result": {}, "error": null}\n')
            second.close()

        thread = threading.Thread(target=answer)
        thread.start()
        assert cell.ready() is None
        thread.join()
    assert "does not exist yet" in cell.told[0]
    assert cell.told[1:] == ["x is set up"]


def test_a_kuketty_that_answers_is_believed_before_its_log(cell: Cell) -> None:
    """The line may be of an earlier start, and later ones are not written at every log level."""
    cell.log(RUNS)
    with listens(cell) as listener:

        def answer() -> None:
            client, _ = listener.accept()
            client.recv(1000)
            client.sendall(b"{}\n")
            client.close()

        thread = threading.Thread(target=answer)
        thread.start()
        assert cell.ready() is None
        thread.join()
    assert cell.told == []
