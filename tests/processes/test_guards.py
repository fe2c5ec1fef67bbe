"""The guards, as lines for a real sh: what ends, what is passed on, what stays."""

import signal
import subprocess  # noqa: TID251 (a real sh)
import time
from pathlib import Path

import pytest

from kuke_ctr.processes import guards
from scripts.lib import processes
from tests.support.scripts import gone

LIMIT = 10


def start(line: str, **more: object) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(["sh", "-c", line], stdin=pipe, stdout=pipe, stderr=pipe, **more)  # type: ignore[call-overload,no-any-return]


def ended(pid: int) -> bool:
    return processes.until(lambda: gone(pid), LIMIT)


def pid_from(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_a_watched_command_has_its_output_and_its_exit_code() -> None:
    line = guards.watched(["sh", "-c", 'echo "a $1"; echo b >&2; cat; exit 7', "x", "it's"])
    with start(line) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.wait(LIMIT) == 7
        assert (process.stdout.read(), process.stderr.read()) == (b"a it's\n", b"b\n")


def test_the_end_of_the_connection_kills_a_watched_command() -> None:
    with start(guards.watched(["sh", "-c", 'trap "" TERM HUP INT; echo $$; sleep 100'])) as process:
        pid = pid_from(process)
        assert process.stdin is not None
        process.stdin.close()
        assert ended(pid)
        assert process.wait(LIMIT) == 128 + signal.SIGKILL


def test_a_word_on_the_connection_is_a_signal() -> None:
    program = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: (os.write(1, b'int\\n'), sys.exit(3)))\n"
        "print(1, flush=True)\ntime.sleep(100)"
    )
    with start(guards.watched(["python3", "-c", program])) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        process.stdin.write(b"INT\n")
        process.stdin.flush()
        assert process.wait(LIMIT) == 3
        assert process.stdout.read() == b"int\n"


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "far"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_a_held_command_gets_its_input_from_the_feeder(temp: Path) -> None:
    line = guards.held(["sh", "-c", "wc -c; echo e >&2; exit 5"], "kuke-ctr-1")
    with start(line) as process, start(guards.feeds("kuke-ctr-1")) as feeder:
        assert feeder.stdin is not None and process.stdout is not None
        feeder.stdin.write(b"x" * 300_000)
        feeder.stdin.close()
        assert process.stdout.read().strip() == b"300000"
        assert process.wait(LIMIT) == 5
        assert feeder.wait(LIMIT) == 0
    assert [*temp.iterdir()] == []


def test_the_end_of_the_connection_kills_a_held_command_and_leaves_nothing(temp: Path) -> None:
    line = guards.held(["sh", "-c", "echo $$; while :; do echo flood; done"], "kuke-ctr-2")
    with start(line) as process, start(guards.feeds("kuke-ctr-2")) as feeder:
        pid = pid_from(process)
        assert process.stdin is not None and process.stdout is not None
        process.stdout.close()  # as if the network were gone: nobody reads, nobody writes
        process.stdin.close()
        assert ended(pid)
        process.wait(LIMIT)
        feeder.kill()
    assert [*temp.iterdir()] == []


def test_a_held_command_never_gets_pipe(temp: Path) -> None:
    """Its reader is gone; it only stops getting on, and says so when it may go on."""
    program = (
        "import os,signal\n"
        "signal.signal(signal.SIGPIPE, lambda *_: open(os.environ['TMPDIR'] + '/pipe', 'w'))\n"
        "print(os.getpid(), flush=True)\n"
        "while True: os.write(1, b'x' * 4096)"
    )
    with (
        start(guards.held(["python3", "-c", program], "kuke-ctr-3")) as process,
        start(guards.feeds("kuke-ctr-3")) as feeder,
    ):
        pid = pid_from(process)
        assert process.stdin is not None and process.stdout is not None
        process.stdout.close()
        time.sleep(0.3)
        assert not (temp / "pipe").exists()
        process.stdin.close()
        assert ended(pid)
        process.wait(LIMIT)
        feeder.kill()
    assert [*temp.iterdir()] == []


def test_a_connection_that_ends_at_once_leaves_nothing(temp: Path) -> None:
    for number in range(20):
        line = guards.held(["sh", "-c", "exit 1"], f"kuke-ctr-early-{number}")
        with start(line) as process:
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(LIMIT) == 128 + signal.SIGKILL
    assert [*temp.iterdir()] == []


def children(pid: int) -> list[str]:
    lines = map(processes.command_line, processes.children(pid))
    return [line[0] for line in lines if line]


def test_nobody_is_left_to_kill_a_held_command_that_has_ended(temp: Path) -> None:
    """Its output waits for a slow reader; its pid may be somebody else's by then."""
    command = ["sh", "-c", "echo $$; head -c 100000 /dev/zero"]
    with (
        start(guards.held(command, "kuke-ctr-5")) as process,
        start(guards.feeds("kuke-ctr-5")) as feeder,
    ):
        pid = pid_from(process)
        assert process.stdin is not None and process.stdout is not None
        assert ended(pid)
        assert processes.until(lambda: children(process.pid) == ["cat"], LIMIT)
        assert len(process.stdout.read()) == 100_000
        assert process.wait(LIMIT) == 0
        feeder.kill()
    assert [*temp.iterdir()] == []


def test_a_feeder_tells_that_it_feeds_and_ends_well_with_its_reader(temp: Path) -> None:
    with (
        start(guards.held(["sh", "-c", "head -c 1"], "kuke-ctr-6")) as process,
        start(guards.feeds("kuke-ctr-6")) as feeder,
    ):
        assert feeder.stdin is not None and feeder.stdout is not None
        assert feeder.stdout.readline() == b"\n"
        feeder.stdin.write(b"xyz")
        feeder.stdin.flush()
        assert process.wait(LIMIT) == 0
        feeder.stdin.write(b"more")
        feeder.stdin.close()
        assert feeder.wait(LIMIT) == 0


def test_a_feeder_whose_command_never_starts_says_so(temp: Path) -> None:
    """Also where sleep takes whole seconds only."""
    (temp / "sleep").write_text('#!/bin/sh\n[ "$1" = 1 ] && exit 0\nexit 1\n')
    (temp / "sleep").chmod(0o755)
    path = f"{temp}:/usr/bin:/bin"
    with start(guards.feeds("kuke-ctr-7"), env={"TMPDIR": str(temp), "PATH": path}) as feeder:
        assert feeder.stderr is not None
        assert feeder.wait(LIMIT) == 1
        assert feeder.stderr.read() == b"ctr did not start\n"


@pytest.mark.parametrize("line", [guards.watched(["no-such-ctr"]), guards.plain(["no-such-ctr"])])
def test_a_program_that_is_not_there_is_told(line: str) -> None:
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, check=False, stdin=subprocess.PIPE
    )
    assert (done.returncode, done.stderr) == (127, b"no-such-ctr: not found\n")


def test_the_environment_of_the_login_does_not_change_what_argv_means(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CONTAINERD_NAMESPACE", "other")
    monkeypatch.setenv("CONTAINERD_ADDRESS", "/other.sock")
    line = guards.plain(["sh", "-c", 'echo "${CONTAINERD_NAMESPACE-no} ${CONTAINERD_ADDRESS-no}"'])
    assert subprocess.check_output(["sh", "-c", line]) == b"no no\n"
