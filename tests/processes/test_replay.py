import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.commands.shared.output import ALOUD
from kuke_ctr.errors import TimeLimit, Unreadable, UsageError
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.player import Player
from kuke_ctr.processes.runner import Processes
from tests.support.recorded import LS, gave, read, recorder, recording
from tests.support.scripts import LIMITS, Script, close

# from a folder


def test_equal_calls_are_answered_in_their_order_and_the_last_again(tmp_path: Path) -> None:
    first = recorder(tmp_path)
    other = Call(("ctr", "version"))
    for text in (b"1", b"2", b"3"):
        first.write(LS, gave(LS, text))
        first.write(other, gave(other, b"v" + text))
    player = Player(tmp_path)
    assert [player.answer(LS).stdout for _ in range(4)] == [b"1", b"2", b"3", b"3"]
    assert player.answer(other).stdout == b"v1"


def test_the_order_is_that_of_the_numbers(tmp_path: Path) -> None:
    for number in (1000, 101, 99):
        (tmp_path / f"{number}-x.json").write_text(recording("ctr", "x", stdout=str(number)))
    (tmp_path / "x.json").write_text(recording("ctr", "x", stdout="by hand"))
    player = Player(tmp_path)
    given = [player.answer(Call(("ctr", "x"))).stdout for _ in range(4)]
    assert given == [b"99", b"101", b"1000", b"by hand"]


def test_an_answer_is_about_the_call_that_was_asked(tmp_path: Path) -> None:
    recorder(tmp_path).write(LS, gave(LS, b"\xff\n", stderr=b"\xfe", exit_code=3, seconds=0.5))
    call = Call(("k3s", "ctr", *LS.argv[1:]))
    assert Player(tmp_path).answer(call) == Result(call.argv, 3, b"\xff\n", b"\xfe", 0.5)


@given(
    words=st.lists(st.binary().map(os.fsdecode), min_size=1, max_size=4),
    stdout=st.binary(),
    stderr=st.binary(),
    exit_code=st.integers(-64, 255),
)
def test_whatever_was_recorded_is_replayed(
    words: list[str], stdout: bytes, stderr: bytes, exit_code: int
) -> None:
    call = Call(("ctr", "-n", "main", "tasks", *words))
    with tempfile.TemporaryDirectory() as folder:
        result = gave(call, stdout, stderr=stderr, exit_code=exit_code)
        recorder(Path(folder)).write(call, result)
        assert Player(Path(folder)).answer(call) == result


def test_a_call_that_was_not_recorded_names_the_nearest(tmp_path: Path) -> None:
    first = recorder(tmp_path)
    for words in (("images", "ls"), ("images", "ls", "-q"), ("tasks", "ls")):
        call = Call(("ctr", "-n", "main", *words))
        first.write(call, gave(call))
    with pytest.raises(Unreadable) as caught:
        Player(tmp_path).answer(Call(("ctr", "-a", "/x.sock", "-n", "main", "task", "ls")))
    assert caught.value.message == (
        f"the recording {tmp_path} does not have the call `ctr -n main task ls`"
    )
    assert caught.value.hint == "the most similar call in it: `ctr -n main tasks ls`"
    assert caught.value.exit_code == 4


def test_a_recorded_output_goes_where_the_call_wants_it(tmp_path: Path) -> None:
    recorder(tmp_path / "r").write(LS, gave(LS, b"REF\n"))
    with (tmp_path / "out").open("wb") as target:
        answer = Player(tmp_path / "r").answer(Call(LS.argv, stdout=target.fileno()))
    assert answer.stdout == b""
    assert (tmp_path / "out").read_bytes() == b"REF\n"


