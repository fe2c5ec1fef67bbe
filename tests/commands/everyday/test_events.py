"""How a wait for an event ends."""

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr

Capture = pytest.CaptureFixture[str]
WORDS = ("-n", "kukeon-main", "events", "namespace==kukeon-main")


@pytest.fixture
def host(fake_ctr: FakeCtr) -> FakeCtr:
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\n")
    fake_ctr.answer(*WORDS, first="sleep 20")
    return fake_ctr


@pytest.mark.parametrize(("limit", "within"), [("1", "1 second"), ("0.5", "0.5 seconds")])
def test_a_topic_that_does_not_come_is_told_and_nobody_says_that_the_daemon_hangs(
    host: FakeCtr, capsys: Capture, limit: str, within: str
) -> None:
    assert main(["events", "-r", "main", "--until", "zzz", "--timeout", limit]) == 124
    assert capsys.readouterr().err == (
        f"kuke-ctr: no event with a topic that matches 'zzz' came within {within}\n"
        f"ran: env ctr {' '.join(WORDS)}\n"
    )


def test_a_time_limit_without_a_topic_is_the_end_that_was_asked_for(
    host: FakeCtr, capsys: Capture
) -> None:
    assert main(["events", "-r", "main", "--timeout", "0.5"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", ["table", "jsonl"])
def test_a_failure_is_the_one_that_every_command_has_and_no_header_stands_before_it(
    host: FakeCtr, capsys: Capture, form: str
) -> None:
    denied = "ctr: failed to dial: dial unix /run/x.sock: connect: permission denied\n"
    host.answer(*WORDS, stderr=denied, exit_code=1)
    host.answer("-n", "kukeon-main", "tasks", "ls", stderr=denied, exit_code=1)
    assert main(["tasks", "ls", "-r", "main"]) == 126
    known = capsys.readouterr()
    assert main(["events", "-r", "main", "--timeout", "20", "-o", form]) == 126
    said = capsys.readouterr()
    assert (said.out, known.out) == ("", "")
    assert "hint: " in said.err
    assert said.err.splitlines()[:-1] == known.err.splitlines()[:-1]  # the last one is the command


def test_without_events_there_is_a_header_in_the_end(host: FakeCtr, capsys: Capture) -> None:
    assert main(["events", "-r", "main", "--timeout", "0.5"]) == 0
    assert capsys.readouterr().out.split() == ["AT", "TOPIC", "SUBJECT"]


def test_an_answer_that_does_not_come_is_one_short_sentence_and_the_command(
    host: FakeCtr, capsys: Capture
) -> None:
    host.answer("-n", "kukeon-main", "tasks", "ls", first="sleep 20")
    assert main(["tasks", "ls", "-r", "main", "--timeout", "1"]) == 124
    said, hint, ran = capsys.readouterr().err.splitlines()
    assert said == "kuke-ctr: ctr did not answer within 1 second"
    assert "--timeout" in hint
    assert ran == "ran: env ctr -n kukeon-main tasks ls"
