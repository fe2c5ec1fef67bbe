"""Answers in memory: a command runs again and again, and gets further each time."""

from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.errors import TimeLimit, UsageError
from kuke_ctr.processes.answers import Answers, Wanted, recorded_of
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.player import Player
from kuke_ctr.processes.runner import Processes
from tests.support.recorded import gave, recorder


def call(*words: str) -> Call:
    return Call(("ctr", *words))


def result(text: str, *words: str) -> Result:
    return Result(("ctr", *words), 0, text.encode(), b"", 0.0)


def wanted_by(processes: Processes, *calls: Call) -> tuple[Call, ...]:
    with pytest.raises(Wanted) as raised:
        processes.run_all(calls)
    return raised.value.calls


def test_calls_that_are_made_together_are_wanted_together() -> None:
    answers = Answers()
    processes = Processes(replay=answers)
    one, other = call("images", "ls"), call("images", "ls", "-q")
    assert wanted_by(processes, one, other) == (one, other)
    answers.add(other, result("b"))
    answers.add(one, result("a"))
    answers.begin()
    assert [each.stdout for each in processes.run_all([one, other])] == [b"a", b"b"]


def test_equal_calls_have_an_answer_each_in_their_order() -> None:
    answers = Answers()
    processes = Processes(replay=answers)
    same = call("images", "ls")
    assert wanted_by(processes, same, same) == (same, same)
    answers.add(same, result("a"))
    answers.add(same, result("b"))
    answers.begin()
    assert [each.stdout for each in processes.run_all([same, same])] == [b"a", b"b"]
    assert wanted_by(processes, same) == (same,)
    answers.add(same, result("c"))
    answers.begin()
    processes.run_all([same, same])
    assert processes.run(same).stdout == b"c"


def test_a_command_without_an_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kuke_ctr.processes.answers._MOST", 10)
    answers = Answers()
    processes = Processes(replay=answers)
    with pytest.raises(RuntimeError, match="ever more answers"):
        for number in range(20):
            assert wanted_by(processes, call(str(number)))
            answers.add(call(str(number)), result("a"))


def test_a_call_that_was_late_is_a_time_limit_or_a_result() -> None:
    answers = Answers()
    processes = Processes(replay=answers)
    answers.add(call("version"), None)
    with pytest.raises(TimeLimit):
        processes.run(call("version"))
    answers.begin()
    (late,) = processes.run_all([call("version")], late_too=True)
    assert late.exit_code == -9


def test_output_for_a_descriptor_goes_there(tmp_path) -> None:  # type: ignore[no-untyped-def]
    answers = Answers()
    answers.add(call("version"), result("text"))
    with (tmp_path / "out").open("wb") as file:
        to_file = Call(("ctr", "version"), stdout=file.fileno())
        assert Processes(replay=answers).run(to_file).stdout == b""
    assert (tmp_path / "out").read_text() == "text"


def test_a_file_of_this_host_is_not_sent() -> None:
    with pytest.raises(UsageError, match="reads a file of this host"):
        Processes(replay=Answers()).run(Call(("ctr", "import", "-"), stdin=0))


def test_under_a_dry_run_only_probes_are_wanted() -> None:
    planned: list[str] = []
    processes = Processes(replay=Answers(), dry_run=True)
    processes.tell = processes.tell._replace(planned=planned.append)
    probe = Call(("ctr", "namespaces", "ls", "-q"), probe=True)
    assert wanted_by(processes, call("images", "ls"), probe) == (probe,)
    processes.run(call("images", "ls"))
    assert planned == ["ctr images ls"]


def test_a_client_wants_what_it_asks_side_by_side_together() -> None:
    ctr = Ctr(Processes(replay=Answers()), ("ctr",), None, None, 20.0, lambda text: None)
    calls = [call("containers", "info", name) for name in "abc"]
    with pytest.raises(Wanted) as raised:
        ctr.answers(calls)
    assert raised.value.calls == tuple(calls)


def test_a_recording_may_lack_some_of_them(tmp_path: Path) -> None:
    first, other = call("images", "ls"), call("images", "ls", "-q")
    recorder(tmp_path).write(other, gave(other, b"text"))
    processes = Processes(replay=Player(tmp_path))
    assert [said and said.stdout for said in recorded_of(processes, [first, other])] == [
        None,
        b"text",
    ]
    assert recorded_of(processes, [first]) == [None]
    assert recorded_of(processes, []) == []
