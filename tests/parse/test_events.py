"""Events, versions, deprecations, metrics: what is no table, or hardly one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.deprecations import parse_deprecations
from kuke_ctr.parse.events import parse_event
from kuke_ctr.parse.metrics import metrics_of, parse_metrics
from kuke_ctr.parse.times import from_go
from kuke_ctr.parse.version import parse_version
from kuke_ctr.records import Event, Metrics, Refused, Version

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
LINE = '2026-11-23 15:24:39.117114482 +0000 UTC kukeon-main {} {{"{}":"web"}}'
UNLIMITED_V1, UNLIMITED_V2 = 9223372036854771712, 18446744073709551615


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.booleans())
def test_whatever_an_event_says_comes_back(said: dict[str, object], plain: bool) -> None:
    text = json.dumps(said, ensure_ascii=plain)
    line = f"2026-11-23 15:24:39.1 +0000 UTC kukeon-main /tasks/start {text}"
    event = parse_event(line)
    assert isinstance(event, Event)
    assert event.event == said
    assert (event.at, event.namespace) == ("2026-11-23T15:24:39.1Z", "kukeon-main")


@pytest.mark.parametrize("key", ["container_id", "id", "name", "key", "digest"])
def test_an_event_has_a_subject(key: str) -> None:
    event = parse_event(LINE.format("/x/y", key))
    assert isinstance(event, Event)
    assert event.subject == "web"


def test_the_container_is_the_subject_of_a_process_that_ended() -> None:
    line = '2026-11-23 15:24:39 +0000 UTC n /tasks/exit {"container_id":"web","id":"job","pid":7}'
    event = parse_event(line)
    assert isinstance(event, Event)
    assert event.subject == "web"


def test_an_event_without_a_payload_is_one() -> None:
    event = parse_event("2026-11-23 15:24:39 +0000 UTC n /some/topic ")
    assert isinstance(event, Event)
    assert (event.topic, event.event, event.subject) == ("/some/topic", {}, None)


@pytest.mark.parametrize(
    "line",
    [
        'time="2026-11-23T15:24:39Z" level=warning msg="something"',
        "2026-11-23 15:24:39 +0000 UTC n topic-without-slash {}",
        "2026-11-23 15:24:39 +0000 UTC n /t {not json}",
        "2026-11-23 15:24:39 +0000 UTC n /t [1]",
        "yesterday n /t {}",
    ],
)
def test_a_line_that_is_no_event_is_refused_with_its_number(line: str) -> None:
    found = parse_event(line, 2)
    assert isinstance(found, Refused)
    assert (found.line, found.text) == (2, line)


@pytest.mark.parametrize(
    ("go", "iso"),
    [
        ("2026-11-23 15:24:39.5 +0000 UTC", "2026-11-23T15:24:39.5Z"),
        ("2026-11-23 15:24:39 +0530 IST", "2026-11-23T15:24:39+05:30"),
        ("0001-01-01 00:00:00 +0000 UTC", "0001-01-01T00:00:00Z"),
        ("2026-11-23 15:24:39 -0300 -03", "2026-11-23T15:24:39-03:00"),
        ("2026-11-23", None),
    ],
)
def test_go_times_become_iso(go: str, iso: str | None) -> None:
    assert from_go(go) == iso


VERSION = """Client:
  Version:  2.1.9+unknown
  Revision: {}
  Go version: go1.27.1

Server:
  Version:  1.6.20
  Revision: abc
  UUID: 1-2-3
