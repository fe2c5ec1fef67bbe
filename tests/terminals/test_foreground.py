"""A process in the foreground on pipes, with a program of shell in place of ctr."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kuke_ctr.processes.runner import Processes
from kuke_ctr.terminals.foreground import Finish, UserStreams, run_in_foreground
from tests.support.scripts import Script, eventually, signal_taken

Run = Callable[..., tuple[Finish, bytes, bytes]]


@pytest.fixture
def run(script: Script, leaves_nothing: None, tmp_path: Path) -> Run:
    """Runs shell text as ctr; its output goes to files."""

    def go(
        text: str,
        *,
        stdin: bytes | None = None,
        ready: Callable[[], bool] = lambda: True,
        stdout: int | None = None,
        timeout: float | None = None,
    ) -> tuple[Finish, bytes, bytes]:
        call = script(text)
        files = [tmp_path / "out", tmp_path / "err"]
        ends = [os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC) for file in files]
        (tmp_path / "in").write_bytes(stdin or b"")
        given = os.open(tmp_path / "in", os.O_RDONLY)
        streams = UserStreams(
            stdin=given,
            stdout=ends[0] if stdout is None else stdout,
            stderr=ends[1],
            take_input=stdin is not None,
            timeout=timeout,
        )
        try:
            finish = run_in_foreground(lambda: Processes().open_pipes(call), streams, ready)
        finally:
            for descriptor in (*ends, given):
                os.close(descriptor)
        return finish, files[0].read_bytes(), files[1].read_bytes()

    return go


def _later(act: Callable[[], None], when: Callable[[], bool]) -> threading.Thread:
    def work() -> None:
        eventually(when)
        act()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_streams_stay_apart_and_the_exit_code_is_the_clients(run: Run) -> None:
    finish, out, err = run("echo out; echo err >&2; exit 7")
    assert (finish.status, finish.exit_code, out, err) == (7, 7, b"out\n", b"err\n")
    assert (finish.said, finish.held) == (b"err\n", b"")


def test_input_arrives_and_its_end_waits_for_the_start(run: Run, tmp_path: Path) -> None:
    asked: list[float] = []

    def ready() -> bool:
        asked.append(time.monotonic())
        return len(asked) > 2

    data = os.urandom(1 << 20)
    finish, out, _ = run("cat; test -e started", stdin=data, ready=ready)
    assert (out, finish.status) == (data, 1)
    assert len(asked) == 3


def test_without_input_there_is_an_end_at_once(run: Run) -> None:
    assert run("cat; exit 4")[0].status == 4


def test_a_line_of_ctrs_own_is_held_back(run: Run) -> None:
    finish, _, err = run("echo 'ctr: no such thing' >&2; exit 1")
    assert (finish.status, finish.held, err) == (1, b"ctr: no such thing\n", b"")


@pytest.mark.parametrize(
    "text",
    [
        "printf 'ctr: a\\nctr: b\\n' >&2",
        "printf 'other: a\\n' >&2",
        "printf 'ctr' >&2; sleep 0.1; printf 'x\\n' >&2",
        "printf 'ctr: prompt' >&2; until [ -s {err} ]; do sleep 0.01; done",
        "printf 'ctr: a\\n' >&2; sleep 0.1; echo out; sleep 0.1",
    ],
)
def test_anything_else_is_shown_as_it_came(run: Run, tmp_path: Path, text: str) -> None:
    finish, _, err = run(text.replace("{err}", str(tmp_path / "err")), timeout=60)
    assert err == finish.said
    assert finish.held == b""


def test_a_signal_goes_on_once_the_process_runs(run: Run, tmp_path: Path) -> None:
    mark = tmp_path / "trapped"
    text = f"trap 'echo got; exit 6' TERM; touch {mark}; while :; do sleep 0.01; done"
    sender = _later(lambda: os.kill(os.getpid(), signal.SIGTERM), mark.exists)
    finish, out, _ = run(text, ready=mark.exists)
    sender.join()
    assert (finish.status, out, finish.signal) == (6, b"got\n", signal.SIGTERM)


def test_a_process_that_never_starts_can_be_left(run: Run, tmp_path: Path) -> None:
    mark = tmp_path / "there"
    sender = _later(lambda: os.kill(os.getpid(), signal.SIGINT), mark.exists)
    begin = time.monotonic()
    finish, _, _ = run(f"touch {mark}; exec sleep 60", ready=lambda: False)
    sender.join()
    assert (finish.status, finish.exit_code) == (None, 130)
    assert time.monotonic() - begin < 15


def test_three_interrupts_are_enough(run: Run, tmp_path: Path) -> None:
    mark = tmp_path / "deaf"

    def thrice() -> None:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
            eventually(lambda: signal_taken(signal.SIGINT, os.getpid()))

    sender = _later(thrice, mark.exists)
    finish, _, _ = run(
        f"trap '' INT; touch {mark}; while :; do sleep 0.01; done", ready=mark.exists
    )
    sender.join()
    assert (finish.status, finish.exit_code) == (None, 130)


def test_a_reader_that_goes_is_a_broken_pipe_for_the_process(run: Run) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    finish, _, _ = run("trap 'exit 141' PIPE; while :; do echo y; sleep 0.01; done", stdout=writer)
    os.close(writer)
    assert finish.exit_code == 141


def test_who_ignores_a_broken_pipe_is_left(run: Run) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    finish, _, _ = run("trap '' PIPE; while :; do echo y; sleep 0.01; done", stdout=writer)
    os.close(writer)
    assert (finish.status, finish.exit_code) == (None, 141)


def test_the_time_limit_is_a_term_first(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patience in ("_GRACE", "_NOT_YET"):
        monkeypatch.setattr(f"kuke_ctr.terminals.foreground.{patience}", 30.0)
    mark = tmp_path / "trapped"
    text = f"trap 'echo bye; exit 0' TERM; touch {mark}; while :; do sleep 0.01; done"
    finish, out, _ = run(text, ready=mark.exists, timeout=0.3)
    assert (finish.exit_code, out) == (124, b"bye\n")
    assert finish.why == "the time limit of 0.3 seconds passed"
