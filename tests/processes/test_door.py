"""What is taken for granted of the insides of sh: where one of these fails, read its message."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sh  # noqa: TID251 (the insides of it)

from kuke_ctr.processes import door
from kuke_ctr.processes.door import ShProcess
from kuke_ctr.processes.preflight import find_program
from tests.support.scripts import Script

pytestmark = pytest.mark.usefixtures("leaves_nothing")

ADVICE = (
    "sh has changed inside. Read OProc in its source: kuke_ctr/processes/door.py ends the "
    "threads that watch a child (`_take_over`). Make that fit, or hold sh to the version before in "
    "pyproject.toml."
)


@pytest.fixture
def process() -> Iterator[ShProcess]:
    """The process object of a real command of sh's, which sh itself waits for."""
    running = sh.Command("/bin/cat")(_in=b"", _bg=True, _return_cmd=True)
    yield running.process
    running.wait()
    for thread in set(threading.enumerate()) - {threading.main_thread()}:
        thread.join(20)  # among them a timer that sh has cancelled, and does not wait for


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pid", int),
        ("exit_code", int | None),
        ("_wait_lock", type(threading.Lock())),
        ("_quit_threads", threading.Event),
        ("_output_thread", threading.Thread),
        ("_background_thread", threading.Thread),
    ],
)
def test_sh_has_inside_what_its_door_uses(process: ShProcess, name: str, kind: type) -> None:
    assert isinstance(getattr(process, name, "is missing"), kind), f"{name}: {ADVICE}"


def test_no_thread_of_sh_is_left_once_a_child_has_started(script: Script) -> None:
    for text in ("sleep 60", "exit 3"):
        call = script(text)
        with Path(os.devnull).open("r+b") as null:
            streams = (null.fileno(), null.fileno(), null.fileno())
            child = door.start(call, find_program(call.argv), streams, set())
        assert threading.enumerate() == [threading.main_thread()], ADVICE
        if text == "exit 3":
            child.wait(child.deadline)
            assert child.exit_code == 3, ADVICE
        child.kill()


def test_an_end_that_sh_sees_while_it_is_taken_over_is_not_lost() -> None:
    class Process:
        """One whose background thread has looked for an exit code, found none, and now reaps."""

        pid = 1
        exit_code: int | None = None

        def __init__(self) -> None:
            self._wait_lock = threading.Lock()
            self._quit_threads = threading.Event()
            self._output_thread = threading.Thread(target=self._quit_threads.wait)
            self._background_thread = threading.Thread(target=self._reap)
            for thread in (self._output_thread, self._background_thread):
                thread.start()

        def _reap(self) -> None:
            self._quit_threads.wait()
            self.exit_code = 7

    assert door._take_over(Process()) == 7
