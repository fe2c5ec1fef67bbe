"""A log file: its last lines, what is appended, rotations, and the traps that it may be."""

import os
import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from kuke_ctr.errors import Forbidden, NotFound
from kuke_ctr.recipes import log_file
from kuke_ctr.recipes.log_file import LogFile, Reader, follow, open_log, start_of_last


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def reading(path: Path, held: Path | None = None) -> Reader:
    return Reader(LogFile(path, path.parent, held))


def last(path: Path, lines: int | None) -> bytes:
    with reading(path) as reader:
        return b"".join(reader.last(lines))


def followed(path: Path, *steps: Callable[[], object], held: Path | None = None) -> list[bytes]:
    """What the follower gives after each step; at first nothing is shown."""
    got: list[bytes] = []
    left = list(steps)

    def over() -> bool:
        left.pop(0)()
        got.append(b"")
        return not left

    with reading(path, held) as reader:
        list(reader.last(0))
        for piece in follow(reader, over):
            got[-1] += piece
    return got


def appends(path: Path, text: str) -> Callable[[], object]:
    def step() -> None:
        with path.open("a") as file:
            file.write(text)

    return step


def test_all_of_it_is_byte_for_byte(log: Path) -> None:
    data = random.Random(1).randbytes(3 * log_file.BLOCK + 17)
    log.write_bytes(data)
    assert last(log, None) == data


@pytest.mark.parametrize(
    "text", [b"", b"a", b"a\n", b"\n", b"a\nb", b"a\nb\n", b"\n\n\n", b"a\n\nb"]
)
@pytest.mark.parametrize("lines", range(5))
def test_the_last_lines_are_those_of_splitlines(log: Path, text: bytes, lines: int) -> None:
    log.write_bytes(text)
    assert last(log, lines) == b"".join(text.splitlines(keepends=True)[-lines or len(text) + 1 :])


@pytest.mark.parametrize("lines", [1, 2, 7, 500, 100_000])
@pytest.mark.parametrize("ended", [b"", b"\n"])
def test_lines_are_found_across_blocks(
    log: Path, monkeypatch: pytest.MonkeyPatch, lines: int, ended: bytes
) -> None:
    monkeypatch.setattr(log_file, "BLOCK", 64)
    text = b"\n".join(b"x" * random.Random(n).randrange(200) for n in range(500)) + ended
    log.write_bytes(text)
    assert last(log, lines) == b"".join(text.splitlines(keepends=True)[-lines:])


