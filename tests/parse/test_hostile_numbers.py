"""Numbers that no table of ctr's has, and JSON that no program of theirs writes."""

import json

import pytest

from kuke_ctr.errors import Unreadable, UsageError
from kuke_ctr.parse.amounts import memory_in_bytes, quota_of
from kuke_ctr.parse.container_info import parse_container_info
from kuke_ctr.parse.json_text import DEEPEST, read_json
from kuke_ctr.parse.manifest import read_config
from kuke_ctr.parse.metrics import metrics_of
from kuke_ctr.parse.nouns import parser_of
from kuke_ctr.parse.references import children_of
from kuke_ctr.parse.times import from_go
from kuke_ctr.parse.units import size_in_bytes
from kuke_ctr.records import Metrics, Refused

NUMBERS = [
    *(
        "1" * 5000,
        "12²4",
        "١٢",
        "\uff11\uff12",
        "1e5",
        "0x1",
        "-1",
        "+5",
        "1_0",
        "1'000",
        "1" * 400,
    ),
    *("1e400", "inf", "nan", "5.", ".5", ""),
]
ROWS = {
    "tasks": "TASK    PID    STATUS    \nweb    {}    RUNNING",
    "tasks-ps": "PID    INFO\n{}    -",
    "content": "DIGEST\tSIZE\tAGE\tLABELS\nsha256:" + "a" * 64 + "\t{}B\t1 second\t-",
    "snapshots-usage": "KEY    SIZE       INODES    \na      4.0 KiB    {}         ",
    "content-active": "REF\tSIZE\tAGE\t\na\t{}B\t1 second\t",
}
JSON = [
    '{"a":' * 200 + "1" + "}" * 200,
    '{"a":' * 100_000,
    '{"a": ' + "1" * 5000 + "}",
    '{"a": 1e999}',
    '{"a": NaN}',
    '{"a": -Infinity}',
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("noun", ROWS)
def test_a_row_with_such_a_number_is_refused(noun: str, number: str) -> None:
    (row,) = parser_of(noun)(ROWS[noun].format(number).split("\n"))
    assert isinstance(row, Refused)
    assert size_in_bytes(f"{number} KiB") is None
    with pytest.raises(UsageError):
        memory_in_bytes(f"{number}x")


@pytest.mark.parametrize("pid", ["4294967296", "99999999"])
def test_no_process_has_such_a_number(pid: str) -> None:
    for noun in ("tasks", "tasks-ps"):
        (row,) = parser_of(noun)(ROWS[noun].format(pid).split("\n"))
        assert isinstance(row, Refused)


@pytest.mark.parametrize("number", NUMBERS)
def test_metrics_with_such_a_number_are_refused(number: str) -> None:
    table = (
        "ID     TIMESTAMP\nweb    seconds:1 nanos:2\n\nMETRIC          VALUE\n"
        f"pids.current    {number}\npids.limit      7\n"
    )
    if number:
        refused, record = parser_of("tasks-metrics")(table.split("\n"))
        assert isinstance(refused, Refused)
        assert (refused.line, refused.reason) == (5, "its value is not a number")
        assert isinstance(record, Metrics)
        assert (record.processes, record.processes_limit) == (None, 7)
    with pytest.raises(Unreadable, match="`current` in the metrics of web is not a number"):
        metrics_of("web", json.dumps({"pids": {"current": number}}))


@pytest.mark.parametrize("value", [-1, 1 << 64, 2.5, True, [], {}])
def test_a_metric_is_a_number_that_go_has(value: object) -> None:
    for document in ({"pids": {"limit": value}}, {"cpu": {"usage": {"total": value}}}):
        with pytest.raises(Unreadable, match="is not a number"):
            metrics_of("web", json.dumps(document))


TIMES = ["2026-13-01", "2026-00-10", "2026-02-30", "2026-04-31", "2026-11-32", "١٢٣٤-11-24"]
CLOCKS = ["24:00:00", "12:60:00", "12:00:60", "1:00:00", "12:00:00.1234567890"]


@pytest.mark.parametrize(
    "time", [*(f"{day}T12:00:00Z" for day in TIMES), *(f"2026-11-24T{at}Z" for at in CLOCKS)]
)
def test_there_is_no_such_time(time: str) -> None:
    table = "ID    CREATED AT              LABELS    \na     {}    -         "
    (row,) = parser_of("leases")(table.format(time).split("\n"))
    assert isinstance(row, Refused)
    go = f"{time[:-1].replace('T', ' ')} +0000 UTC"
    assert from_go(go) is None
    (event,) = parser_of("events")([f"{go} main /tasks/exit {{}}"])
    assert isinstance(event, Refused)


@pytest.mark.parametrize("cpus", [float("inf"), float("nan"), -1.0, 1e300])
def test_no_such_share_of_processors(cpus: float) -> None:
    with pytest.raises(UsageError):
        quota_of(cpus)


@pytest.mark.parametrize("text", JSON)
def test_such_json_is_refused_by_every_reader(text: str) -> None:
    with pytest.raises(ValueError):
        read_json(text)
    with pytest.raises(Unreadable):
        parse_container_info(text)
    with pytest.raises(Unreadable):
        metrics_of("web", text)
    with pytest.raises(Unreadable):
        list(parser_of("deprecations")([text]))
    line = f"2026-11-23 15:24:39.1 +0000 UTC main /tasks/exit {text}"
    (event,) = parser_of("events")([line])
    assert isinstance(event, Refused)
    assert children_of(text) == []
    assert "it is invalid JSON" in read_config(text.encode()).problems[0]


def test_a_manifest_that_is_too_much_for_us_keeps_what_it_names() -> None:
    digest = "sha256:" + "a" * 64
    deep = '{"layers": [{"digest": "' + digest + '"}], "a": ' + "[" * 200 + "]" * 200 + "}"
    assert [child.digest for child in children_of(deep)] == [digest]


def test_depth_is_counted_and_not_brackets() -> None:
    assert read_json("[" * DEEPEST + "]" * DEEPEST)
    assert read_json('["' + "[" * 500 + '"]')
    assert read_json("[" + "{}," * 500 + "{}]")
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))