def test_an_output_of_which_only_the_size_is_known_can_not_be_replayed(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as target:
        call = Call(LS.argv, stdout=target.fileno())
        recorder(tmp_path / "r").write(call, gave(call, exit_code=1))
        assert Player(tmp_path / "r").answer(call).exit_code == 1
    with pytest.raises(Unreadable, match="only the size"):
        Player(tmp_path / "r").answer(LS)


def test_a_call_that_timed_out_does_so_again(tmp_path: Path) -> None:
    recorder(tmp_path).write(LS, gave(LS, exit_code=-9), timed_out=True)
    with pytest.raises(TimeLimit):
        Player(tmp_path).answer(LS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "it is broken JSON"),
        ("\udcff", "it is broken JSON"),
        ("[" * 100_000, "it is broken JSON"),
        ("[]", "it is not an object"),
        ("{}", "`argv` is not a list of words"),
        (json.dumps({"argv": []}), "`argv` is not a list of words"),
        (json.dumps({"argv": ["ctr", 1]}), "`argv` is not a list of words"),
        (recording("ctr", stderr=None), "`stderr` is not a text"),
        (json.dumps({"argv": ["ctr"]}), "`stdout` is not a text"),
        (recording("ctr", exit_code="0"), "`exit_code` is not a number"),
        (recording("ctr", exit_code=True), "`exit_code` is not a number"),
        (recording("ctr", exit_code=10**400), "`exit_code` is not a number from -64 to 255"),
        (recording("ctr", exit_code=0)[:-1] + ', "seconds": 1' + "0" * 5000 + "}", "it is broken"),
        (recording("ctr", seconds="long"), "`seconds` is not a number"),
        (recording("ctr", seconds=10**400), "`seconds` is not a number"),
        (recording("ctr", seconds=float("nan")), "`seconds` is not a number"),
        (recording("ctr", timed_out="yes"), "`timed_out` is not true or false"),
        (recording("ctr", sizes=[]), "`sizes` is not an object of numbers"),
        (recording("ctr", sizes={"stdout": "2"}), "`sizes` is not an object of numbers"),
        (recording("ctr", note=1), "`note` is not a text"),
        (recording("ctr", stdout="\ud800"), "`stdout` is not a text"),
    ],
)
def test_a_file_that_is_no_recording_is_named(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "001-x.json"
    path.write_text(content, errors="surrogateescape")
    with pytest.raises(Unreadable) as caught:
        Player(tmp_path)
    assert caught.value.message.startswith(f"{path} is not a recording: {reason}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["argv", "stdout", "stderr", "exit_code", "seconds", "timed_out", "sizes", "note", "tty"]
GOOD = {"argv": ["ctr", "x"], "stdout": "out", "stderr": "", "exit_code": 0}


@given(changed=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3))
def test_whatever_a_file_holds_is_answered_or_refused(changed: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "001-x.json"
        path.write_text(json.dumps({**GOOD, **changed}))
        try:
            answer = Player(Path(name)).answer(Call(("ctr", "x")))
        except (Unreadable, TimeLimit) as error:
            assert str(path) in error.message or set(changed) & {"argv", "sizes", "timed_out"}
        else:
            assert isinstance(answer.stdout, bytes)
            assert -64 <= answer.exit_code <= 255


# in place of processes


def record(folder: Path) -> Processes:
    return Processes(record=recorder(folder))


def replay(folder: Path) -> Processes:
    return Processes(replay=Player(folder))


def test_what_was_recorded_is_replayed_without_any_process(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script('echo "out $1"; echo err >&2; exit 3')
    calls = [Call(("ctr", word)) for word in ("a", "b", "a")]
    processes = record(tmp_path / "r")
    recorded = [*processes.run_all(calls), processes.run(Call(("ctr", "c")))]
    monkeypatch.setenv("PATH", "")
    player = replay(tmp_path / "r")
    replayed = player.run_all([*calls, Call(("ctr", "c"), socket="/no/such")])
    assert [result.stdout for result in replayed] == [
        b"out a\n",
        b"out b\n",
        b"out a\n",
        b"out c\n",
    ]
    for one, other in zip(recorded, replayed, strict=True):
        assert (one.exit_code, one.stdout, one.stderr) == (3, other.stdout, other.stderr)


def test_a_needless_call_is_neither_recorded_nor_missed(script: Script, tmp_path: Path) -> None:
    script('[ "$1" = a ] || sleep 60')
    calls = [Call(("ctr", word), timeout=20) for word in ("b", "a")]
    spares = [lambda i, result: [0] if i == 1 else [], lambda i, result: []]
    assert record(tmp_path / "r").run_needed(calls, spares[0])[0] is None
    assert [one["argv"] for one in read(tmp_path / "r")] == [["ctr", "a"]]
    player = replay(tmp_path / "r")
    b, a = player.run_needed(calls, spares[0])
    assert b is None
    assert a is not None
    with pytest.raises(Unreadable, match="does not have the call `ctr b`"):
        player.run_needed(calls, spares[1])


def test_a_call_that_ran_into_its_limit_does_so_again_in_the_replay(
    script: Script, tmp_path: Path
) -> None:
    script('[ "$1" = a ] || sleep 60')
    for limit in LIMITS:
        calls = [Call(("ctr", word), timeout=limit) for word in ("a", "b")]
        with pytest.raises(TimeLimit) as first:
            record(tmp_path / f"{limit}").run_all(calls)
        if first.value.command == ("ctr", "b"):
            break
    player = replay(tmp_path / f"{limit}")
    assert player.run(calls[0]).exit_code == 0
    with pytest.raises(TimeLimit) as second:
        player.run(calls[1])
    assert first.value.message == second.value.message


def test_a_stream_is_replayed_as_far_as_it_was_read(script: Script, tmp_path: Path) -> None:
    call = script("echo one; echo two; sleep 60")
    stream = record(tmp_path / "closed").stream(call)
    assert [next(stream), next(stream)] == [b"one\n", b"two\n"]
    stream.close()
    player = replay(tmp_path / "closed")
    assert list(player.stream(call)) == [b"one\n", b"two\n"]


def test_a_stream_that_failed_fails_in_the_replay(script: Script, tmp_path: Path) -> None:
    call = script("echo one; echo 'ctr: no events' >&2; exit 1")
    for again in (False, True):
        folder = tmp_path / "r"
        stream = (replay(folder) if again else record(folder)).stream(call)
        assert next(stream) == b"one\n"
        with pytest.raises(StopIteration) as end:
            next(stream)
        assert (end.value.value.exit_code, end.value.value.stderr) == (1, b"ctr: no events\n")


def test_pipes_are_recorded_without_what_flowed(script: Script, tmp_path: Path) -> None:
    pipes = record(tmp_path / "r").open_pipes(script("read secret; echo $secret; exit 2"))
    os.write(pipes.stdin, b"secret\n")
    pipes.wait(20)
    close(pipes.stdin, pipes.stdout, pipes.stderr)
    (file,) = (tmp_path / "r").iterdir()
    text = file.read_text()
    assert "secret" not in text
    assert '"exit_code": 2' in text


def test_a_replay_is_traced_like_a_run(
    script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = script("exit 2")
    record(tmp_path / "r").run(call)
    Processes(replay=Player(tmp_path / "r"), trace=2, tell=ALOUD).run(call)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "+ ctr -n main images ls"
    assert second.endswith("exit 2]")


def test_pipes_are_not_replayed(script: Script, tmp_path: Path) -> None:
    record(tmp_path / "r").run(script("true"))
    with pytest.raises(UsageError):
        replay(tmp_path / "r").open_pipes(script("true"))
