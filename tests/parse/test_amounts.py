"""Amounts that people type for limits."""

import pytest

from kuke_ctr.errors import UsageError
from kuke_ctr.parse.amounts import memory_in_bytes, quota_of


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1", 1),
        ("268435456", 268435456),
        ("100b", 100),
        ("4k", 4096),
        ("64m", 64 << 20),
        ("64MiB", 64 << 20),
        ("64MB", 64 << 20),
        ("1.5g", 3 << 29),
        (" 1T ", 1 << 40),
    ],
)
def test_memory_is_bytes_or_powers_of_1024(typed: str, meant: int) -> None:
    assert memory_in_bytes(typed) == meant


@pytest.mark.parametrize("typed", ["", "0", "-1", "m", "1x", "1 m", "1e3", "0.1b"])
def test_what_is_no_memory_is_wrong_usage(typed: str) -> None:
    with pytest.raises(UsageError):
        memory_in_bytes(typed)


def test_processors_are_a_share_of_the_period() -> None:
    assert quota_of(1.5) == 150_000
    assert quota_of(0.01) == 1_000
    for none in (0, -1, 0.001):
        with pytest.raises(UsageError):
            quota_of(none)
