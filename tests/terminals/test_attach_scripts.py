"""Attachments that a script types at: it waits for what it expects, and answers."""

import signal

from tests.support.desk import KINDS, Desk

ASKING = "printf 'name: '; read name; echo \"hello $name\"; read end; exit 5"


@KINDS
def test_a_script_waits_and_answers(desk: Desk, kind: str) -> None:
    options = ("--expect", "name: $", "--send", "me\n", "--expect", "hello m.")
    done = desk.run(kind, *options, program=("sh", "-c", ASKING))
    assert (done.returncode, desk.ending["seen"]) == (0, b"hello me")
    assert done.stdout.startswith(b"name: hello me")


@KINDS
def test_what_a_script_sends_last_arrives(desk: Desk, kind: str) -> None:
    options = ("--patient", "--expect", "ready", "--send", "last words\n")
    assert desk.run(kind, *options, program=desk.listener).returncode == 0
    assert desk.took("typed") == b"last words\n"


@KINDS
def test_a_script_that_waits_in_vain_tells_what_it_saw(desk: Desk, kind: str) -> None:
    done = desk.run_in_time(kind, "--expect", "nome: ", program=("sh", "-c", ASKING))
    assert (done.returncode, desk.ending["seen"]) == (124, b"name: ")


@KINDS
def test_a_script_whose_task_ends_first_has_not_seen_it(desk: Desk, kind: str) -> None:
    done = desk.run(kind, "--expect", "never", program=("sh", "-c", "echo other; exit 5"))
    assert (done.returncode, desk.ending["status"]) == (124, 5)
    assert desk.ending["seen"] == b"other\n"


@KINDS
def test_a_script_finds_what_stands_across_a_flood(desk: Desk, kind: str) -> None:
    flood = "head -c 3000000 /dev/zero | tr '\\0' x; printf needle; sleep 60"
    options = ("--expect", "xneedle", "--timeout", "60")
    done = desk.run(kind, *options, program=("sh", "-c", flood))
    assert (done.returncode, desk.ending["seen"]) == (0, b"xneedle")
    assert len(done.stdout) == 3000006


def test_a_script_that_is_interrupted_says_so(desk: Desk) -> None:
    with desk.sit("pty", "--expect", "never") as seat:
        assert seat.sees(b"ready")
        assert seat.modes() == seat.modes_before
        seat.kill(signal.SIGINT)
        assert seat.wait() == 130
