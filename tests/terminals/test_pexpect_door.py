"""Attachments as a user has them: a real terminal, kuke-ctr's floor, a program in place of ctr."""

import ast
import hashlib
import os
import signal
import subprocess  # noqa: TID251 (the tests start what they hang up on)
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.seat import Seat
from tests.support.fake_ctr import FakeCtr
from tests.support.scripts import LIMITS, gone, pid_in

TOP = Path(__file__).parents[2]
KEYS = b"\x1d\x1d"
LIMIT = 20.0
KINDS = pytest.mark.parametrize("kind", ["pty", "pipes"])

# It says when it is there, and writes down what comes: lines, and the signals that ctr would get.
LISTENER = """
for name in HUP INT TERM QUIT USR1 WINCH CONT; do trap "echo $name >>{here}/signals" $name; done
echo $$ >{here}/pid
exec 3<&0
cat <&3 >>{here}/typed &
until [ -e {here}/typed ]; do sleep 0.01; done
echo ready
while :; do wait; sleep 0.01; done
"""


class Desk:
    """Starts attachers at seats, and reads how they ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PYTHONPATH": str(TOP)}
        self.listener = ("sh", "-c", LISTENER.format(here=folder))

    def words(self, kind: str, *options: str, program: tuple[str, ...] = ()) -> list[str]:
        """The words of an attacher; without a program it is the listener."""
        attacher = [sys.executable, "-m", "tests.support.attacher", kind]
        report = ("--report", str(self.folder / "report"))
        return [*attacher, *report, *options, "--", *(program or self.listener)]

    def sit(self, kind: str, *options: str, program: tuple[str, ...] = ()) -> Seat:
        """An attacher at a terminal."""
        return Seat(self.words(kind, *options, program=program), self.environment)

    def run(
        self, kind: str, *options: str, program: tuple[str, ...], stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """An attacher without a terminal."""
        words = self.words(kind, *options, program=program)
        return subprocess.run(
            words, input=stdin, env=self.environment, capture_output=True, timeout=60, check=False
        )

    def run_in_time(
        self, kind: str, *options: str, program: tuple[str, ...]
    ) -> subprocess.CompletedProcess[bytes]:
        """The same with a time limit in which the program says something."""
        for limit in LIMITS:
            done = self.run(kind, *options, "--timeout", str(limit), program=program)
            if done.stdout:
                break
        return done

    @property
    def ending(self) -> dict[str, object]:
        """What the attacher reported."""
        report: dict[str, object] = ast.literal_eval((self.folder / "report").read_text())
        return report

    def took(self, what: str) -> bytes:
        """What the listener wrote down: `typed` or `signals`."""
        file = self.folder / what
        return file.read_bytes() if file.exists() else b""

    def ready(self, seat: Seat) -> bool:
        """Whether the attachment stands, and the terminal is ours."""
        return seat.sees(b"ready") and seat.modes() != seat.modes_before


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Whatever was started is gone in the end."""
    desk = Desk(tmp_path)
    yield desk
    if (tmp_path / "pid").exists():
        client = pid_in(tmp_path / "pid")
        assert processes.until(lambda: gone(client), LIMIT), "the client is still there"


@KINDS
def test_the_exit_code_is_the_clients(desk: Desk, kind: str) -> None:
    done = desk.run(kind, program=("sh", "-c", "echo hello; exit 7"))
    assert (done.returncode, done.stdout) == (7, b"hello\n")
    assert (desk.ending["kind"], desk.ending["status"]) == ("ended", 7)


@KINDS
def test_a_client_that_is_killed_is_a_lost_connection(desk: Desk, kind: str) -> None:
    done = desk.run(kind, program=("sh", "-c", "kill -KILL $$"))
    assert done.returncode == 125
    assert (desk.ending["kind"], desk.ending["status"]) == ("lost", -9)


@KINDS
def test_what_the_client_says_on_stderr_is_told_apart(desk: Desk, kind: str) -> None:
    done = desk.run(kind, program=("sh", "-c", "echo out; echo 'ctr: no' >&2; exit 1"))
    assert done.stdout == b"out\n"
    assert done.stderr == (b"ctr: no\n" if kind == "pipes" else b"")
    assert desk.ending["said"] == b"ctr: no\n"


