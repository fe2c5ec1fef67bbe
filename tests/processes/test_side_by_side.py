"""Calls that run side by side: how many, in which order, and what ends them."""

import os
import select
import time
from collections.abc import Collection, Iterable
from pathlib import Path

import pytest

import kuke_ctr.processes.runner
from kuke_ctr.errors import Interrupted, TimeLimit
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.child import Child, wait_for_one
from kuke_ctr.processes.runner import AT_ONCE, Processes
from tests.support.scripts import LIMITS, Script, gone, pid_in, quoted, written

pytestmark = pytest.mark.usefixtures("leaves_nothing")


def test_results_stand_in_the_order_of_the_calls(script: Script) -> None:
    script('[ "$1" = 0 ] && sleep 0.1; echo "$1"; exit "$1"')
    results = Processes().run_all([Call(("ctr", str(i))) for i in range(12)])
    assert [result.stdout for result in results] == [b"%d\n" % i for i in range(12)]
    assert [result.exit_code for result in results] == list(range(12))


def test_calls_really_run_side_by_side(script: Script, tmp_path: Path) -> None:
    here = quoted(tmp_path)
    script(f'touch {here}/"$1"; until [ -e {here}/"$2" ]; do sleep 0.01; done')
    calls = [Call(("ctr", *words), timeout=20) for words in (("a", "b"), ("b", "a"))]
    assert [result.exit_code for result in Processes().run_all(calls)] == [0, 0]


def test_at_most_eight_run_at_once(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []

    def counting(children: Collection[Child], until: float, also: Iterable[int]) -> None:
        counts.append(len(children))
        wait_for_one(children, until, also)

    monkeypatch.setattr(kuke_ctr.processes.runner, "wait_for_one", counting)
    Processes().run_all([script("sleep 0.05")] * 20)
    assert max(counts) == AT_ONCE == 8


def test_one_that_hangs_ends_the_others(script: Script, tmp_path: Path) -> None:
    script(f'echo $$ > {quoted(tmp_path)}/"$1"; sleep 60')
    for limit in LIMITS:
        calls = [Call(("ctr", "a"), timeout=None), Call(("ctr", "b"), timeout=limit)]
        with pytest.raises(TimeLimit) as caught:
            Processes().run_all(calls)
        assert caught.value.command == ("ctr", "b")
        if written(tmp_path / "a") and written(tmp_path / "b"):
            break
    assert gone(pid_in(tmp_path / "a"))
    assert gone(pid_in(tmp_path / "b"))


def test_one_that_is_late_may_be_a_result_beside_the_others(script: Script) -> None:
    call = script('[ "$1" = slow ] && sleep 60; echo x')
    limits = {"slow": 1.0, "quick": 20.0}
    calls = [call._replace(argv=("ctr", word), timeout=limits[word]) for word in limits]
    begun = time.monotonic()
    slow, quick = Processes().run_all(calls, late_too=True)
    assert (slow.exit_code, slow.stdout) == (-9, b"")
    assert (quick.exit_code, quick.stdout) == (0, b"x\n")
    for result in (slow, quick):
        assert begun < result.ended < time.monotonic()


def test_the_user_may_end_the_calls(script: Script, tmp_path: Path) -> None:
    pid, news = tmp_path / "pid", tmp_path / "news"
    os.mkfifo(news)
    descriptor = os.open(news, os.O_RDWR)
    call = script(f"echo $$ >{quoted(pid)}; echo >{quoted(news)}; sleep 60")
    processes = Processes()

    def heed() -> list[int]:
        if select.select([descriptor], [], [], 0)[0]:
            raise KeyboardInterrupt
        return [descriptor]

    processes.heed = heed
    with pytest.raises(Interrupted):
        processes.run_all([call])
    os.close(descriptor)
    assert gone(pid_in(pid))


def test_no_calls_give_no_results() -> None:
    assert Processes().run_all([]) == []


def test_a_needless_call_is_ended_or_not_started(script: Script, tmp_path: Path) -> None:
    here = quoted(tmp_path)
    script(
        f'echo $$ > {here}/"$1"; [ "$1" = 1 ] || sleep 60; '
        f"until [ -s {here}/0 ]; do sleep 0.01; done"
    )
    calls = [Call(("ctr", str(number)), timeout=20) for number in range(AT_ONCE + 3)]
    heard: list[tuple[int, int]] = []

    def all_others(i: int, result: Result) -> range:
        heard.append((i, result.exit_code))
        return range(len(calls))

    results = Processes().run_needed(calls, all_others)
    assert heard == [(1, 0)]
    assert [i for i, result in enumerate(results) if result is not None] == [1]
    started = {path.name for path in tmp_path.iterdir() if path.name.isdecimal()}
    assert {"0", "1"} <= started
    assert f"{AT_ONCE}" not in started
    assert gone(pid_in(tmp_path / "0"))


def test_what_is_asked_beside_runs_with_the_next_calls_and_answers_once(
    script: Script, tmp_path: Path
) -> None:
    here = quoted(tmp_path)
    script(
        f'echo "$1" >>{here}/ran; touch {here}/"$1"; until [ -e {here}/"$2" ]; do sleep 0.01; done;'
        ' echo "$1"'
    )
    now, later = (Call(("ctr", *words), timeout=20) for words in (("a", "b"), ("b", "a")))
    processes = Processes()
    processes.ask_beside([later])
    assert [result.stdout for result in processes.run_all([now])] == [b"a\n"]
    assert processes.run(later).stdout == b"b\n"
    assert sorted((tmp_path / "ran").read_text().split()) == ["a", "b"]
    assert processes.run(later).stdout == b"b\n"
    assert sorted((tmp_path / "ran").read_text().split()) == ["a", "b", "b"]


def test_a_dry_run_asks_nothing_beside(script: Script, tmp_path: Path) -> None:
    call = script(f"touch {quoted(tmp_path)}/ran")
    processes = Processes(dry_run=True)
    processes.ask_beside([call])
    assert processes.run(call).planned
    assert not (tmp_path / "ran").exists()
