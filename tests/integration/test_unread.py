"""Nobody reads what is printed: a frozen terminal, a connection that hangs. Every ending comes."""

import os
import signal
import subprocess  # noqa: TID251 (for its constants)
import time
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.seat import Seat
from tests.support.running import BUSYBOX, LIMIT, Place

FLOOD = ("sh", "-c", "trap 'exit 1' INT TERM HUP; while :; do echo a line of a flood; done")
DEAF = ("sh", "-c", "trap '' INT TERM HUP; while :; do echo a line of a flood of lines; done")
FULL = 0.5
"""Seconds in which a flood fills a terminal that nobody reads."""
SOON = 8.0
"""Seconds; it takes two or three on an idle machine."""

TERM, HUP, INT = signal.SIGTERM, signal.SIGHUP, signal.SIGINT


def filled(seat: Seat) -> None:
    """Let it print, then stop reading."""
    assert processes.until(lambda: seat.total > 1000, LIMIT)
    seat.reading = False
    time.sleep(FULL)


def seconds_to_end(seat: Seat, *numbers: signal.Signals) -> float:
    """How long it takes until the program has ended by these signals."""
    began = time.monotonic()
    for number in numbers:
        if seat.program.poll() is None:
            seat.kill(number)
            processes.until(lambda: seat.program.poll() is not None, 0.5)
    assert processes.until(lambda: seat.program.poll() is not None, LIMIT), "it has not ended"
    return time.monotonic() - began


@pytest.mark.parametrize("number", [TERM, HUP])
@pytest.mark.parametrize("tty", [(), ("-t",)], ids=["pipes", "terminal"])
@pytest.mark.parametrize("verb", ["exec", "run"])
def test_a_flood_that_nobody_reads_can_be_ended(
    place: Place, verb: str, tty: tuple[str, ...], number: signal.Signals
) -> None:
    before = place.left()
    own = (place.sleeper(),) if verb == "exec" else ("--rm", *place.own(), BUSYBOX)
    with place.sit(verb, *tty, *own, *FLOOD) as seat:
        filled(seat)
        assert seconds_to_end(seat, number) < SOON
        assert seat.modes() == seat.modes_before
    if verb == "run" and not tty:  # on a terminal it goes on, as after `docker run -it`
        assert processes.until(lambda: place.left() == before, LIMIT)


@pytest.mark.parametrize("number", [HUP, INT])
def test_three_signals_leave_a_process_that_heeds_none(
    place: Place, number: signal.Signals
) -> None:
    name = place.sleeper()
    with place.sit("exec", name, *DEAF) as seat:
        filled(seat)
        assert seconds_to_end(seat, number, number, number) < SOON


def test_a_time_limit_comes_as_well(place: Place) -> None:
    with place.sit("exec", "--timeout", "2s", place.sleeper(), *DEAF) as seat:
        filled(seat)
        assert processes.until(lambda: seat.program.poll() is not None, 2 + SOON)
        assert seat.program.returncode == 124


@pytest.mark.parametrize("number", [TERM, INT])
def test_a_log_that_nobody_reads_can_be_left(place: Place, number: signal.Signals) -> None:
    done = place("run", "-d", *place.own(), BUSYBOX, *FLOOD)
    name = done.stdout.strip()
    with place.sit("logs", "-f", name) as seat:
        filled(seat)
        assert seconds_to_end(seat, number) < SOON
    place.ctr("tasks", "kill", "-s", "KILL", name)


@pytest.mark.parametrize("number", [HUP])
def test_an_exec_can_be_left_while_containerd_is_stopped(
    place: Place, number: signal.Signals
) -> None:
    name = place.sleeper()
    with place.sit("exec", name, *DEAF) as seat:
        filled(seat)
        daemon = place.daemon.pid
        assert daemon is not None
        os.kill(daemon, signal.SIGSTOP)
        try:
            assert seconds_to_end(seat, number, number, number, number, number) < SOON
        finally:
            os.kill(daemon, signal.SIGCONT)


def test_a_reader_who_pauses_gets_everything_after_a_harmless_signal(place: Place) -> None:
    """USR1 asks for no end: a pager may take its time."""
    script = "trap : USR1; echo ready; sleep 1 & wait; head -c 3000000 /dev/zero; echo end"
    ours = place.start("exec", place.sleeper(), "sh", "-c", script, stdout=subprocess.PIPE)
    assert ours.stdout is not None
    assert ours.stdout.readline() == b"ready\n"
    ours.send_signal(signal.SIGUSR1)
    time.sleep(5)
    with ours.stdout:
        said = ours.stdout.read()
    assert (len(said), said[-4:]) == (3_000_004, b"end\n")
    assert ours.wait(LIMIT) == 0


def test_what_a_process_did_not_read_is_no_output(place: Place, tmp_path: Path) -> None:
    (tmp_path / "typed").write_bytes(b"x" * (4 << 20))
    script = "trap 'exit 0' INT; echo ready; while :; do sleep 0.1; done"
    with (tmp_path / "typed").open("rb") as typed:
        ours = place.start(
            *("exec", "-i", place.sleeper(), "sh", "-c", script),
            stdin=typed,
            stdout=subprocess.PIPE,
        )
    assert ours.stdout is not None
    with ours.stdout:
        assert ours.stdout.readline() == b"ready\n"
        ours.send_signal(INT)
        assert ours.wait(LIMIT) == 0


@pytest.mark.parametrize("number", [TERM, HUP, INT])
def test_a_second_signal_ends_it_at_once(place: Place, number: signal.Signals) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.write(writer, b"x" * (1 << 20))
    os.set_blocking(writer, True)
    daemon = place.daemon.pid
    assert daemon is not None
    os.kill(daemon, signal.SIGSTOP)
    try:
        ours = place.start("images", "ls", stderr=writer)
        assert place.client(ours, "images")
        ours.send_signal(number)
        time.sleep(0.4)
        assert ours.poll() is None  # it still has something to say
        ours.send_signal(number)
        time.sleep(0.2)
        assert ours.poll() == -number
    finally:
        os.kill(daemon, signal.SIGCONT)
    os.close(reader)
    os.close(writer)