@KINDS
def test_fifty_mebibytes_arrive_byte_for_byte(desk: Desk, kind: str, tmp_path: Path) -> None:
    size = 50 << 20 if kind == "pipes" else 5 << 20
    data = os.urandom(1 << 20) * (size >> 20)
    (tmp_path / "data").write_bytes(data)
    done = desk.run(kind, program=("sh", "-c", f"cat {tmp_path}/data; echo apart >&2"))
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()
    assert done.stderr == (b"apart\n" if kind == "pipes" else b"")


@KINDS
def test_what_is_piped_in_arrives_byte_for_byte(desk: Desk, kind: str, tmp_path: Path) -> None:
    data = os.urandom(1 << 20) + KEYS
    got = tmp_path / "got"
    script = f"echo ready; head -c {len(data)} >{got}"
    done = desk.run(kind, program=("sh", "-c", script), stdin=data)
    assert done.returncode == 0
    assert got.read_bytes() == data


def test_the_end_of_piped_input_ends_the_clients(desk: Desk) -> None:
    assert desk.run("pipes", program=("cat",), stdin=b"all\n").stdout == b"all\n"


def test_a_terminal_of_its_own_adds_nothing_to_the_output(desk: Desk) -> None:
    assert desk.run("pty", program=("printf", r"a\nb\tc\r\n")).stdout == b"a\nb\tc\r\n"


def test_a_client_finds_a_terminal_though_we_have_none(desk: Desk) -> None:
    done = desk.run("pty", program=("sh", "-c", "tty >/dev/null && stty size"))
    assert done.stdout == b"24 80\n"


def test_the_window_size_is_ours_and_follows_ours(desk: Desk) -> None:
    script = "trap 'stty size' WINCH; stty size; echo ready; while :; do sleep 0.01; done"
    with desk.sit("pty", program=("sh", "-c", script)) as seat:
        assert seat.sees(b"24 80\n")
        assert desk.ready(seat)
        seat.resize(33, 120)
        assert seat.sees(b"33 120\n")


ENDINGS: dict[str, tuple[Callable[[Seat], None], int]] = {
    "keys": (lambda seat: seat.type(KEYS), 0),
    "INT": (lambda seat: seat.kill(signal.SIGINT), 0),
    "TERM": (lambda seat: seat.kill(signal.SIGTERM), 143),
    "HUP": (lambda seat: seat.kill(signal.SIGHUP), 129),
    "QUIT": (lambda seat: seat.kill(signal.SIGQUIT), 131),
    "KILL": (lambda seat: seat.kill(signal.SIGKILL), -9),
}


@KINDS
@pytest.mark.parametrize("name", list(ENDINGS))
def test_the_terminal_is_restored_and_the_client_gone_whatever_ends_it(
    desk: Desk, kind: str, name: str
) -> None:
    leave, code = ENDINGS[name]
    with desk.sit(kind) as seat:
        assert desk.ready(seat)
        leave(seat)
        assert seat.wait() == code
        assert processes.until(lambda: seat.modes() == seat.modes_before, LIMIT)
    if kind == "pipes":
        assert desk.took("signals") == b""
    assert desk.took("typed") == b""


@KINDS
def test_a_terminal_that_is_closed_ends_it(desk: Desk, kind: str) -> None:
    with desk.sit(kind) as seat:
        assert desk.ready(seat)
        seat.hang_up()
        assert seat.wait() == 129
    assert desk.ending["kind"] == "detached"
    if kind == "pipes":
        assert desk.took("signals") == b""


@KINDS
def test_the_terminal_is_restored_when_the_task_ends(desk: Desk, kind: str) -> None:
    with desk.sit(kind, program=("sh", "-c", "echo ready; read line; exit 3")) as seat:
        assert desk.ready(seat)
        seat.type(b"x\n" if kind == "pty" else b"x\r")
        assert seat.wait() == 3
        assert seat.modes() == seat.modes_before


@KINDS
def test_a_reader_that_goes_is_noticed_while_nothing_is_said(desk: Desk, kind: str) -> None:
    reader, writer = os.pipe()
    words = desk.words(kind)
    with Seat(words, desk.environment, stdout=writer) as seat:
        os.close(writer)
        assert os.read(reader, 100) == b"ready\n"
        os.close(reader)
        assert seat.wait() == 141
        assert seat.modes() == seat.modes_before
    assert desk.took("signals") == b"" or kind == "pty"


