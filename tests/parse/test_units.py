"""Sizes as a person reads them, in few characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.parse.units import in_short_units


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0B"),
        (999, "999B"),
        (1000, "1.0K"),
        (4096, "4.0K"),
        (10_188, "9.9K"),
        (10_189, "10K"),
        (999 * 1024, "999K"),
        (1000 * 1024, "1.0M"),
        (512 << 20, "512M"),
        (3 << 30, "3.0G"),
        (5 << 40, "5.0T"),
        (7 << 50, "7.0P"),
    ],
)
def test_a_size_is_short(size: int, text: str) -> None:
    assert in_short_units(size) == text


@given(st.integers(0, 1 << 59))
def test_it_has_four_characters_at_most(size: int) -> None:
    assert len(in_short_units(size)) <= 4
