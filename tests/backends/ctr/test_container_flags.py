"""What stands before a `--`: no flag to which an old ctr could add it as a value."""

import pytest

from kuke_ctr.backends.ctr.container_flags import before_dashes


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("", ""),
        ("--tty", "--tty=true"),
        ("--rm --read-only", "--rm --read-only=true"),
        ("--tty --label a=b", "--tty --label a=b"),
        ("--label a=b --tty=true", "--label a=b --tty=true"),
    ],
)
def test_a_switch_at_the_end_has_its_value(typed: str, written: str) -> None:
    assert before_dashes(typed.split()) == tuple(written.split())
