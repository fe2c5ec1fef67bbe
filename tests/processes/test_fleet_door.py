"""The engine of a fleet: real processes (sh), no hosts."""

import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from kuke_ctr.errors import CtrMissing, Interrupted, KukeCtrError, UsageError
from kuke_ctr.processes.answers import Answer
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.child import Child
from kuke_ctr.processes.clock import FOREVER
from kuke_ctr.processes.door import start_light
from kuke_ctr.processes.fleet_door import folded, names_of, run_all
from kuke_ctr.processes.runner import Processes


class Steps:
    """Work in steps: each is some calls; what they gave is kept."""

    def __init__(self, *steps: Sequence[str], until: float = FOREVER, limit: float = 20.0) -> None:
        self._steps = list(steps)
        self._limit = limit
        self.until = until
        self.said: list[bytes | None] = []
        self.done_at = 0.0

    def go_on(self) -> Sequence[Call]:
        if not self._steps:
            self.done_at = time.monotonic()
            return ()
        lines = self._steps.pop(0)
        return [Call(("/bin/sh", "-c", line), timeout=self._limit) for line in lines]

    def answered(self, call: Call, result: Answer) -> None:
        assert not isinstance(result, KukeCtrError)
        self.said.append(None if result is None else result.stdout)


def test_each_host_goes_its_own_way_to_its_end() -> None:
    one, other, none = Steps(["echo a", "echo b"], ["echo c"]), Steps(["printf x"]), Steps()
    run_all([one, other, none], Processes(), 8)
    assert sorted(one.said[:2], key=str) == [b"a\n", b"b\n"]
    assert one.said[2] == b"c\n"
    assert other.said == [b"x"]
    assert none.done_at > 0


def test_a_slow_host_holds_up_nobody() -> None:
    slow, quick = Steps(["sleep 0.6"]), [Steps(["echo a"], ["echo b"]) for _ in range(4)]
    run_all([slow, *quick], Processes(), 2)
    assert all(each.done_at < slow.done_at for each in quick)


def test_never_more_processes_than_the_fanout(tmp_path: Path) -> None:
    line = f"echo $$ > {tmp_path}/$$; ls {tmp_path} | wc -l; sleep 0.05; rm {tmp_path}/$$"
    works = [Steps([line] * 4) for _ in range(5)]
    run_all(works, Processes(), 3)
    seen = [int(said) for work in works for said in work.said if said]
    assert len(seen) == 20
    assert 1 < max(seen) <= 3


def test_a_call_that_is_late_is_ended_and_the_host_goes_on() -> None:
    work = Steps(["sleep 30; echo late"], ["echo b"], limit=0.2)
    begun = time.monotonic()
    run_all([work], Processes(), 2)
    assert work.said == [None, b"b\n"]
    assert time.monotonic() - begun < 10


def test_a_host_whose_time_is_over_gets_no_answer_any_more() -> None:
    work = Steps(["sleep 30"], ["sleep 30"], until=time.monotonic() + 0.2)
    begun = time.monotonic()
    run_all([work], Processes(), 2)
    assert work.said == [None, None]
    assert time.monotonic() - begun < 10


def test_waiting_for_room_is_no_part_of_the_time_limit() -> None:
    works = [Steps(["sleep 0.3; echo a"], limit=2.0) for _ in range(3)]
    run_all(works, Processes(), 1)
    assert [work.said for work in works] == [[b"a\n"]] * 3


def test_ctrl_c_ends_every_process(tmp_path: Path) -> None:
    works = [Steps([f"echo $$ > {tmp_path}/{index}; exec sleep 60"]) for index in range(4)]

    def press() -> None:
        while len([path for path in tmp_path.iterdir() if path.read_text()]) < 4:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(Interrupted):
        run_all(works, Processes(), 8)
    pids = [int(path.read_text()) for path in tmp_path.iterdir()]
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert [work.said for work in works] == [[]] * 4


def test_ctrl_c_in_the_moment_of_a_start_ends_what_was_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[Child] = []

    def pressed(
        call: Call, program: str, streams: tuple[int, int, int], blocked: set[int]
    ) -> Child:
        started.append(start_light(call, program, streams, blocked))
        signal.raise_signal(signal.SIGINT)
        return started[-1]

    monkeypatch.setattr("kuke_ctr.processes.fleet_door.start_light", pressed)
    with pytest.raises(Interrupted):
        run_all([Steps(["exec sleep 60"])], Processes(), 8)
    assert [child.exit_code for child in started] == [-signal.SIGKILL]


def test_what_a_work_raises_ends_every_process(tmp_path: Path) -> None:
    class Raises(Steps):
        def answered(self, call: Call, result: Answer) -> None:
            raise BrokenPipeError

    sleeps = Steps([f"echo $$ > {tmp_path}/pid; exec sleep 60"])
    with pytest.raises(BrokenPipeError):
        run_all([sleeps, Raises([f"until [ -s {tmp_path}/pid ]; do :; done"])], Processes(), 8)
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


def test_what_cannot_be_started_is_the_answer_of_its_host_alone() -> None:
    class Missing(Steps):
        def go_on(self) -> Sequence[Call]:
            return [Call(("/no/such/ctr",)), *super().go_on()]

        def answered(self, call: Call, result: Answer) -> None:
            errors.append(result)
            self.go_on = tuple  # type: ignore[method-assign]

    errors: list[Answer] = []
    other = Steps(["echo a"], ["echo b"])
    run_all([Missing(), other, Missing()], Processes(), 8)
    assert [type(error) for error in errors] == [CtrMissing] * 2
    assert other.said == [b"a\n", b"b\n"]


def test_a_second_fleet_in_the_same_process() -> None:
    for _ in range(2):
        work = Steps(["echo a"])
        run_all([work], Processes(), 1)
        assert work.said == [b"a\n"]


def test_no_descriptor_is_left_open() -> None:
    run_all([Steps(["echo a"])], Processes(), 1)
    before = len(list(Path("/proc/self/fd").iterdir()))
    run_all([Steps(["echo a", "sleep 5"], limit=0.1) for _ in range(3)], Processes(), 2)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web3", ("web3",)),
        ("web[1-3]", ("web1", "web2", "web3")),
        ("web[08-10],db", ("db", "web08", "web09", "web10")),
        ("b,a,b", ("a", "b")),
        ("web[1-5]!web[2-4]", ("web1", "web5")),
        ("n[1-2].x.org", ("n1.x.org", "n2.x.org")),
    ],
)
def test_a_node_set_is_names(text: str, names: Sequence[str]) -> None:
    assert set(names_of(text)) == set(names)


@pytest.mark.parametrize("text", ["web[1-", "web[3-1]", "@nosuchgroup", ",", "web[1-3]!web[1-3]"])
def test_a_text_that_names_no_host_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--hosts"):
        names_of(text)


def test_names_are_folded() -> None:
    assert folded(["web1"]) == "web1"
    assert folded(["web1", "web3", "web2", "db"]) == "db,web[1-3]"


def test_a_fanout_beyond_the_open_files_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="open files"):
        run_all([], Processes(), 10_000_000)