@KINDS
def test_the_keys_work_while_nobody_reads_a_flood(desk: Desk, kind: str) -> None:
    reader, writer = os.pipe()
    words = desk.words(kind, program=("yes",))
    with Seat(words, desk.environment, stdout=writer) as seat:
        os.read(reader, 1)
        assert processes.until(lambda: seat.modes() != seat.modes_before, LIMIT)
        seat.type(KEYS)
        assert seat.wait() == 0
    os.close(reader)
    os.close(writer)


@KINDS
def test_the_keys_work_while_the_task_reads_nothing(desk: Desk, kind: str) -> None:
    with desk.sit(kind, program=("sh", "-c", "echo ready; exec sleep 60")) as seat:
        assert desk.ready(seat)
        line = b"x" * 79 + b"\n"
        seat.type(line * 3000)
        seat.type(KEYS)
        assert seat.wait() == 0


@KINDS
def test_keys_before_the_detach_keys_reach_the_task(desk: Desk, kind: str) -> None:
    with desk.sit(kind, "--patient") as seat:
        assert desk.ready(seat)
        seat.type(b"last words\n" + KEYS + b"lost\n")
        assert seat.wait() == 0
    assert desk.took("typed") == b"last words\n"


@KINDS
def test_other_detach_keys_can_be_chosen_even_ctrl_c(desk: Desk, kind: str) -> None:
    with desk.sit(kind, "--patient", "--keys", "ctrl-c,q") as seat:
        assert desk.ready(seat)
        seat.type(b"\x1d\x1d\n")
        seat.type(b"\x03q")
        assert seat.wait() == 0
    assert "ctrl-c q" in str(desk.ending["why"])
    assert desk.took("typed") == b"\x1d\x1d\n"


def test_on_a_terminal_ctrl_c_is_a_byte(desk: Desk) -> None:
    with desk.sit("pty") as seat:
        assert desk.ready(seat)
        seat.type(b"\x03\x1a\x11\x13\x04\x7f\x00")
        assert processes.until(lambda: len(desk.took("typed")) == 7, LIMIT)
        seat.type(KEYS)
        assert seat.wait() == 0
    assert desk.took("typed") == b"\x03\x1a\x11\x13\x04\x7f\x00"


def test_a_paste_of_100_kib_arrives_whole(desk: Desk) -> None:
    paste = bytes(range(32, 127)) * 1078
    with desk.sit("pty") as seat:
        assert desk.ready(seat)
        seat.type(paste)
        assert processes.until(lambda: desk.took("typed") == paste, LIMIT)
        seat.type(KEYS)
        seat.wait()


def test_without_a_terminal_lines_are_edited_and_echoed_as_usual(desk: Desk) -> None:
    with desk.sit("pipes") as seat:
        assert desk.ready(seat)
        seat.type(b"lx\x7fs -l\r")
        assert processes.until(lambda: desk.took("typed") == b"ls -l\n", LIMIT)
        assert seat.sees(b"lx\b \bs -l\r\n")
        seat.type(b"never mind\x15ok\n")
        assert processes.until(lambda: desk.took("typed") == b"ls -l\nok\n", LIMIT)
        seat.type(b"not sent" + KEYS)
        assert seat.wait() == 0
    assert desk.took("typed") == b"ls -l\nok\n"


def test_without_a_terminal_ctrl_d_ends_the_input_and_nothing_else(desk: Desk) -> None:
    script = "echo ready; cat; echo all read; sleep 60"
    with desk.sit("pipes", program=("sh", "-c", script)) as seat:
        assert desk.ready(seat)
        seat.type(b"text\n\x04")
        assert seat.sees(b"all read")
        seat.type(KEYS)
        assert seat.wait() == 0


def test_without_a_terminal_ctrl_c_detaches(desk: Desk) -> None:
    with desk.sit("pipes") as seat:
        assert desk.ready(seat)
        seat.type(b"\x03")
        assert seat.wait() == 0
        assert seat.modes() == seat.modes_before
    assert desk.ending["signal"] == signal.SIGINT
    assert desk.took("signals") == b""


def test_with_sig_proxy_signals_go_to_the_client(desk: Desk) -> None:
    with desk.sit("pipes", "--sig-proxy") as seat:
        assert desk.ready(seat)
        seat.type(b"\x03")
        assert processes.until(lambda: desk.took("signals") == b"INT\n", LIMIT)
        seat.kill(signal.SIGTERM)
        assert processes.until(lambda: desk.took("signals") == b"INT\nTERM\n", LIMIT)
        seat.type(KEYS)
        assert seat.wait() == 0


