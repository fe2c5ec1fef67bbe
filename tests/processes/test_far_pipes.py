"""A ctr on another host that somebody talks to: its input, and what happens without it."""

import os
import time
from collections.abc import Callable

import pytest

from kuke_ctr.errors import Unreachable
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.pipes import Pipes
from kuke_ctr.processes.runner import Processes
from kuke_ctr.terminals.attach_ways import relay_pipes
from kuke_ctr.terminals.attachment import AttachOptions
from kuke_ctr.terminals.foreground import UserStreams, run_in_foreground
from tests.support.fake_ssh import FakeSsh

CAT = Call(("sh", "-c", "echo begun; cat; exit 6"), far=Far("web3"), timeout=None)
OF_FEEDER = 'case "$1" in *"echo; cat >&4"*) '
NEVER = f'{OF_FEEDER} echo "Session open refused by peer" >&2; exit 255;; esac'
MIDWAY = f'{OF_FEEDER} timeout 0.5 sh -c "$1"; exit 255;; esac'


def start() -> Pipes:
    return Processes().open_pipes(CAT)


def foreground(start: Callable[[], Pipes]) -> None:
    out = os.open(os.devnull, os.O_RDWR)
    try:
        run_in_foreground(start, UserStreams(out, out, out), lambda: False)
    finally:
        os.close(out)


def attached(start: Callable[[], Pipes]) -> None:
    out = os.open(os.devnull, os.O_RDWR)
    try:
        options = AttachOptions(stdin=out, stdout=out, stderr=out, take_input=False)
        relay_pipes(start, options)
    finally:
        os.close(out)


def waited_for(start: Callable[[], Pipes]) -> None:
    pipes = start()
    try:
        pipes.wait(20)
    finally:
        pipes.kill()
        for one in (pipes.stdin, pipes.stdout, pipes.stderr):
            os.close(one)


def test_the_input_gets_there(fake_ssh: FakeSsh) -> None:
    pipes = start()
    os.write(pipes.stdin, b"x" * 1000)
    os.close(pipes.stdin)
    assert pipes.wait(20) == 6
    assert os.read(pipes.stdout, 2000) == b"begun\n" + b"x" * 1000
    os.close(pipes.stdout)
    os.close(pipes.stderr)


@pytest.mark.parametrize("way", [foreground, attached, waited_for])
@pytest.mark.parametrize(("cases", "ran"), [(NEVER, False), (MIDWAY, True)], ids=["never", "cut"])
def test_a_ctr_without_its_input_is_ended(
    fake_ssh: FakeSsh, way: Callable[[Callable[[], Pipes]], None], cases: str, ran: bool
) -> None:
    fake_ssh.write(cases=cases)
    begin = time.monotonic()
    with pytest.raises(Unreachable) as found:
        way(start)
    assert time.monotonic() - begin < 10
    assert found.value.message.startswith("the input could not be sent to web3: ")
    assert ("Session open refused by peer" in found.value.message) is not ran
    assert found.value.ran is ran
