"""Signals as people type them, as ctr takes them."""

import pytest

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.signals import ending_of, signal_of


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("TERM", "SIGTERM"),
        ("sigterm", "SIGTERM"),
        ("15", "SIGTERM"),
        ("Kill", "SIGKILL"),
        ("9", "SIGKILL"),
        ("cld", "SIGCHLD"),
        ("RTMIN", "34"),
        ("36", "36"),
        ("64", "64"),
    ],
)
def test_names_and_numbers_mean_the_same(typed: str, meant: str) -> None:
    assert signal_of(typed) == meant


@pytest.mark.parametrize(
    "typed", ["0", "65", "-1", "", "NOPE", "SIG", "9.0", "²", "1" * 5000, "TERM,KILL"]
)
def test_what_is_no_signal_is_wrong_usage(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        signal_of(typed)
    assert caught.value.hint


def test_a_near_name_is_offered() -> None:
    with pytest.raises(UsageError) as caught:
        signal_of("SIGUSR")
    assert "SIGUSR1" in str(caught.value.hint)


def test_an_exit_code_names_the_signal_behind_it() -> None:
    assert ending_of(137) == "exit code 137 (SIGKILL)"
    assert ending_of(7) == "exit code 7"
    assert ending_of(255) == "exit code 255"
