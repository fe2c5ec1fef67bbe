"""`kuke-ctr attach` for a person: an interactive shell, and the terminals that kuketty holds."""

import hashlib
import json
import os
import re
import subprocess  # noqa: TID251
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.attach_rounds import NAMESPACE
from scripts.lib.seat import Seat
from tests.support.attach_host import KEYS, LIMIT, SHELL, Host
from tests.support.kuketty_server import SCREEN
from tests.support.paths import TOP

PROMPT = "ready> \x1b[6n"
PASTE = "".join(f"{number:05} what somebody pastes: ünïcödé ✓\n" for number in range(2400))


def asked(seat: Seat, typed: str, *answers: str) -> None:
    """Type this; what comes back holds the answers, in their order."""
    pattern = re.compile(b".*".join(re.escape(text.encode()) for text in answers), re.DOTALL)
    start = len(seat.shown)
    seat.type(typed.encode())
    found = processes.until(lambda: pattern.search(seat.shown, start) is not None, LIMIT)
    assert found, bytes(seat.shown[-2000:])


def sleep_and_interrupt(seat: Seat, prompt: str) -> None:
    """Ctrl-C ends what runs inside, once the shell has started it."""
    sleeps = ["sleep", str(10_000_000 + os.getpid())]  # nobody else's on this machine
    seat.type(" ".join(sleeps).encode() + b"\r")

    def runs() -> bool:
        return any(processes.command_line(pid) == sleeps for pid in processes.pids())

    assert processes.until(runs, LIMIT)
    asked(seat, "\x03", prompt)
    assert processes.until(lambda: not runs(), LIMIT)


def work(seat: Seat) -> bytes:
    """What a person does in a shell, each step after the prompt; what was shown.

    All but the number of CRs before an LF: ctr on its own terminal adds one.
    """
    asked(seat, "\r", PROMPT)
    asked(seat, "echo grüße ✓ $((6*7))\r", "grüße ✓ 42\r", PROMPT)
    sleep_and_interrupt(seat, PROMPT)
    asked(seat, "echo code $?\r", "code 130", PROMPT)
    asked(seat, "busybox vi /tmp/file\r", "/tmp/file 1/1 100%")
    asked(seat, "ihello from vi\x1b", "hello from vi")
    asked(seat, ":wq\r", PROMPT)
    asked(seat, "cat /tmp/file | tr a-z A-Z\r", "HELLO FROM VI", PROMPT)
    asked(seat, "rm /tmp/file; echo end\r", "end\r", PROMPT)
    shown = re.sub(rb"\r+\n", b"\r\n", bytes(seat.shown))
    return shown[shown.index(b"echo gr") :]


def raw_words(attach_host: Host, name: str) -> list[str | Path]:
    """ctr itself."""
    ctr = attach_host.daemon.programs / "ctr"
    return [ctr, "-a", attach_host.daemon.address, "-n", NAMESPACE, "tasks", "attach", name]


def test_a_shell_behaves_as_under_raw_ctr(attach_host: Host) -> None:
    shown = []
    for kuke_ctr in (False, True):
        with attach_host.task("terminal", *SHELL) as name:
            words = attach_host.words(name) if kuke_ctr else raw_words(attach_host, name)
            with Seat(words, attach_host.run.environment) as seat:
                shown.append(work(seat))
    assert shown[0] == shown[1]


def test_a_paste_of_100_kib_arrives_whole(attach_host: Host) -> None:
    assert len(PASTE.encode()) > 100 * 1024
    with attach_host.task("terminal", *SHELL) as name, attach_host.sit(name) as seat:
        asked(seat, "\r", PROMPT)
        asked(seat, "stty -echo; echo begin; cat >/tmp/pasted\r", "begin\r")
        seat.type(PASTE.replace("\n", "\r").encode())
        seat.type(b"\x04")
        digest = hashlib.sha256(PASTE.encode()).hexdigest()
        asked(seat, "stty echo; busybox sha256sum /tmp/pasted\r", digest)
        seat.type(KEYS)
        assert seat.wait() == 0


Serve = Callable[..., str]
"""Starts a container as Kukeon makes an attachable one, with a kuketty of ours; its id."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """kuketty's, with a path as long as real ones may be."""
    deep = tmp_path / ("a-long-name-of-a-space" * 3) / "tty"
    deep.mkdir(parents=True)
    assert len(str(deep / "socket")) > 107
    return deep


@pytest.fixture
def serve(attach_host: Host, folder: Path) -> Iterator[Serve]:
    """A small kuketty, ended with the test."""
    started: list[subprocess.Popen[bytes]] = []
    names: list[str] = []

    def start(words: Sequence[str] = SHELL, way: str = "usual") -> str:
        argv = (
            sys.executable,
            "-m",
            "tests.support.kuketty_server",
            folder / "socket",
            folder / "log",
            way,
        )
        started.append(subprocess.Popen([*argv, *words], cwd=TOP))
        assert processes.until((folder / "socket").exists, LIMIT)
        mount = f"type=bind,src={folder},dst=/run/kukeon/tty,options=rbind:rw"
        names.append(attach_host.start("sleep", "1000", flags=("--null-io", "--mount", mount)))
        return names[-1]

    yield start
    for server in started:
        server.kill()
        server.wait()
    for name in names:
        assert attach_host.status(name) == "RUNNING"
        attach_host.remove(name)


