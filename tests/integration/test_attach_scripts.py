"""`kuke-ctr attach` on real tasks as a script has it: --expect, --send, --save."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lib import attach_rounds, processes
from scripts.lib.containerd import temporary
from tests.support.attach_host import KEYS, KINDS, LIMIT, SHELL, Host, _asks, ready
from tests.support.runner import KukeCtr
from tests.support.scripts import LIMITS


def test_a_task_keeps_its_window_where_we_have_none(attach_host: Host) -> None:
    with attach_host.task("terminal", *SHELL) as name:
        with attach_host.sit(name, size=(31, 101)) as seat:  # type: ignore[arg-type]
            assert ready(seat, name)
            # ctr passes the size on a moment after it stands
            assert processes.until(lambda: _asks(seat, b"stty size\r", b"31 101\r\n"), LIMIT)
            seat.type(KEYS)
            seat.wait()
        done = attach_host.attach(
            name, "--send", r"stty size\r", "--expect", "31 101", "--timeout", "10"
        )
        assert done.returncode == 0, done.stderr


def test_a_script_expects_and_sends(any_attach_host: Host, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    with any_attach_host.task("terminal", *SHELL) as name:
        first = ("--send", r"echo $((6*7))\r", "--expect", r"\n42\r\n", "--expect", "ready>")
        steps = (*first, "--send", r"x=9\r", "--send", r"echo $x$x\r", "--expect", r"\n99\r\n")
        done = any_attach_host.attach(name, *steps, "--save", str(saved), "--timeout", "20")
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("99\n") or "\n99" in done.stdout
        assert saved.read_text().replace("\r", "") == done.stdout.replace("\r", "")
        assert saved.stat().st_mode & 0o777 == 0o600
        assert any_attach_host.status(name) == "RUNNING"


def test_what_does_not_come_is_told_with_what_came_instead(attach_host: Host) -> None:
    for limit in LIMITS:
        with attach_host.task(
            "none", "sh", "-c", "while read line; do echo got $line; done"
        ) as name:
            steps = ("--send", r"one\n", "--expect", "got two", "--timeout", str(limit))
            done = attach_host.attach(name, *steps)
            status = attach_host.status(name)
        if done.stdout:
            break
    assert (done.returncode, done.stdout) == (124, "got one\n")
    assert "'got two' did not appear in the output" in done.stderr
    assert status == "RUNNING"


def test_a_task_that_ends_first_is_not_what_was_expected(attach_host: Host) -> None:
    name = attach_host.start("sh", "-c", "read line; exit 0")
    done = attach_host.attach(name, "--send", r"\n", "--expect", "never")
    assert done.returncode == 124
    assert f"{name} exited with status 0" in done.stderr
    attach_host.remove(name)


@KINDS
@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_a_containerd_that_stops_leaves_a_task_that_can_be_attached_to_again(
    programs_of: Callable[[str], Path], kuke_ctr: KukeCtr, version: str, kind: str
) -> None:
    with temporary(programs_of(version)) as daemon:
        attach_rounds.provide_image(daemon)
        attach_host = Host(daemon, kuke_ctr.on(daemon))
        with attach_host.task(kind, "sh", "-c", "while read line; do echo got $line; done") as name:
            with attach_host.sit(name) as seat:
                assert ready(seat, name)
                assert daemon.pid is not None
                os.kill(daemon.pid, signal.SIGTERM)
                assert seat.wait() == 125
                assert seat.sees(b"containerd has stopped")
            daemon.start()
            steps = ("--send", r"one\n", "--expect", "got one", "--timeout", "20")
            assert attach_host.attach(name, *steps).returncode == 0


def test_replay_and_output_forms_are_refused(attach_host: Host, tmp_path: Path) -> None:
    for options in (("--replay", str(tmp_path)), ("-o", "json"), ("--expect", "(")):
        done = attach_host.attach("any", *options)
        assert (done.returncode, done.stdout) == (2, "")
