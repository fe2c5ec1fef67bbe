"""What `ctr tasks metrics` prints, as JSON (`--format json`) or as a table, for cgroup v1 and v2.

The two cgroup versions have other names and units for the same things; here they have one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.parse.layout import DIGITS
from kuke_ctr.records import Metrics, Refused

_NO_LIMIT = 1 << 62
_MOST = (1 << 64) - 1
_V1, _V2 = 1, 2
_TABLE_V2 = ("memory.usage", "cpu.usage_usec")

# name of the table -> field of the record, factor
_ROWS: Mapping[str, tuple[str, int]] = {
    "memory.usage_in_bytes": ("memory_usage_bytes", 1),
    "memory.limit_in_bytes": ("memory_limit_bytes", 1),
    "memory.stat.cache": ("memory_cache_bytes", 1),
    "cpuacct.usage": ("cpu_usage_ns", 1),
    "pids.current": ("processes", 1),
    "pids.limit": ("processes_limit", 1),
    "cpu.usage_usec": ("cpu_usage_ns", 1000),
    "cpu.user_usec": ("cpu_user_ns", 1000),
    "cpu.system_usec": ("cpu_system_ns", 1000),
    "cpu.nr_throttled": ("cpu_throttled_periods", 1),
    "cpu.throttled_usec": ("cpu_throttled_ns", 1000),
    "memory.usage": ("memory_usage_bytes", 1),
    "memory.usage_limit": ("memory_limit_bytes", 1),
    "memory.swap_usage": ("swap_usage_bytes", 1),
    "memory.swap_limit": ("swap_limit_bytes", 1),
}


class _NotANumber(ValueError):
    """A part has something else, or a number that Go's uint64 cannot be."""


class _Document:
    """A JSON object that Go printed: a zero is left out, a whole part that is not there is null."""

    def __init__(self, value: object) -> None:
        self.value: Mapping[str, object] | None = value if isinstance(value, dict) else None

    def part(self, *names: str) -> "_Document":
        """The object below these names."""
        found = self
        for name in names:
            found = _Document(None if found.value is None else found.value.get(name))
        return found

    def if_counted(self) -> "_Document":
        """The same, or nothing where it has at most the pressure: there is no such controller.

        With one, cgroup v2 has at least a limit there, and in `cpu` a time.
        """
        return self if set(self.value or ()) - {"psi"} else _Document(None)

    def number(self, name: str, factor: int = 1) -> int | None:
        """The number of that name, 0 where Go left it out; None where its object is missing."""
        found = None if self.value is None else self.value.get(name, 0)
        if found is None:
            return None
        if type(found) is not int or not 0 <= found <= _MOST:
            raise _NotANumber(name)
        return found * factor

    def rows(self, name: str) -> list["_Document"] | None:
        """The objects in the list of that name."""
        found = None if self.value is None else self.value.get(name)
        return [_Document(row) for row in found] if isinstance(found, list) else None