@KINDS
def test_who_only_looks_types_nothing_but_the_keys(desk: Desk, kind: str) -> None:
    with desk.sit(kind, "--no-stdin") as seat:
        assert desk.ready(seat)
        seat.type(b"typed\n")
        seat.type(KEYS)
        assert seat.wait() == 0
        assert b"typed" not in seat.shown
    assert desk.took("typed") == b""


@KINDS
def test_who_only_looks_leaves_with_ctrl_c(desk: Desk, kind: str) -> None:
    with desk.sit(kind, "--no-stdin") as seat:
        assert desk.ready(seat)
        seat.type(b"\x03")
        assert seat.wait() == 0
        assert seat.modes() == seat.modes_before


@KINDS
def test_who_is_stopped_has_the_terminal_as_it_was_and_goes_on(desk: Desk, kind: str) -> None:
    with desk.sit(kind) as seat:
        assert desk.ready(seat)
        taken = seat.modes()
        seat.kill(signal.SIGTSTP)
        assert processes.until(lambda: seat.modes() == seat.modes_before, LIMIT)
        assert processes.until(lambda: _state(seat) == "T", LIMIT)
        seat.kill(signal.SIGCONT)
        assert processes.until(lambda: seat.modes() == taken, LIMIT)
        seat.type(b"again\n")
        assert processes.until(lambda: desk.took("typed") == b"again\n", LIMIT)
        seat.type(KEYS)
        assert seat.wait() == 0
        assert seat.modes() == seat.modes_before


