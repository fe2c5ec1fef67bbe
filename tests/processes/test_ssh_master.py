"""The connection that a command keeps: what ends it, and what does not."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from kuke_ctr.processes import ssh_master
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.preflight import find_ssh
from scripts.lib.processes import until
from scripts.lib.seat import Seat
from tests.support.fake_ssh import FakeSsh

WEB3 = Far("web3")

KEEPS = """
import os, signal, sys, time
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.preflight import find_ssh
from kuke_ctr.processes.ssh_master import hang_up, is_lost, options_for

far = Far("web3")
came = []
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTERM):
    signal.signal(number, lambda number, _: came.append(number))
options_for(far, find_ssh(()), ())
print("connected", flush=True)
while not came:
    time.sleep(0.01)
time.sleep(0.3)
print("lost" if is_lost(far) else "kept", flush=True)
begin = time.monotonic()
hang_up()
print("slow" if time.monotonic() - begin > 0.5 else "ended", flush=True)
"""


USUAL = (sys.executable, "-c", KEEPS)
NOHUP = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh", *USUAL)


@pytest.mark.parametrize(
    ("words", "typed", "to_all"),
    [
        (USUAL, b"\x03", None),
        (USUAL, b"\x1c", None),
        (USUAL, b"\x1a", None),
        (USUAL, b"", signal.SIGTERM),
        (NOHUP, b"\x03", None),
        (NOHUP, b"", signal.SIGHUP),
    ],
    ids=["ctrl-c", "ctrl-backslash", "ctrl-z", "timeout", "nohup-ctrl-c", "nohup"],
)
def test_what_is_meant_for_the_command_does_not_end_its_connection(
    fake_ssh: FakeSsh, words: tuple[str, ...], typed: bytes, to_all: signal.Signals | None
) -> None:
    with Seat(words, dict(os.environ)) as seat:
        assert seat.sees(b"connected", 20)
        if to_all is None:
            seat.type(typed)
        else:
            os.killpg(seat.program.pid, to_all)
            seat.kill(signal.SIGINT)
        assert seat.wait() == 0
        assert b"kept" in seat.whole()
        assert b"ended" in seat.whole()


@pytest.mark.parametrize("words", [USUAL, NOHUP], ids=["usual", "nohup"])
def test_it_ends_with_us(fake_ssh: FakeSsh, words: tuple[str, ...]) -> None:
    sockets = Path(os.environ["XDG_RUNTIME_DIR"])
    with Seat(words, dict(os.environ)) as seat:
        assert seat.sees(b"connected", 20)
        assert [*sockets.glob("*/*")]
        seat.kill(signal.SIGKILL)
        seat.wait()
        assert until(lambda: not [*sockets.glob("*/*")], 5)


def test_a_connection_that_ssh_no_longer_has_is_lost_before_its_process_has_ended(
    fake_ssh: FakeSsh,
) -> None:
    ssh_master.options_for(WEB3, find_ssh(()), ())
    assert not ssh_master.is_lost(WEB3)
    (socket,) = Path(os.environ["XDG_RUNTIME_DIR"]).glob("*/*")
    socket.unlink()
    begin = time.monotonic()
    assert ssh_master.is_lost(WEB3)
    assert time.monotonic() - begin < 1