def test_the_end_of_a_huge_file_is_read_without_the_rest(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with log.open("wb") as file:
        file.truncate(10 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"\none\ntwo\n")
    read: list[int] = []
    real = os.pread

    def counted(descriptor: int, size: int, at: int) -> bytes:
        read.append(size)
        return real(descriptor, size, at)

    monkeypatch.setattr(os, "pread", counted)
    assert last(log, 2) == b"one\ntwo\n"
    assert sum(read) < 2 * log_file.BLOCK


def test_a_log_that_grows_all_the_time_has_an_end(log: Path) -> None:
    log.write_bytes(b"first\n")
    with reading(log) as reader:
        for piece in reader.last():
            appends(log, "x" * len(piece))()
        assert list(reader.new()) == [b"x" * 6]


def test_what_is_appended_comes_once(log: Path) -> None:
    log.write_text("old\n")
    steps = [appends(log, "a\n"), lambda: None, appends(log, "b"), appends(log, "c\n")]
    assert followed(log, *steps) == [b"a\n", b"", b"b", b"c\n"]


def test_a_rotation_by_rename_loses_nothing_and_the_old_file_goes_on(log: Path) -> None:
    log.write_text("old\n")
    moved = log.with_name("log.1")

    def rotate() -> None:
        appends(log, "before\n")()
        log.rename(moved)
        log.write_text("new\n")

    got = followed(
        log,
        appends(log, "a\n"),
        rotate,
        appends(moved, "late\n"),  # as a shim does, that has it open
        appends(log, "more\n"),
    )
    assert got == [b"a\n", b"before\nnew\n", b"late\n", b"more\n"]


def test_one_rotation_after_the_other(log: Path) -> None:
    log.write_text("")

    def rotate() -> None:
        log.rename(log.with_name(f"log.{os.urandom(4).hex()}"))
        log.write_text("new\n")

    assert followed(log, *[rotate] * 4) == [b"new\n"] * 4


def test_renamed_and_not_there_yet_is_waited_for(log: Path) -> None:
    log.write_text("old\n")
    moved = log.with_name("log.1")
    steps: list[Callable[[], object]] = [
        lambda: log.rename(moved),
        appends(moved, "still\n"),
        lambda: log.write_text("new\n"),
    ]
    assert followed(log, *steps) == [b"", b"still\n", b"new\n"]


def test_a_deleted_log_is_read_to_its_end_and_made_anew(log: Path) -> None:
    log.write_text("old\n")
    with log.open("a", buffering=1) as writer:
        steps: list[Callable[[], object]] = [
            log.unlink,
            lambda: writer.write("still\n"),
            lambda: log.write_text("new\n"),
        ]
        assert followed(log, *steps) == [b"", b"still\n", b"new\n"]


def test_copytruncate_starts_at_the_front(log: Path) -> None:
    log.write_text("old old old\n")

    def truncate() -> None:
        os.truncate(log, 0)
        appends(log, "new\n")()

    assert followed(log, truncate, appends(log, "more\n")) == [b"new\n", b"more\n"]


@pytest.mark.parametrize("text", ["new\n", "new and longer\n"])
def test_a_truncation_is_seen_when_as_much_or_more_was_written_since(log: Path, text: str) -> None:
    log.write_text("old\n")

    def truncate() -> None:
        os.truncate(log, 0)
        appends(log, text)()

    assert followed(log, truncate, lambda: None) == [text.encode(), b""]


def test_the_hole_that_a_truncation_leaves_is_not_shown(log: Path) -> None:
    with log.open("wb", buffering=0) as writer:  # it does not append
        writer.write(b"o" * (1 << 20))

        def truncate() -> None:
            os.truncate(log, 0)
            writer.write(b"new\n")

        assert followed(log, truncate) == [b"new\n"]


def test_a_file_that_is_held_is_read_though_its_name_is_gone(log: Path) -> None:
    log.write_text("kept\n")
    with log.open("rb") as shim:
        log.unlink()
        with reading(log, Path(f"/proc/self/fd/{shim.fileno()}")) as reader:
            assert b"".join(reader.last()) == b"kept\n"


def test_a_file_that_a_shim_writes_elsewhere_is_read_from_now_on(log: Path) -> None:
    log.write_text("new\n")
    moved = log.with_name("log.1")
    moved.write_text("old\n")

    def rotate() -> None:
        log.rename(log.with_name(f"log.{os.urandom(4).hex()}"))
        log.write_text("newer\n")

    with moved.open("a") as shim, log.open() as same, reading(log) as reader:
        assert not reader.also(Path(f"/proc/self/fd/{same.fileno()}"))
        assert reader.also(Path(f"/proc/self/fd/{shim.fileno()}"))
        assert not reader.also(Path(f"/proc/self/fd/{shim.fileno()}"))
        assert b"".join(reader.last()) == b"new\n"
        for _ in range(3):
            rotate()
            appends(moved, "late\n")()
            assert sorted(b"".join(reader.new()).splitlines()) == [b"late", b"newer"]


def test_a_file_that_is_not_there_is_not_found(log: Path) -> None:
    assert open_log(LogFile(log, log.parent)) is None
    assert open_log(LogFile(log / "below", log)) is None
    with pytest.raises(NotFound, match="does not exist"):
        reading(log)


@pytest.fixture(params=["link", "folder link", "fifo", "folder", "device"])
def trap(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """What somebody in a container could put where the log is, and the log behind it."""
    secret = tmp_path / "secret" / "log"
    secret.parent.mkdir()
    secret.write_text("root only\n")
    folder = tmp_path / "container"
    path = folder / "tty" / "log"
    if request.param == "folder link":
        folder.mkdir()
        path.parent.symlink_to(secret.parent)
    else:
        path.parent.mkdir(parents=True)
    match request.param:
        case "link":
            path.symlink_to(secret)
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "device":
            if os.geteuid() != 0:
                pytest.skip("a device needs root")
            try:
                os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))
            except PermissionError:
                pytest.skip("no device can be made here")
    yield path
    assert secret.read_text() == "root only\n"


def test_a_trap_is_refused(trap: Path) -> None:
    with pytest.raises(Forbidden, match=r"it was not read") as refused:
        open_log(LogFile(trap, trap.parents[1]))
    assert refused.value.exit_code == 126
    assert str(trap) in refused.value.message


def test_a_trap_that_appears_while_it_is_followed_is_refused(log: Path, tmp_path: Path) -> None:
    log.write_text("old\n")

    def swap() -> None:
        log.unlink()
        log.symlink_to("/etc/passwd")

    with pytest.raises(Forbidden, match="is a symbolic link"):
        followed(log, swap)


def test_links_above_the_trusted_folder_are_the_administrators(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "log").write_text("x")
    (tmp_path / "opt").symlink_to("disk")
    descriptor = open_log(LogFile(tmp_path / "opt" / "log", tmp_path / "opt"))
    assert descriptor is not None
    os.close(descriptor)


def test_no_descriptor_is_left(trap: Path, log: Path) -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    log.write_text("a\n")
    for _ in range(3):
        with pytest.raises(Forbidden):
            open_log(LogFile(trap, trap.parents[1]))
        followed(log, lambda: log.rename(log.with_name("other")), lambda: log.write_text("b\n"))
    assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208


def test_the_start_of_the_last_lines_is_monotonous(log: Path) -> None:
    log.write_bytes(b"a\nbb\n\nc")
    with log.open("rb") as file:
        starts = [start_of_last(file.fileno(), lines) for lines in range(7)]
    assert starts == [7, 6, 5, 2, 0, 0, 0]
    assert all(one >= other for one, other in pairwise(starts))