def _state(seat: Seat) -> str:
    stat = Path(f"/proc/{seat.program.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0]


@KINDS
def test_a_job_in_the_background_leaves_the_terminal_alone(desk: Desk, kind: str) -> None:
    words = desk.words(kind)
    shell = 'set -m; "$@" & wait'
    with Seat(["bash", "-c", shell, "bash", *words], desk.environment) as seat:
        assert seat.sees(b"ready")
        assert seat.modes() == seat.modes_before
        job = next(iter(processes.children(seat.program.pid)))
        os.kill(job, signal.SIGTERM)
        seat.wait()


def test_a_hangup_that_is_ignored_stays_so(desk: Desk) -> None:
    shell = 'trap "" HUP; exec "$@"'
    words = ["sh", "-c", shell, "sh", *desk.words("pipes")]
    with Seat(words, desk.environment) as seat:
        assert desk.ready(seat)
        seat.kill(signal.SIGHUP)
        seat.type(b"still here\n")
        assert processes.until(lambda: desk.took("typed") == b"still here\n", LIMIT)
        seat.type(KEYS)
        assert seat.wait() == 0


@KINDS
def test_what_is_shown_is_saved_in_a_private_file(desk: Desk, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "saved"
    done = desk.run(kind, "--save", str(file), program=("printf", r"a\nb\0"))
    assert file.read_bytes() == done.stdout == b"a\nb\0"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_overwritten(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "saved"
    file.write_text("precious")
    done = desk.run("pipes", "--save", str(file), program=("sh", "-c", f"touch {tmp_path}/ran"))
    assert b"exists already" in done.stderr
    assert file.read_text() == "precious"
    assert not (tmp_path / "ran").exists()


@KINDS
def test_the_time_limit_ends_it(desk: Desk, kind: str) -> None:
    done = desk.run_in_time(kind, program=("sh", "-c", "echo ready; sleep 60"))
    assert (done.returncode, done.stdout) == (124, b"ready\n")
    assert desk.ending["kind"] == "timeout"


ASKING = "printf 'name: '; read name; echo \"hello $name\"; read end; exit 5"


@KINDS
def test_a_script_waits_and_answers(desk: Desk, kind: str) -> None:
    options = ("--expect", "name: $", "--send", "me\n", "--expect", "hello m.")
    done = desk.run(kind, *options, program=("sh", "-c", ASKING))
    assert (done.returncode, desk.ending["seen"]) == (0, b"hello me")
    assert done.stdout.startswith(b"name: hello me")


@KINDS
def test_what_a_script_sends_last_arrives(desk: Desk, kind: str) -> None:
    options = ("--patient", "--expect", "ready", "--send", "last words\n")
    assert desk.run(kind, *options, program=desk.listener).returncode == 0
    assert desk.took("typed") == b"last words\n"


@KINDS
def test_a_script_that_waits_in_vain_tells_what_it_saw(desk: Desk, kind: str) -> None:
    done = desk.run_in_time(kind, "--expect", "nome: ", program=("sh", "-c", ASKING))
    assert (done.returncode, desk.ending["seen"]) == (124, b"name: ")


@KINDS
def test_a_script_whose_task_ends_first_has_not_seen_it(desk: Desk, kind: str) -> None:
    done = desk.run(kind, "--expect", "never", program=("sh", "-c", "echo other; exit 5"))
    assert (done.returncode, desk.ending["status"]) == (124, 5)
    assert desk.ending["seen"] == b"other\n"


@KINDS
def test_a_script_finds_what_stands_across_a_flood(desk: Desk, kind: str) -> None:
    flood = "head -c 3000000 /dev/zero | tr '\\0' x; printf needle; sleep 60"
    options = ("--expect", "xneedle", "--timeout", "60")
    done = desk.run(kind, *options, program=("sh", "-c", flood))
    assert (done.returncode, desk.ending["seen"]) == (0, b"xneedle")
    assert len(done.stdout) == 3000006


@KINDS
def test_what_a_slow_reader_has_not_taken_yet_is_not_lost(desk: Desk, kind: str) -> None:
    flood = "head -c 100000 /dev/zero | tr '\\0' x; printf needle; sleep 60"
    file = desk.folder / "saved"
    options = ("--expect", "xneedle", "--save", str(file))
    words = desk.words(kind, *options, program=("sh", "-c", flood))
    with subprocess.Popen(words, env=desk.environment, stdout=subprocess.PIPE) as attacher:
        assert attacher.stdout is not None
        assert len(attacher.stdout.read(1)) == 1
        # it has all, and waits a second for us: a pipe does not take that much
        assert processes.until(lambda: file.stat().st_size == 100006, LIMIT)
        processes.until(lambda: attacher.poll() is not None, 0.2)
        assert len(attacher.stdout.read()) == 100005
        assert attacher.wait(LIMIT) == 0


def test_a_script_that_is_interrupted_says_so(desk: Desk) -> None:
    with desk.sit("pty", "--expect", "never") as seat:
        assert seat.sees(b"ready")
        assert seat.modes() == seat.modes_before
        seat.kill(signal.SIGINT)
        assert seat.wait() == 130


@KINDS
def test_a_missing_ctr_is_an_error_and_the_terminal_is_as_it_was(desk: Desk, kind: str) -> None:
    with desk.sit(kind, program=("/nonexistent/ctr",)) as seat:
        assert seat.sees(b"CtrMissing")
        seat.wait()
        assert seat.modes() == seat.modes_before


def test_a_ctr_on_a_terminal_gets_no_address_from_our_environment(
    desk: Desk, fake_ctr: FakeCtr
) -> None:
    desk.environment["CONTAINERD_NAMESPACE"] = "elsewhere"
    desk.environment["CONTAINERD_ADDRESS"] = "/elsewhere.sock"
    done = desk.run("pty", program=("sh", "-c", "env"))
    assert b"elsewhere" not in done.stdout
    assert b"PATH=" in done.stdout


def test_kukettys_terminal_is_attached_to_as_any_other(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    words = [sys.executable, "-m", "tests.support.kuketty_server", str(path), str(tmp_path / "log")]
    with subprocess.Popen([*words, "usual", *desk.listener], env=desk.environment) as server:
        try:
            assert processes.until(path.exists, LIMIT)
            with desk.sit("socket", program=(str(path),)) as seat:
                assert seat.sees(b"screen: ")
                assert processes.until(lambda: seat.modes() != seat.modes_before, LIMIT)
                pid_in(tmp_path / "pid")  # its traps are set
                seat.resize(33, 120)
                assert processes.until(lambda: b"WINCH" in desk.took("signals"), LIMIT)
                seat.type(b"hello\r" + KEYS)
                assert seat.wait() == 0
                assert seat.modes() == seat.modes_before
            assert processes.until(lambda: desk.took("typed") == b"hello\n", LIMIT)
            done = desk.run("socket", "--expect", "screen", program=(str(path),))
            assert done.returncode == 0
        finally:
            server.kill()
            os.kill(pid_in(tmp_path / "pid"), signal.SIGKILL)