def requests(folder: Path) -> list[str]:
    """What kuketty was asked for."""
    lines = map(json.loads, (folder / "log").read_text().splitlines())
    return [line["method"].partition(".")[2] for line in lines]


def test_a_terminal_of_kuketty_is_there_at_once(
    attach_host: Host, serve: Serve, folder: Path
) -> None:
    name = serve()
    with attach_host.sit(name, "-x") as seat:
        assert seat.sees(SCREEN)
        assert f"+ kuketty {folder}/socket TerminalController.Attach".encode() in seat.shown
        asked(seat, "stty size\r", "24 80")
        seat.resize(33, 120)
        assert processes.until(lambda: requests(folder).count("Resize") > 1, LIMIT)
        asked(seat, "stty size\r", "33 120")
        sleep_and_interrupt(seat, "ready> ")
        seat.type(KEYS)
        assert seat.wait() == 0
        assert processes.until(lambda: seat.modes() == seat.modes_before, LIMIT)
        assert seat.sees(f"{name} is still running".encode())
    assert requests(folder)[0] == "Attach"


def test_looking_only_subscribes(attach_host: Host, serve: Serve, folder: Path) -> None:
    done = attach_host.attach(serve(), "--no-stdin", "--timeout", "0.5")
    assert (done.returncode, done.stdout.startswith(SCREEN.decode().rstrip())) == (124, True)
    assert requests(folder) == ["Screenshot", "Subscribe", "Screenshot"]


def test_a_script_speaks_to_kuketty(attach_host: Host, serve: Serve, tmp_path: Path) -> None:
    steps = (
        "--send",
        r"echo $((6*7))\r",
        "--expect",
        r"\n42\r\n",
        "--save",
        str(tmp_path / "saved"),
    )
    done = attach_host.attach(serve(), *steps, "--timeout", "20")
    assert done.returncode == 0, done.stderr
    assert "\n42" in (tmp_path / "saved").read_text()


def test_the_end_of_a_kuketty_terminal_is_told(attach_host: Host, serve: Serve) -> None:
    done = attach_host.attach(serve(("sh", "-c", "read line; exit 3")), stdin="go\n")
    assert done.returncode == 0
    assert "prints its exit status and deletes the task" in done.stderr


def test_a_dry_run_says_what_it_would_speak_to(
    attach_host: Host, serve: Serve, folder: Path
) -> None:
    done = attach_host.attach(serve(), "--dry-run")
    assert (done.returncode, done.stdout) == (
        0,
        f"kuketty {folder}/socket TerminalController.Attach\n",
    )
    assert not (folder / "log").exists()


def test_a_kuketty_that_is_gone_or_says_no_leaves_a_way_out(
    attach_host: Host, serve: Serve, folder: Path
) -> None:
    name = serve(way="refusing")
    for said in ("refused: too many clients", "does not exist, so its terminal is gone"):
        done = attach_host.attach(name)
        assert (done.returncode, done.stdout) == (125, "")
        assert said in done.stderr
        assert f"`kuke-ctr logs {name} --namespace " in done.stderr
        (folder / "socket").unlink(missing_ok=True)


def test_a_short_link_of_kukeons_leads_to_the_socket(
    attach_host: Host, serve: Serve, folder: Path, tmp_path: Path
) -> None:
    name = serve()
    (folder / "socket").rename(folder / "socket-of-tomorrow")
    links = tmp_path / "run" / "s"
    links.mkdir()
    (links / "0123abcd").symlink_to(folder / "socket-of-tomorrow")
    done = attach_host.attach(name, "--no-stdin", "--timeout", "0.5", "-x")
    assert done.stdout.startswith(SCREEN.decode().rstrip())
    assert f"+ kuketty {folder}/socket-of-tomorrow TerminalController.Subscribe" in done.stderr


def test_a_container_in_its_setup_is_waited_for(
    attach_host: Host, serve: Serve, folder: Path
) -> None:
    name = serve(way="setting-up")
    with attach_host.sit(name) as seat:
        assert seat.sees(b"create stage 0 has been running since 2026-11-26T17:09:12Z")
        seat.type(b"\x03")
        assert seat.wait() == 0
        assert seat.sees(f"detached by SIGINT while it was being set up; {name}".encode())
    late = attach_host.attach(name, "--timeout", "0.3", "-q")
    assert (late.returncode, late.stderr.count("\n")) == (124, 1)
    assert "the time limit of 0.3 seconds passed" in late.stderr
    with attach_host.sit(name) as seat:
        for stage in (0, 1):
            assert seat.sees(b"create stage %d has" % stage)
            (folder / f"go-{stage}").touch()
        assert seat.sees(SCREEN)
        seat.type(KEYS)
        assert seat.wait() == 0
