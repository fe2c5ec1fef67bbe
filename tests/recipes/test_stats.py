"""What containers use: the arithmetic, and looks at containers that come, go and hang."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.errors import CtrFailed
from kuke_ctr.parse.metrics import metrics_of
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.meanwhile import Meanwhile
from kuke_ctr.processes.proc import Traffic
from kuke_ctr.processes.runner import Processes
from kuke_ctr.recipes import stats
from kuke_ctr.recipes.stats import Look, Looker, Pace, cpu_percent, memory_of, stats_of
from kuke_ctr.records import Metrics
from tests.support.paths import FIXTURES
from tests.support.runtime_host import tasks_table

AT = datetime(2026, 11, 27, 8, 0, 0, 123456, timezone(timedelta(hours=1)))
VERSIONS = ("1.4.13", "1.6.20", "1.7.24", "2.1.9")

V2 = {
    "pids": {"current": 4, "limit": (1 << 64) - 1},
    "cpu": {"usage_usec": 62_090},
    "memory": {"usage": 8_000_000, "inactive_file": 3_000_000, "usage_limit": 20_000_000},
    "io": {"usage": [{"rbytes": 100, "wbytes": 7}]},
}


def of_document(document: object) -> Metrics:
    return metrics_of("web", json.dumps(document))


@pytest.mark.parametrize(
    ("before", "now", "seconds", "percent"),
    [
        (0, 1_000_000_000, 1.0, 100.0),
        (5_000_000_000, 9_000_000_000, 2.0, 200.0),
        (7, 7, 1.0, 0.0),
        (0, 123_456_789, 1.5, 8.23),
        (9, 8, 1.0, None),
        (0, 5, 0.0, None),
        (0, 5, -1.0, None),
        (None, 5, 1.0, None),
        (5, None, 1.0, None),
    ],
)
def test_cpu_is_the_share_of_one_processor(
    before: int | None, now: int | None, seconds: float, percent: float | None
) -> None:
    assert cpu_percent(before, now, seconds) == percent


def test_memory_is_without_what_the_kernel_takes_back() -> None:
    assert memory_of(of_document(V2)) == 5_000_000
    little = {"memory": {"usage": 5, "inactive_file": 6, "usage_limit": 9}}
    assert memory_of(of_document(little)) == 5
    assert memory_of(of_document({})) is None
    first = {"memory": {"usage": {"usage": 900}, "total_inactive_file": 200}}
    assert memory_of(of_document(first)) == 700


@pytest.mark.parametrize("version", VERSIONS)
def test_the_metrics_of_each_version_give_values(version: str) -> None:
    path = FIXTURES / version / "store/010-tasks-metrics-json.json"
    metrics = metrics_of("web", json.loads(path.read_text())["stdout"])
    assert metrics.cpu_usage_ns is not None
    later = metrics.model_copy(update={"cpu_usage_ns": metrics.cpu_usage_ns + 250_000_000})
    before, now = Look(5.0, 7, "RUNNING", metrics), Look(6.0, 7, "RUNNING", later)
    found = stats_of("web", now, before, at=AT)
    assert (found.cpu_percent, found.processes, found.memory_limit_bytes) == (25.0, 3, None)
    assert found.memory_bytes == metrics.memory_usage_bytes
    assert found.memory_percent is None


def test_a_row_has_what_was_found() -> None:
    look = Look(5.0, 7, "RUNNING", of_document(V2), Traffic(11, 22))
    found = stats_of("web", look, None, at=AT).model_dump(exclude={"host", "realm", "extra"})
    assert found == {
        "id": "web",
        "at": "2026-11-27T07:00:00.123Z",
        "status": "RUNNING",
        "cpu_percent": None,
        "memory_bytes": 5_000_000,
        "memory_limit_bytes": 20_000_000,
        "memory_percent": 25.0,
        "processes": 4,
        "processes_limit": None,
        "io_read_bytes": 100,
        "io_write_bytes": 7,
        "network_received_bytes": 11,
        "network_sent_bytes": 22,
        "problem": None,
    }


def test_another_task_of_the_same_name_begins_anew() -> None:
    metrics = of_document(V2)
    before, now = Look(5.0, 7, "RUNNING", metrics), Look(6.0, 8, "RUNNING", metrics)
    assert stats_of("web", now, before, at=AT).cpu_percent is None
    assert stats_of("web", replace(now, pid=7), before, at=AT).cpu_percent == 0.0
    assert stats_of("web", replace(now, metrics=None), before, at=AT).cpu_percent is None


class Answering(Processes):
    """Answers without a process; notes the calls, and which limits they have."""

    def __init__(self, answers: dict[str, Result | str]) -> None:
        super().__init__()
        self.answers = answers
        self.asked: list[tuple[str, float | None]] = []

    def run_all(
        self,
        calls: Sequence[Call],
        meanwhile: Meanwhile | None = None,
        *,
        late_too: bool = False,
    ) -> list[Result]:
        results = []
        for call in calls:
            words = " ".join(call.argv[3:]).replace("--format json ", "")
            self.asked.append((words, call.timeout))
            assert late_too == words.startswith("tasks metrics")
            answer = self.answers[words]
            if isinstance(answer, str):
                answer = Result(call.argv, 0, answer.encode(), b"", 0.1, ended=9.0)
            results.append(answer._replace(argv=call.argv))
        return results


def looker(answers: dict[str, Result | str], chosen: Sequence[str] | None = None) -> Looker:
    ctr = Ctr(Answering(answers), ("ctr",), None, None, 60.0, lambda text: None)
    return Looker(ctr, ["main"], chosen, here=False)


def failed(stderr: str, code: int = 1) -> Result:
    return Result((), code, b"", stderr.encode(), 0.1)


TASKS = tasks_table(
    ("web", "RUNNING"), ("ended", "STOPPED"), ("mute", "UNKNOWN"), ("frozen", "PAUSED")
)


def test_all_that_runs_is_asked_once_with_a_short_limit() -> None:
    metrics = json.dumps(V2)
    answers: dict[str, Result | str] = {
        "tasks ls": TASKS,
        "tasks metrics web": metrics,
        "tasks metrics frozen": failed("", -9),
    }
    looks = looker(answers)
    found = looks.look()
    assert [name for _, name in found] == ["frozen", "mute", "web"]
    assert found["main", "web"].metrics == of_document(V2)
    assert found["main", "web"].at == 9.0
    assert found["main", "frozen"].problem == "no metrics within 5 seconds"
    assert found["main", "mute"].problem == "its shim does not answer"
    processes = looks._ctr.processes
    assert isinstance(processes, Answering)
    limits = {"tasks ls": 60.0, "tasks metrics web": 5.0, "tasks metrics frozen": 5.0}
    assert dict(processes.asked) == limits
    assert len(processes.asked) == 3


def test_what_goes_between_two_calls_vanishes_unless_it_was_named() -> None:
    gone = failed('ctr: container "web" in namespace "main": not found\n')
    answers: dict[str, Result | str] = {
        "tasks ls": tasks_table(("web", "RUNNING")),
        "tasks metrics web": gone,
    }
    assert looker(answers).look() == {}
    found = looker(answers, ["web", "other"]).look()
    assert {name: look.problem for (_, name), look in found.items()} == {
        "web": "no task",
        "other": "no task",
    }


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("[]", "the metrics of web are not a JSON object"),
        (failed("ctr: something else: unknown\n"), "ctr: something else"),
    ],
)
def test_metrics_that_fail_are_a_problem_of_one_row(answer: Result | str, problem: str) -> None:
    answers: dict[str, Result | str] = {
        "tasks ls": tasks_table(("web", "RUNNING"), ("db", "RUNNING")),
        "tasks metrics web": answer,
        "tasks metrics db": json.dumps(V2),
    }
    found = looker(answers).look()
    assert found["main", "web"].problem == problem
    row = stats_of("web", found["main", "web"], None, at=datetime.now(UTC))
    assert (row.cpu_percent, row.memory_bytes, row.processes) == (None, None, None)
    assert found["main", "db"].problem is None


def test_a_list_that_fails_is_an_error() -> None:
    with pytest.raises(CtrFailed):
        looker({"tasks ls": failed("ctr: broken\n")}).look()


@pytest.mark.parametrize(
    ("given", "used", "interval"),
    [(None, 0.1, 1.0), (None, 1.0, 2.5), (3.0, 9.0, 3.0), (0.5, 0.0, 0.5)],
)
def test_looks_are_so_far_apart_that_they_use_little(
    monkeypatch: pytest.MonkeyPatch, given: float | None, used: float, interval: float
) -> None:
    spent = itertools.count(0.0, used)
    monkeypatch.setattr(stats, "_processor_time", lambda: next(spent))
    monkeypatch.setattr("kuke_ctr.recipes.stats.time.monotonic", lambda: 100.0)
    pace = Pace(given)
    times = [pace.next() for _ in range(3)]
    assert times == [100.0 + interval, 100.0 + 2 * interval, 100.0 + 3 * interval]
    assert pace.interval == interval


def test_a_look_that_took_too_long_is_not_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 107.0, 107.5])
    monkeypatch.setattr("kuke_ctr.recipes.stats.time.monotonic", lambda: next(clock))
    monkeypatch.setattr(stats, "_processor_time", lambda: 0.0)
    pace = Pace(2.0)
    assert [pace.next(), pace.next()] == [107.0, 109.0]