"""


def test_client_and_server_have_their_versions() -> None:
    found = list(parse_version(VERSION.format("").split("\n")))
    client, server = found
    assert client == Version(
        program="ctr", version="2.1.9+unknown", revision=None, go_version="go1.27.1", uuid=None
    )
    assert server == Version(
        program="containerd", version="1.6.20", revision="abc", go_version=None, uuid="1-2-3"
    )


def test_a_line_of_no_version_is_refused() -> None:
    found = list(parse_version(["Client:", "  Version: 1", "  Colour: blue"]))
    assert [type(one) for one in found] == [Refused, Version]


def test_deprecations_are_read_and_none_are_none() -> None:
    text = json.dumps(
        [{"id": "a/b", "message": "m", "lastOccurrence": "2026-11-23T15:24:39Z"}], indent=4
    )
    (found,) = parse_deprecations(text.split("\n"))
    assert not isinstance(found, Refused)
    assert (found.id, found.message, found.last_occurrence) == ("a/b", "m", "2026-11-23T15:24:39Z")
    assert list(parse_deprecations([""])) == []


@pytest.mark.parametrize("text", ["{", '{"a": 1}', '[{"id": "x"}]', "ID LAST MESSAGE", "[1]"])
def test_what_is_no_list_of_deprecations_is_an_error(text: str) -> None:
    with pytest.raises(Unreadable):
        list(parse_deprecations([text]))


V1 = {
    "pids": {"current": 3, "limit": 100},
    "cpu": {
        "usage": {"total": 62090618, "kernel": 40000000, "user": 20000000, "per_cpu": [1, 2]},
        "throttling": {"periods": 9, "throttled_periods": 2, "throttled_time": 5000},
    },
    "memory": {
        "cache": 1,
        "total_cache": 4096,
        "total_inactive_file": 1024,
        "total_swap": 8192,
        "usage": {"limit": 1000000, "usage": 876544, "max": 2252800},
        "swap": {"limit": 1500000, "usage": 884736},
    },
    "blkio": {
        "io_service_bytes_recursive": [
            {"op": "Read", "major": 8, "value": 100},
            {"op": "Read", "major": 9, "value": 20},
            {"op": "Write", "major": 8, "value": 7},
            {"op": "Total", "major": 8, "value": 127},
        ]
    },
}
V2 = {
    "pids": {"current": 3, "limit": 100},
    "cpu": {
        "usage_usec": 62090,
        "user_usec": 20000,
        "system_usec": 40000,
        "nr_periods": 9,
        "nr_throttled": 2,
        "throttled_usec": 5,
    },
    "memory": {
        "file": 4096,
        "inactive_file": 1024,
        "usage": 876544,
        "usage_limit": 1000000,
        "swap_usage": 8192,
        "swap_limit": 500000,
    },
    "io": {"usage": [{"rbytes": 100, "wbytes": 7}, {"rbytes": 20}]},
}
SAME = {
    "cpu_user_ns": 20_000_000,
    "cpu_system_ns": 40_000_000,
    "cpu_throttled_ns": 5000,
    "cpu_throttled_periods": 2,
    "memory_usage_bytes": 876544,
    "memory_limit_bytes": 1000000,
    "memory_cache_bytes": 4096,
    "memory_inactive_file_bytes": 1024,
    "swap_usage_bytes": 8192,
    "swap_limit_bytes": 500000,
    "processes": 3,
    "processes_limit": 100,
    "io_read_bytes": 120,
    "io_write_bytes": 7,
}


@pytest.mark.parametrize(
    ("document", "version", "usage"), [(V1, 1, 62090618), (V2, 2, 62090000)], ids=["v1", "v2"]
)
def test_both_cgroup_versions_give_the_same_fields(
    document: dict[str, object], version: int, usage: int
) -> None:
    found = metrics_of("web", json.dumps(document)).model_dump(exclude={"host", "realm", "extra"})
    assert found == {"id": "web", "cgroup_version": version, "cpu_usage_ns": usage, **SAME}


def test_no_limit_is_null_whatever_number_stands_for_it() -> None:
    first = {"memory": {"usage": {"limit": UNLIMITED_V1}, "swap": {"limit": UNLIMITED_V1}}}
    second = {"memory": {"usage_limit": UNLIMITED_V2, "swap_limit": UNLIMITED_V2}, "pids": {}}
    for document in (first, second):
        found = metrics_of("web", json.dumps(document))
        assert (found.memory_limit_bytes, found.swap_limit_bytes) == (None, None)
        assert found.processes_limit is None


def test_a_zero_that_go_left_out_is_zero_and_a_missing_part_is_null() -> None:
    document = '{"pids": {"limit": 9}, "cpu": {"user_usec": 7}, "memory": {"anon": 5}}'
    found = metrics_of("web", document)
    assert (found.cgroup_version, found.processes, found.cpu_usage_ns) == (2, 0, 0)
    assert (found.memory_usage_bytes, found.io_read_bytes) == (0, None)
    nothing = metrics_of("web", "{}").model_dump(exclude={"id", "host", "realm", "extra"})
    assert set(nothing.values()) == {None}


def test_a_cgroup_without_controllers_has_no_values() -> None:
    """Of cgroup v2, where only the pressure is told."""
    parts: dict[str, object] = {name: {"psi": {"some": {"total": 5}}} for name in ("cpu", "memory")}
    found = metrics_of("web", json.dumps({"pids": {}, **parts}))
    values = found.model_dump(exclude={"id", "cgroup_version", "host", "realm", "extra"})
    assert (found.cgroup_version, set(values.values())) == (2, {None})


@pytest.mark.parametrize("text", ["", "[]", "ID TIMESTAMP", "null", '"x"'])
def test_metrics_that_are_no_json_object_are_an_error(text: str) -> None:
    with pytest.raises(Unreadable, match="web"):
        metrics_of("web", text)


TABLE_V1 = """ID         TIMESTAMP
cap-web    seconds:1795447184 nanos:2703120

METRIC                   VALUE
memory.usage_in_bytes    876544
memory.limit_in_bytes    9223372036854771712
memory.stat.cache        4096
cpuacct.usage            62090618
cpuacct.usage_percpu     [31442673 30647945]
pids.current             3
pids.limit               0
"""
TABLE_V2 = """ID                         TIMESTAMP
default_default_web_app    seconds:1795468031 nanos:882341649

METRIC                VALUE
pids.current          2
pids.limit            64
cpu.usage_usec        1500
cpu.user_usec         1000
cpu.system_usec       500
cpu.nr_periods        0
cpu.nr_throttled      4
cpu.throttled_usec    9
memory.usage          12288
memory.usage_limit    18446744073709551615
memory.swap_usage     0
memory.swap_limit     0
"""


def test_the_tables_of_both_versions_are_read_one_after_the_other() -> None:
    first, second = parse_metrics((TABLE_V1 + TABLE_V2).split("\n"))
    assert isinstance(first, Metrics)
    assert isinstance(second, Metrics)
    assert (first.id, first.cgroup_version, first.cpu_usage_ns) == ("cap-web", 1, 62090618)
    assert (first.memory_usage_bytes, first.memory_limit_bytes) == (876544, None)
    assert (first.processes, first.processes_limit, first.io_read_bytes) == (3, None, None)
    assert (second.id, second.cgroup_version) == ("default_default_web_app", 2)
    assert (second.cpu_usage_ns, second.cpu_throttled_ns) == (1_500_000, 9000)
    assert (second.memory_usage_bytes, second.memory_limit_bytes) == (12288, None)
    assert (second.processes, second.processes_limit) == (2, 64)
