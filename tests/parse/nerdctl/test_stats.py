"""Lines of `nerdctl stats`."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.parse.nerdctl.stats import Usage, parse_usages
from kuke_ctr.records import Refused

GOOD = {
    "ID": "web",
    "Name": "--",
    "CPUPerc": "0.22%",
    "MemUsage": "732KiB / 512MiB",
    "MemPerc": "0.14%",
    "NetIO": "1.05kB / 0B",
    "BlockIO": "12.3MB / 4GB",
    "PIDs": "2",
}


def read(**other: object) -> Usage | Refused:
    (row,) = parse_usages([json.dumps({**GOOD, **other})])
    return row


def test_a_line_is_read() -> None:
    usage = Usage("web", 0.22, 749568, 536870912, 0.14, 1050, 0, 12300000, 4 * 10**9, 2)
    assert read() == usage


@pytest.mark.parametrize("limit", ["8EiB", "16EiB", "0B"])
def test_no_limit_is_none_and_has_no_share(limit: str) -> None:
    usage = read(MemUsage=f"1KiB / {limit}", MemPerc="0.00%")
    assert isinstance(usage, Usage)
    assert (usage.memory_limit_bytes, usage.memory_percent) == (None, None)


def test_what_could_not_be_measured_is_none() -> None:
    dashes = {key: "--" for key in GOOD if key not in ("ID", "Name")}
    assert read(**{**dashes, "MemUsage": "-- / --"}) == Usage("web")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ID", ""),
        ("CPUPerc", "0.22"),
        ("CPUPerc", "1e3%"),
        ("MemUsage", "732KiB"),
        ("MemUsage", "732KiB / much"),
        ("NetIO", "1,05kB / 0B"),
        ("BlockIO", 7),
        ("PIDs", "-1"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(key: str, value: object) -> None:
    row = read(**{key: value})
    assert isinstance(row, Refused)
    assert key in row.reason


def _rounded(size: float, base: float, units: str) -> str:
    """As docker's go-units prints a size: `%.4g` and a unit."""
    power = 0
    while size >= base and power < len(units.split()) - 1:
        size, power = size / base, power + 1
    return f"{size:.4g}{units.split()[power]}"


@given(st.integers(0, 1 << 61), st.integers(0, 1 << 61))
def test_whatever_go_prints_is_read_to_four_digits(memory: int, sent: int) -> None:
    binary = _rounded(memory, 1024, "B KiB MiB GiB TiB PiB EiB")
    decimal = _rounded(sent, 1000, "B kB MB GB TB PB EB")
    usage = read(MemUsage=f"{binary} / 8EiB", NetIO=f"0B / {decimal}")
    assert isinstance(usage, Usage)
    assert usage.memory_bytes == pytest.approx(memory, rel=0.001)
    assert usage.network_sent_bytes == pytest.approx(sent, rel=0.001)
