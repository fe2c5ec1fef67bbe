"""The last words: a reader that does not read holds nobody."""

import os
import pty
import time
from collections.abc import Iterator

import pytest

from kuke_ctr.processes import farewell
from kuke_ctr.processes.descriptors import close_all
from kuke_ctr.processes.farewell import Farewell


@pytest.fixture(autouse=True)
def leaving(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(farewell, "PATIENCE", 0.2)
    Farewell.begin()
    yield
    Farewell.forget()


@pytest.fixture(params=["pipe", "terminal"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """The reader's end and the writer's, of what nobody reads yet."""
    if request.param == "pipe":
        reader, writer = os.pipe()
    else:
        reader, writer = pty.openpty()
    yield reader, writer
    close_all(reader, writer)


def test_what_is_read_comes_whole(ends: tuple[int, int]) -> None:
    reader, writer = ends
    Farewell.write(writer, b"goodbye\n")
    assert os.read(reader, 100).rstrip() == b"goodbye"


def test_nobody_is_waited_for_longer_than_that(ends: tuple[int, int]) -> None:
    _, writer = ends
    began = time.monotonic()
    Farewell.write(writer, b"x" * 1_000_000)
    first = time.monotonic() - began
    Farewell.write(writer, b"and more")  # the reader is known by now
    assert 0.1 < first < 3
    assert time.monotonic() - began - first < 0.1


def test_the_flags_of_a_descriptor_of_others_stay(ends: tuple[int, int]) -> None:
    _, writer = ends
    Farewell.write(writer, b"x" * 1_000_000)
    assert os.get_blocking(writer)


def test_a_file_takes_everything(tmp_path: os.PathLike[str]) -> None:
    with open(os.path.join(tmp_path, "f"), "wb+") as file:  # noqa: PTH118, PTH123
        Farewell.write(file.fileno(), b"x" * 1_000_000)
        assert os.fstat(file.fileno()).st_size == 1_000_000


def test_as_long_as_nobody_leaves_a_slow_reader_gets_all() -> None:
    Farewell.forget()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:  # pragma: no cover (another process)
        os.close(writer)
        time.sleep(0.5)
        total = 0
        while data := os.read(reader, 65536):
            total += len(data)
        os._exit(0 if total == 1_000_000 else 1)
    os.close(reader)
    Farewell.write(writer, b"x" * 1_000_000)
    os.close(writer)
    assert os.waitpid(pid, 0)[1] == 0
