"""What /proc says of a process."""

import os
from pathlib import Path

from kuke_ctr.processes.proc import PROC, counts_of, position_of

SELF = PROC / str(os.getpid())


def test_how_far_a_file_was_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    assert position_of(SELF, file.stat()) is None
    with file.open("rb", buffering=0) as opened:
        opened.read(4)
        assert position_of(SELF, file.stat()) == 4
    assert position_of(PROC / "0", file.stat()) is None


def test_how_much_was_read_and_written(tmp_path: Path) -> None:
    before = counts_of(SELF)
    (tmp_path / "file").write_bytes(bytes(5000))
    after = counts_of(SELF)
    assert before is not None
    assert after is not None
    assert after[1] - before[1] >= 5000
    assert counts_of(PROC / "0") is None
