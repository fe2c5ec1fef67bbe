"""How far a transfer is, by what can be seen from outside."""

import os
import subprocess  # noqa: TID251 (a process that reads)
from collections.abc import Iterator
from pathlib import Path

import pytest

from kuke_ctr.processes.descriptors import nameless_file
from kuke_ctr.recipes.transfer_progress import (
    Counted,
    Drawn,
    exported,
    imported,
    imported_from_pipe,
    pulled,
)

SELF = os.getpid()
FRAME = "layer-sha256:{0}: {1} |+|\nelapsed: {2} s  total: 1.0 ({3} MiB/s)\n"
UNPACKING = f"unpacking a:1 (sha256:{'0' * 64})..."


class Time:
    """A clock that goes when somebody turns it."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def output() -> Iterator[int]:
    descriptor = nameless_file()
    yield descriptor
    os.close(descriptor)


def test_bytes_rate_and_seconds(clock: Time) -> None:
    counts = iter([0, 100, 300, 300, 300])
    follows = Counted(lambda pid: next(counts), 1000, clock=clock)
    assert follows.moment(1, -1)[:4] == (0, 1000, None, 0.0)
    clock.now += 1
    assert follows.moment(1, -1).rate == 100
    clock.now += 1
    assert follows.moment(1, -1)[:4] == (300, 1000, 150, 2.0)
    clock.now += 2  # the rate is one of the last three seconds
    assert follows.moment(1, -1).rate == 200 / 3
    clock.now += 60
    assert follows.moment(1, -1).rate is None


def test_what_is_not_known_stays_unknown(clock: Time) -> None:
    clock.now += 5
    assert Counted(lambda pid: None, clock=clock).moment(1, -1)[:3] == (None, None, None)
    follows = imported("/nowhere", unpacks=True)
    assert follows.moment(SELF, -1)[:3] == (None, None, None)
    assert follows.moment(SELF, -1).unpacking is None


def test_after_the_last_byte_an_import_unpacks(clock: Time, output: int) -> None:
    counts = iter([50, 120, None])
    follows = Counted(lambda pid: next(counts), 100, unpacks=True, clock=clock)
    assert follows.moment(1, output).unpacking is None
    now = follows.moment(1, output)
    assert (now.done, now.unpacking) == (100, "")
    os.write(output, UNPACKING.encode())
    assert follows.moment(1, output).unpacking == "a:1"


def test_a_file_that_is_closed_again_was_read(clock: Time) -> None:
    counts = iter([50, None, 50, None])
    follows = Counted(lambda pid: next(counts), 100, unpacks=True, clock=clock)
    assert [follows.moment(1, -1).unpacking for _ in range(2)] == [None, ""]
    follows = Counted(lambda pid: next(counts), 100, unpacks=False, clock=clock)
    assert [follows.moment(1, -1).unpacking for _ in range(2)] == [None, None]


def test_an_import_is_where_ctr_reads_the_file(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(bytes(5000))
    follows = imported(str(archive), unpacks=False)
    assert follows.moment(SELF, -1)[:2] == (None, 5000)
    with archive.open("rb", buffering=0) as file:
        file.read(1234)
        assert follows.moment(SELF, -1)[:2] == (1234, 5000)


def test_an_export_is_as_far_as_its_file(tmp_path: Path) -> None:
    with (tmp_path / "a.tar").open("wb", buffering=0) as file:
        follows = exported(file.fileno())
        file.write(bytes(77))
        assert follows.moment(1, -1)[:2] == (77, None)


def test_pipes_are_counted_by_what_the_process_reads_and_writes() -> None:
    read_end, write_end = os.pipe()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=write_end, bufsize=0) as process:
        into, out_of = imported_from_pipe(unpacks=False), exported(write_end)
        assert process.stdin is not None
        before = into.moment(process.pid, -1).done or 0
        process.stdin.write(bytes(3000))
        assert len(os.read(read_end, 3000)) > 0
        assert (into.moment(process.pid, -1).done or 0) >= before + 3000
        assert (out_of.moment(process.pid, -1).done or 0) >= 3000
        process.stdin.close()
    os.close(read_end)
    os.close(write_end)
    assert into.moment(process.pid, -1).done is not None  # the last that was known


def test_a_pull_is_as_far_as_the_last_frame_and_never_goes_back(output: int, clock: Time) -> None:
    follows = Drawn(output, lambda pid: None, unpacks=True, clock=clock)
    assert follows.moment(1, -1)[:3] == (None, None, None)
    os.write(output, FRAME.format("a" * 64, "downloading", "2.0", "4.0").encode())
    clock.now += 2
    now = follows.moment(1, -1)
    assert (now.done, now.blobs, now.unpacking) == (8 << 20, (0, 1), None)
    os.write(output, FRAME.format("a" * 64, "downloading", "3.0", "1.0").encode())
    assert follows.moment(1, -1).done == 8 << 20
    os.write(output, FRAME.format("a" * 64, "done", "4.0", "1.0").encode())
    assert follows.moment(1, -1).unpacking == ""


def test_a_ctr_that_fetches_by_itself_knows_better(output: int) -> None:
    os.write(output, FRAME.format("a" * 64, "uploading", "2.0", "0.0").encode())
    follows = Drawn(output, lambda pid: 4321, unpacks=False)
    assert follows.moment(1, -1).done == 4321


def test_the_file_with_the_frames_does_not_grow_for_ever(output: int) -> None:
    frame = FRAME.format("a" * 64, "downloading", "2.0", "4.0").encode()
    follows = pulled(output)
    for _ in range(3):
        os.write(output, frame * 9000)  # more than a MiB
        assert (follows.moment(1, -1).done or 0) >= 8 << 20
        assert os.fstat(output).st_size < len(frame)
