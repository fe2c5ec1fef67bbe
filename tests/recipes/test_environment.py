"""Files of variables that are none, or more than anybody means."""

import os
from pathlib import Path

import pytest

from kuke_ctr.errors import UsageError
from kuke_ctr.recipes.environment import environment_of


def hidden(file: Path) -> bytes:
    """What ctr gets to read."""
    environment = environment_of([], [str(file)], {})
    try:
        return os.pread(environment.hidden, 1 << 20, 0)
    finally:
        os.close(environment.hidden)


def test_a_line_ends_at_a_newline_and_nowhere_else(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_bytes(b"A=1\x0b2\x0c3\r\n\r\nB=\xe2\x80\xa8x\n#C\n")
    assert hidden(file) == b"A=1\x0b2\x0c3\nB=\xe2\x80\xa8x\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"A=1\nB=a\0b\n", "line 2: the value of B contains a NUL byte"),
        (b"A=" + b"1" * (1 << 20), "has more than 1 MiB"),
    ],
)
def test_what_no_variable_can_be_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "env"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        hidden(file)


def test_a_device_without_an_end_is_refused() -> None:
    with pytest.raises(UsageError, match="/dev/zero has more than 1 MiB"):
        hidden(Path("/dev/zero"))
