"""kuketty's socket: the protocol, the ways it fails, and a terminal that is attached to."""

import json
import os
import select
import socket
import subprocess  # noqa: TID251 (a server that the tests talk to)
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kuke_ctr.errors import CtrFailed, Forbidden, KukeCtrError, NotFound
from kuke_ctr.terminals import kuketty
from scripts.lib import processes
from tests.support.kuketty_server import SCREEN
from tests.support.paths import TOP

ECHO = ("sh", "-c", 'stty -echo; echo ready; while read line; do echo "<$line>"; done')

Serve = Callable[..., Path]
"""Starts a kuketty with this program; gives its socket."""


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """A small kuketty, ended with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str, way: str = "usual", folder: Path = tmp_path) -> Path:
        path = folder / "socket"
        argv: list[str | Path] = [
            sys.executable,
            "-m",
            "tests.support.kuketty_server",
            path,
            tmp_path / "log",
            way,
        ]
        started.append(subprocess.Popen([*argv, *(words or ECHO)], env=_environment()))
        assert processes.until(path.exists, 20)
        return path

    yield start
    for server in started:
        server.kill()
        server.wait()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(TOP)}


def requests(tmp_path: Path) -> list[tuple[str, dict[str, object]]]:
    """What the kuketty was asked for."""
    lines = map(json.loads, (tmp_path / "log").read_text().splitlines())
    return [(line["method"].partition(".")[2], line["params"][0]) for line in lines]


def read_until(descriptor: int, end: bytes) -> bytes:
    """What comes, up to this."""
    data = b""
    while end not in data:  # the task may have said something since
        piece = os.read(descriptor, 65536)
        assert piece, data
        data += piece
    return data


def test_an_attachment_starts_with_the_screen_and_carries_what_is_typed(serve: Serve) -> None:
    connection = kuketty.attach(serve())
    assert read_until(connection.descriptor, SCREEN).startswith(SCREEN)
    os.write(connection.descriptor, b"hello\n")
    assert read_until(connection.descriptor, b"<hello>\r\n")
    connection.close()


def test_all_output_so_far_comes_where_it_is_asked_for(serve: Serve) -> None:
    path = serve()
    first = kuketty.attach(path, full_capture=True)
    read_until(first.descriptor, b"ready\r\n")
    os.write(first.descriptor, b"before\n")
    read_until(first.descriptor, b"<before>\r\n")
    first.close()
    second = kuketty.attach(path, full_capture=True)
    assert read_until(second.descriptor, b"<before>\r\n") == b"ready\r\n<before>\r\n"
    second.close()


def test_each_attachment_has_a_name_of_its_own(serve: Serve, tmp_path: Path) -> None:
    path = serve()
    for _ in range(2):
        kuketty.attach(path).close()
    first, second = (argument["ClientID"] for _, argument in requests(tmp_path))
    assert str(first).startswith("kuke-ctr-")
    assert first != second


def test_looking_only_subscribes(serve: Serve, tmp_path: Path) -> None:
    connection = kuketty.attach(serve(), take_input=False)
    assert not connection.takes_input
    assert connection.greeting == b"screen:\r\x1b[8C"
    assert [method for method, _ in requests(tmp_path)] == ["Subscribe", "Screenshot"]
    connection.close()


@pytest.mark.parametrize(
    ("shot", "painted"),
    [
        ({"ansi": "a\n$ \n", "cursorX": 2, "cursorY": 1}, b"a\r\n$ \r\x1b[2C"),
        ({"ansi": "a\nb\nc\n", "cursorX": 0, "cursorY": 0}, b"a\r\nb\r\nc\x1b[2A\r"),
        ({"ansi": "a\n", "cursorX": 0, "cursorY": 2}, b"a\r\n\r\n\r"),
        (
            {"ansi": "~\n~\n", "cursorX": 4, "cursorY": 1, "altScreen": True},
            b"\x1b[H\x1b[2J~\r\n~\x1b[2;5H",
        ),
    ],
)
def test_a_screen_is_painted_with_the_cursor_in_its_place(
    monkeypatch: pytest.MonkeyPatch, shot: dict[str, object], painted: bytes
) -> None:
    monkeypatch.setattr(kuketty, "_ask", lambda *_: ({"rows": 24, "cols": 80, **shot}, -1))
    assert kuketty.screen(Path("socket")) == kuketty.Screenshot(24, 80, painted)


def test_a_kuketty_without_screenshots_is_looked_at_all_the_same(serve: Serve) -> None:
    assert kuketty.screen(serve(way="refusing")) is None


def test_a_size_is_told_in_columns_and_rows(serve: Serve, tmp_path: Path) -> None:
    words = ("sh", "-c", "stty -echo; while read line; do stty size; done")
    connection = kuketty.attach(serve(*words))
    connection.resize(33, 120)
    assert select.select([connection.waiting], [], [], 5)[0]
    connection.resized()
    assert connection.waiting == -1
    assert requests(tmp_path)[1] == ("Resize", {"Cols": 120, "Rows": 33})
    os.write(connection.descriptor, b"\n")
    assert read_until(connection.descriptor, b"33 120\r\n")
    connection.close()


def test_a_size_that_nobody_takes_is_no_reason_to_end(serve: Serve) -> None:
    path = serve()
    connection = kuketty.attach(path)
    path.unlink()
    connection.resize(33, 120)
    os.write(connection.descriptor, b"still\n")
    assert read_until(connection.descriptor, b"<still>\r\n")
    connection.close()


def test_the_descriptor_is_not_passed_on_to_children(serve: Serve) -> None:
    connection = kuketty.attach(serve())
    assert not os.get_inheritable(connection.descriptor)
    connection.close()
    connection.close()
    assert connection.descriptor == -1


def test_a_path_longer_than_an_address_may_be_is_reached(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 30)
    folder.mkdir()
    path = serve(folder=folder)
    assert len(str(path)) > 107
    connection = kuketty.attach(path)
    assert read_until(connection.descriptor, SCREEN).startswith(SCREEN)
    connection.close()


def failure(path: Path, kind: type[KukeCtrError]) -> KukeCtrError:
    """The error; each names the socket and the ways out."""
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with pytest.raises(kind) as caught:
        kuketty.attach(path)
    assert str(path) in caught.value.message
    assert "kuke-ctr logs" in str(caught.value.hint)
    assert "kuke-ctr exec -it" in str(caught.value.hint)
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    return caught.value


def test_a_missing_socket_is_not_found(tmp_path: Path) -> None:
    assert "does not exist" in failure(tmp_path / "socket", NotFound).message
    assert "does not exist" in failure(tmp_path / ("x" * 120) / "socket", NotFound).message


def test_a_socket_without_a_listener_says_so(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    assert "no kuketty listening" in failure(path, CtrFailed).message


def test_without_permission_the_group_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(client: socket.socket, address: str) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(kuketty, "_connected", refuse)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        assert "group kukeon" in str(failure(tmp_path / "socket", Forbidden).hint)


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_link_in_the_containers_folder_leads_to_nobody_elses_terminal(
    serve: Serve, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "tty"
    folder.mkdir()
    if kind == "link":
        (folder / "socket").symlink_to(serve())
    else:
        (folder / "socket").touch()
    assert "used, because somebody in" in failure(folder / "socket", Forbidden).message
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("way", "what"),
    [
        ("refusing", "refused: too many clients"),
        ("junk", "invalid JSON"),
        ("closing", "without an answer"),
        ("empty-handed", "answered without a terminal"),
    ],
)
def test_an_answer_that_is_none_says_what_it_was(serve: Serve, way: str, what: str) -> None:
    assert what in failure(serve(way=way), CtrFailed).message


def test_a_silent_kuketty_is_an_error_in_time(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kuketty, "ANSWER_LIMIT", 0.2)
    assert "within 0.2 seconds" in failure(serve(way="silent"), CtrFailed).message


def test_a_stopped_kuketty_is_an_error_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kuketty, "ANSWER_LIMIT", 0.2)
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as waiting:
        listener.bind(str(path))
        listener.listen(0)
        waiting.connect(str(path))  # the queue is full now
        failure(path, CtrFailed)


# a kuketty that the container's root has put in the place of the real one


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("endless", "an answer that is too long"),
        ("dripping", "did not answer within"),
        ("brackets", "invalid JSON"),
        ("digits", "invalid JSON"),
        ("complaining", "refused: eee"),
        ("null-device", "not a terminal's socket"),
        ("file", "not a terminal's socket"),
        ("folder", "not a terminal's socket"),
        ("path-only", "not a terminal's socket"),
        ("several", "not a terminal's socket"),
    ],
)
def test_a_hostile_answer_is_an_error_in_time_and_room(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, way: str, said: str
) -> None:
    monkeypatch.setattr(kuketty, "ANSWER_LIMIT", 1.0)
    path = serve(way=way)
    opened = len(list(Path("/proc/self/fd").iterdir()))
    tracemalloc.start()
    began = time.monotonic()
    error = failure(path, CtrFailed)
    taken, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert said in error.message
    assert len(error.message) < 500
    assert taken < 3
    assert peak < 16 << 20
    assert len(list(Path("/proc/self/fd").iterdir())) == opened


@pytest.mark.parametrize("way", ["silent-resize", "flooding-resize"])
def test_a_size_is_never_waited_for(serve: Serve, way: str) -> None:
    connection = kuketty.attach(serve(way=way))
    began = time.monotonic()
    for rows in range(20, 30):
        connection.resize(rows, 80)
    assert time.monotonic() - began < 1
    os.write(connection.descriptor, b"still\n")
    assert read_until(connection.descriptor, b"<still>\r\n")
    connection.close()
    assert connection.waiting == -1


@pytest.mark.parametrize("way", ["deep-cursor", "huge-numbers", "negative"])
def test_numbers_of_a_screen_are_those_of_a_terminal(serve: Serve, way: str) -> None:
    shot = kuketty.screen(serve(way=way))
    assert shot is not None
    assert 0 <= shot.rows <= 10_000
    assert 0 <= shot.columns <= 10_000
    assert len(shot.painted) < 100_000