def metrics_of(task: str, text: str) -> Metrics:
    """The metrics in what `ctr tasks metrics --format json` prints; Unreadable for others."""
    try:
        value = read_json(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Unreadable(
            f"the metrics of {task} are not a JSON object", hint="-o raw shows what ctr printed"
        )
    try:
        return _of_document(task, _Document(value))
    except _NotANumber as error:
        raise Unreadable(
            f"the value `{error}` in the metrics of {task} is not a number",
            hint="-o raw shows what ctr printed",
        ) from None


def _of_document(task: str, document: _Document) -> Metrics:
    first = any(
        document.part(*names).value is not None
        for names in (("cpu", "usage"), ("memory", "usage"), ("blkio",))
    )
    if first:
        return _metrics(task, _V1, _of_v1(document))
    known = any(document.part(name).value is not None for name in ("cpu", "memory", "pids"))
    return _metrics(task, _V2 if known else None, _of_v2(document))


def _of_v1(document: _Document) -> dict[str, int | None]:
    cpu, throttling = document.part("cpu", "usage"), document.part("cpu", "throttling")
    memory, usage = document.part("memory"), document.part("memory", "usage")
    swap = document.part("memory", "swap")
    io = document.part("blkio").rows("io_service_bytes_recursive")
    limit, both = _limit(usage.number("limit")), _limit(swap.number("limit"))
    return {
        "cpu_usage_ns": cpu.number("total"),
        "cpu_user_ns": cpu.number("user"),
        "cpu_system_ns": cpu.number("kernel"),
        "cpu_throttled_ns": throttling.number("throttled_time"),
        "cpu_throttled_periods": throttling.number("throttled_periods"),
        "memory_usage_bytes": usage.number("usage"),
        "memory_limit_bytes": limit,
        "memory_cache_bytes": memory.number("total_cache"),
        "memory_inactive_file_bytes": memory.number("total_inactive_file"),
        # cgroup v1 counts memory and swap together
        "swap_usage_bytes": memory.number("total_swap") if swap.value is not None else None,
        "swap_limit_bytes": None if limit is None or both is None else max(0, both - limit),
        "processes": document.part("pids").number("current"),
        "processes_limit": document.part("pids").number("limit"),
        "io_read_bytes": _sum(row.number("value") for row in io if _is(row, "read"))
        if io is not None
        else None,
        "io_write_bytes": _sum(row.number("value") for row in io if _is(row, "write"))
        if io is not None
        else None,
    }


def _of_v2(document: _Document) -> dict[str, int | None]:
    cpu, memory, pids = (document.part(name).if_counted() for name in ("cpu", "memory", "pids"))
    io = document.part("io").rows("usage")
    return {
        "cpu_usage_ns": cpu.number("usage_usec", 1000),
        "cpu_user_ns": cpu.number("user_usec", 1000),
        "cpu_system_ns": cpu.number("system_usec", 1000),
        "cpu_throttled_ns": cpu.number("throttled_usec", 1000),
        "cpu_throttled_periods": cpu.number("nr_throttled"),
        "memory_usage_bytes": memory.number("usage"),
        "memory_limit_bytes": memory.number("usage_limit"),
        "memory_cache_bytes": memory.number("file"),
        "memory_inactive_file_bytes": memory.number("inactive_file"),
        "swap_usage_bytes": memory.number("swap_usage"),
        "swap_limit_bytes": memory.number("swap_limit"),
        "processes": pids.number("current"),
        "processes_limit": pids.number("limit"),
        "io_read_bytes": _sum(row.number("rbytes") for row in io) if io is not None else None,
        "io_write_bytes": _sum(row.number("wbytes") for row in io) if io is not None else None,
    }


def _is(row: _Document, operation: str) -> bool:
    return row.value is not None and str(row.value.get("op", "")).lower() == operation


def _sum(numbers: Iterable[int | None]) -> int:
    return sum(number or 0 for number in numbers)


def _limit(number: int | None) -> int | None:
    """A limit; 0 and what no machine has mean that there is none."""
    return number if number and number < _NO_LIMIT else None


def _metrics(task: str, version: int | None, found: Mapping[str, int | None]) -> Metrics:
    given = {name: found.get(name) for name in _FIELDS}
    for name in ("memory_limit_bytes", "swap_limit_bytes", "processes_limit"):
        given[name] = _limit(given[name])
    return Metrics.model_validate({"id": task, "cgroup_version": version, **given})


_FIELDS = [name for name in Metrics.model_fields if name.endswith(("_ns", "_bytes", "_periods"))]
_FIELDS += ["processes", "processes_limit"]


def parse_metrics(lines: Iterable[str]) -> Iterator[Metrics | Refused]:
    """The metrics in the table of `ctr tasks metrics TASK`: it says less than the JSON does."""
    task: str | None = None
    rows: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        cells = re.split(r" {4,}", line.rstrip())
        if cells[:2] == ["ID", "TIMESTAMP"]:
            if task is not None:
                yield _of_table(task, rows)
            task, rows = "", {}
        elif task == "" and line.strip():
            task = cells[0]
        elif len(cells) == 2 and task:  # noqa: PLR2004
            if cells[0] in _ROWS and not re.fullmatch(DIGITS, cells[1]):
                yield Refused(number, line, "its value is not a number")
                continue
            rows[cells[0]] = cells[1]
        elif line.strip():
            yield Refused(number, line, "it is not a line of `ctr tasks metrics`")
    if task:
        yield _of_table(task, rows)


def _of_table(task: str, rows: Mapping[str, str]) -> Metrics:
    found: dict[str, int | None] = {}
    for name, text in rows.items():
        field, factor = _ROWS.get(name, ("", 0))
        if field:
            found[field] = int(text) * factor
    version = _V2 if any(name in rows for name in _TABLE_V2) else _V1
    return _metrics(task, version, found)
