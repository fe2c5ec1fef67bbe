"""What is typed at an attachment: keys, lines, signals by key, the detach keys."""

import os
import signal

from scripts.lib import processes
from scripts.lib.seat import Seat
from tests.support.desk import KEYS, KINDS, LIMIT, Desk


@KINDS
def test_the_keys_work_while_nobody_reads_a_flood(desk: Desk, kind: str) -> None:
    reader, writer = os.pipe()
    words = desk.words(kind, program=("yes",))
    with Seat(words, desk.environment, stdout=writer) as seat:
        os.read(reader, 1)
        assert processes.until(lambda: seat.modes() != seat.modes_before, LIMIT)
        seat.type(KEYS)
        assert seat.wait() == 0
    os.close(reader)
    os.close(writer)


@KINDS
def test_the_keys_work_while_the_task_reads_nothing(desk: Desk, kind: str) -> None:
    with desk.sit(kind, program=("sh", "-c", "echo ready; exec sleep 60")) as seat:
        assert desk.ready(seat)
        line = b"x" * 79 + b"\n"
        seat.type(line * 3000)
        seat.type(KEYS)
        assert seat.wait() == 0


@KINDS
def test_keys_before_the_detach_keys_reach_the_task(desk: Desk, kind: str) -> None:
    with desk.sit(kind, "--patient") as seat:
        assert desk.ready(seat)
        seat.type(b"last words\n" + KEYS + b"lost\n")
        assert seat.wait() == 0
    assert desk.took("typed") == b"last words\n"


@KINDS
def test_other_detach_keys_can_be_chosen_even_ctrl_c(desk: Desk, kind: str) -> None:
    with desk.sit(kind, "--patient", "--keys", "ctrl-c,q") as seat:
        assert desk.ready(seat)
        seat.type(b"\x1d\x1d\n")
        seat.type(b"\x03q")
        assert seat.wait() == 0
    assert "ctrl-c q" in str(desk.ending["why"])
    assert desk.took("typed") == b"\x1d\x1d\n"


def test_on_a_terminal_ctrl_c_is_a_byte(desk: Desk) -> None:
    with desk.sit("pty") as seat:
        assert desk.ready(seat)
        seat.type(b"\x03\x1a\x11\x13\x04\x7f\x00")
        assert processes.until(lambda: len(desk.took("typed")) == 7, LIMIT)
        seat.type(KEYS)
        assert seat.wait() == 0
    assert desk.took("typed") == b"\x03\x1a\x11\x13\x04\x7f\x00"


def test_a_paste_of_100_kib_arrives_whole(desk: Desk) -> None:
    paste = bytes(range(32, 127)) * 1078
    with desk.sit("pty") as seat:
        assert desk.ready(seat)
        seat.type(paste)
        assert processes.until(lambda: desk.took("typed") == paste, LIMIT)
        seat.type(KEYS)
        seat.wait()


def test_without_a_terminal_lines_are_edited_and_echoed_as_usual(desk: Desk) -> None:
    with desk.sit("pipes") as seat:
        assert desk.ready(seat)
        seat.type(b"lx\x7fs -l\r")
        assert processes.until(lambda: desk.took("typed") == b"ls -l\n", LIMIT)
        assert seat.sees(b"lx\b \bs -l\r\n")
        seat.type(b"never mind\x15ok\n")
        assert processes.until(lambda: desk.took("typed") == b"ls -l\nok\n", LIMIT)
        seat.type(b"not sent" + KEYS)
        assert seat.wait() == 0
    assert desk.took("typed") == b"ls -l\nok\n"


def test_without_a_terminal_ctrl_d_ends_the_input_and_nothing_else(desk: Desk) -> None:
    script = "echo ready; cat; echo all read; sleep 60"
    with desk.sit("pipes", program=("sh", "-c", script)) as seat:
        assert desk.ready(seat)
        seat.type(b"text\n\x04")
        assert seat.sees(b"all read")
        seat.type(KEYS)
        assert seat.wait() == 0


def test_without_a_terminal_ctrl_c_detaches(desk: Desk) -> None:
    with desk.sit("pipes") as seat:
        assert desk.ready(seat)
        seat.type(b"\x03")
        assert seat.wait() == 0
        assert seat.modes() == seat.modes_before
    assert desk.ending["signal"] == signal.SIGINT
    assert desk.took("signals") == b""


def test_with_sig_proxy_signals_go_to_the_client(desk: Desk) -> None:
    with desk.sit("pipes", "--sig-proxy") as seat:
        assert desk.ready(seat)
        seat.type(b"\x03")
        assert processes.until(lambda: desk.took("signals") == b"INT\n", LIMIT)
        seat.kill(signal.SIGTERM)
        assert processes.until(lambda: desk.took("signals") == b"INT\nTERM\n", LIMIT)
        seat.type(KEYS)
        assert seat.wait() == 0


@KINDS
def test_who_only_looks_types_nothing_but_the_keys(desk: Desk, kind: str) -> None:
    with desk.sit(kind, "--no-stdin") as seat:
        assert desk.ready(seat)
        seat.type(b"typed\n")
        seat.type(KEYS)
        assert seat.wait() == 0
        assert b"typed" not in seat.shown
    assert desk.took("typed") == b""


@KINDS
def test_who_only_looks_leaves_with_ctrl_c(desk: Desk, kind: str) -> None:
    with desk.sit(kind, "--no-stdin") as seat:
        assert desk.ready(seat)
        seat.type(b"\x03")
        assert seat.wait() == 0
        assert seat.modes() == seat.modes_before
