"""`kuke-ctr attach` on real tasks, as a person at a terminal and as a script has it."""

import hashlib
import os
import re
import signal
import subprocess  # noqa: TID251
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.lib import attach_rounds, processes
from scripts.lib.attach_rounds import NAMESPACE
from scripts.lib.containerd import PrivateContainerd, temporary, unique
from scripts.lib.seat import Seat
from tests.support.runner import PROGRAM, KukeCtr
from tests.support.scripts import LIMITS

TOP = Path(__file__).parents[2]
KEYS = b"\x1d\x1d"
LIMIT = 20.0
SHELL = ("sh", "-c", "export PS1='ready> '; exec sh")
KINDS = pytest.mark.parametrize("kind", ["terminal", "none"])


@dataclass
class Host:
    """A daemon with the image, and kuke-ctr on it."""

    daemon: PrivateContainerd
    run: KukeCtr

    def start(self, *words: str, flags: tuple[str, ...] = ()) -> str:
        """A container whose task runs."""
        name = unique("attach")
        attach_rounds.start(self.daemon, name, words, flags)
        return name

    def start_kind(self, kind: str, *words: str) -> str:
        """The same, with a terminal or without."""
        return self.start(*words, flags=("-t",) if kind == "terminal" else ())

    def remove(self, name: str) -> None:
        """Kill it, so that nothing of it goes on beside the next test."""
        self.daemon.ctr("tasks", "rm", "--force", name, namespace=NAMESPACE, check=False)
        self.daemon.ctr("containers", "rm", name, namespace=NAMESPACE)

    def status(self, name: str) -> str:
        """What containerd says of its task; empty where there is none."""
        rows = self.daemon.ctr("tasks", "ls", namespace=NAMESPACE).stdout.splitlines()
        return next((row.split()[2] for row in rows if row.split()[0] == name), "")

    def attach(self, name: str, *options: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Attach without a terminal."""
        return self.run("attach", "--namespace", NAMESPACE, *options, name, stdin=stdin)

    def words(self, name: str, *options: str) -> list[str | Path]:
        """What a person types."""
        return [PROGRAM, "tasks", "attach", "--namespace", NAMESPACE, *options, name]

    def sit(self, name: str, *options: str, **streams: int) -> Seat:
        """Attach at a terminal."""
        return Seat(self.words(name, *options), self.run.environment, **streams)  # type: ignore[arg-type]

    @contextmanager
    def task(self, kind: str, *words: str) -> Iterator[str]:
        """A container, removed with the block."""
        name = self.start_kind(kind, *words)
        yield name
        self.remove(name)


@pytest.fixture(scope="package")
def with_image() -> Callable[[PrivateContainerd], None]:
    """Import the image, once for each daemon."""
    done: set[str] = set()

    def provide(daemon: PrivateContainerd) -> None:
        if daemon.address not in done:
            attach_rounds.provide_image(daemon)
            done.add(daemon.address)

    return provide


@pytest.fixture
def host(
    containerd: PrivateContainerd,
    kuke_ctr: KukeCtr,
    with_image: Callable[[PrivateContainerd], None],
) -> Host:
    with_image(containerd)
    return Host(containerd, kuke_ctr.on(containerd))


@pytest.fixture
def any_host(
    any_containerd: PrivateContainerd,
    kuke_ctr: KukeCtr,
    with_image: Callable[[PrivateContainerd], None],
) -> Host:
    with_image(any_containerd)
    return Host(any_containerd, kuke_ctr.on(any_containerd))


def ready(seat: Seat, name: str) -> bool:
    """Whether the attachment stands, and the terminal is ours; `run -d` may swallow first words."""

    def stands() -> bool:
        ours = [pid for pid in processes.pids() if "attach" in processes.command_line(pid)]
        opened = (file for pid in ours for file in attach_rounds.open_files(pid))
        return seat.modes() != seat.modes_before and any(
            f"{name}-stdout" in file for file in opened
        )

    return processes.until(stands, LIMIT)


@pytest.mark.timeout(600)
def test_five_rounds_of_every_way_to_leave_do_no_harm(programs_of: Callable[[str], Path]) -> None:
    programs_of("native")
    words = [sys.executable, "-m", "scripts.lib.attach_rounds", "--rounds", "5"]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    [*words, "--task", kind, "--kuke-ctr", PROGRAM],
                    cwd=TOP,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            for kind in ("terminal", "none")
        ]
        printed = [one.communicate(timeout=500)[0] for one in running]
    for one, said in zip(running, printed, strict=True):
        assert one.returncode == 0, said
        lines = [line for line in said.splitlines() if "rounds 5, signals 0" in line]
        assert len(lines) == 2 * len(attach_rounds.WAYS), said
        assert all(" RUNNING 5, clients left 0, terminals changed 0" in line for line in lines)


@KINDS
def test_the_exit_code_is_the_tasks_and_ctr_has_deleted_it(any_host: Host, kind: str) -> None:
    name = any_host.start_kind(kind, "sh", "-c", "echo ready; read line; exit 7")
    with any_host.sit(name) as seat:
        assert ready(seat, name)
        seat.type(b"\r")
        assert seat.wait() == 7
        assert seat.sees(f"{name} exited with status 7; ctr has deleted its task".encode())
        assert f"when {name} ends, ctr deletes the task".encode() in seat.shown
        assert seat.modes() == seat.modes_before
    assert any_host.status(name) == ""


@KINDS
def test_keys_leave_the_task_running_and_stty_says_the_same_as_before(
    any_host: Host, kind: str
) -> None:
    """A shell runs `stty -g`, kuke-ctr, and `stty -g` again."""
    with any_host.task(kind, "sh", "-c", "echo ready; exec sleep 1000") as name:
        inner = " ".join(map(str, any_host.words(name)))
        script = f"stty -g; {inner}; echo code $?; stty -g"
        with Seat(("sh", "-c", script), any_host.run.environment) as seat:
            assert ready(seat, name)
            assert seat.sees(b"to leave it running")
            seat.type(KEYS)
            assert seat.wait() == 0
            assert seat.sees(b"detached with ctrl-] ctrl-]; " + name.encode() + b" runs on")
            assert processes.until(lambda: len(_settings(seat)) > 1, LIMIT)
        before, after = _settings(seat)
        assert before == after
        assert b"code 0\r\n" in seat.shown
        assert any_host.status(name) == "RUNNING"


def _settings(seat: Seat) -> list[bytes]:
    """What `stty -g` has printed so far."""
    return re.findall(rb"^[0-9a-f]+(?::[0-9a-f]+){10,}\r$", seat.shown, re.MULTILINE)


def test_it_says_what_the_task_is_and_does_not_connect_where_that_would_harm(
    any_host: Host, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    stopped = any_host.start("sh", "-c", "exit 3")
    silent = any_host.start("sleep", "1000", flags=("--null-io",))
    logging = any_host.start("sleep", "1000", flags=("--log-uri", f"file://{log}"))
    assert processes.until(lambda: any_host.status(stopped) == "STOPPED", LIMIT)
    for name, said, status in (
        (stopped, "has stopped; if you attached, ctr would delete the task", "STOPPED"),
        (silent, "is discarded (null IO)", "RUNNING"),
        (logging, f"writes its output to {log}", "RUNNING"),
    ):
        done = any_host.attach(name)
        assert (done.returncode, done.stdout) == (125, "")
        assert said in done.stderr
        assert "hint: " in done.stderr
        assert any_host.status(name) == status
        any_host.remove(name)
    gone = any_host.attach("attack-1")
    assert gone.returncode == 125
    assert f"namespace {NAMESPACE}" in gone.stderr
    assert "there is no container attack-1" in gone.stderr


def test_a_container_without_a_task_says_so(host: Host) -> None:
    name = host.start("sleep", "1000")
    host.daemon.ctr("tasks", "rm", "--force", name, namespace=NAMESPACE)
    done = host.attach(name)
    assert done.returncode == 125
    assert f"{name} has no task" in done.stderr
    host.remove(name)


def test_the_log_of_a_task_that_logs_can_be_followed_instead(host: Host, tmp_path: Path) -> None:
    uri = f"file://{tmp_path}/log"
    name = host.start("sh", "-c", "echo one; exec sleep 1000", flags=("--log-uri", uri))
    assert processes.until(lambda: (tmp_path / "log").read_text() == "one\n", LIMIT)
    done = host.attach(name, "--logs", "--timeout", "0.5")
    assert (done.returncode, done.stdout) == (0, "one\n")
    host.remove(name)


def test_another_reader_is_named(any_host: Host) -> None:
    with any_host.task("none", "sh", "-c", "echo ready; exec sleep 1000") as name:
        with any_host.sit(name) as seat:
            assert ready(seat, name)
            done = any_host.attach(name, "--timeout", "0.5")
        assert done.returncode == 124
        assert f"tasks attach {name}) reads this output already" in done.stderr
        assert any_host.status(name) == "RUNNING"


def test_a_paused_task_is_said_to_be_paused(host: Host) -> None:
    with host.task("none", "sleep", "1000") as name:
        host.daemon.ctr("tasks", "pause", name, namespace=NAMESPACE)
        done = host.attach(name, "--timeout", "0.5")
        assert f"{name} is paused" in done.stderr
        assert host.status(name) == "PAUSED"
        host.daemon.ctr("tasks", "resume", name, namespace=NAMESPACE)


def test_fifty_mebibytes_arrive_byte_for_byte_with_stderr_apart(host: Host, tmp_path: Path) -> None:
    data = os.urandom(1 << 20) * 50
    (tmp_path / "data").write_bytes(data)
    mount = f"type=bind,src={tmp_path},dst=/in,options=rbind:ro"
    # an end right after the last byte is a race that ctr itself may lose
    script = "read line; cat /in/data; echo apart >&2; sleep 1; exit 4"
    name = host.start("sh", "-c", script, flags=("--mount", mount))
    words = host.words(name, "-q")
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            words,
            input=b"\n",
            stdout=out,
            stderr=subprocess.PIPE,
            env=host.run.environment,
            timeout=60,
            check=False,
        )
    assert (done.returncode, hashlib.sha256((tmp_path / "out").read_bytes()).hexdigest()) == (
        4,
        hashlib.sha256(data).hexdigest(),
    )
    assert done.stderr.splitlines()[0] == b"apart"
    host.remove(name)


def test_the_window_size_inside_is_ours_and_follows_it(host: Host) -> None:
    with host.task("terminal", *SHELL) as name, host.sit(name) as seat:
        assert ready(seat, name)
        # ctr passes the size on a moment after it stands
        assert processes.until(lambda: _asks(seat, b"stty size\r", b"24 80\r\n"), LIMIT)
        seat.resize(33, 120)
        assert processes.until(lambda: _asks(seat, b"stty size\r", b"33 120\r\n"), LIMIT)


def _asks(seat: Seat, typed: bytes, answer: bytes) -> bool:
    seat.type(typed)
    return seat.sees(answer, 0.3)


@KINDS
def test_neither_stdin_nor_stdout_need_be_a_terminal(host: Host, kind: str) -> None:
    script = "read line; sleep 0.5; echo got $line; exit 5"  # ctr loses what comes at once
    name = host.start_kind(kind, "sh", "-c", script)
    done = host.attach(name, stdin="hello\n")
    assert done.returncode == 5
    assert "got hello" in done.stdout
    host.remove(name)


def test_a_task_keeps_its_window_where_we_have_none(host: Host) -> None:
    with host.task("terminal", *SHELL) as name:
        with host.sit(name, size=(31, 101)) as seat:  # type: ignore[arg-type]
            assert ready(seat, name)
            # ctr passes the size on a moment after it stands
            assert processes.until(lambda: _asks(seat, b"stty size\r", b"31 101\r\n"), LIMIT)
            seat.type(KEYS)
            seat.wait()
        done = host.attach(name, "--send", r"stty size\r", "--expect", "31 101", "--timeout", "10")
        assert done.returncode == 0, done.stderr


def test_a_script_expects_and_sends(any_host: Host, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    with any_host.task("terminal", *SHELL) as name:
        first = ("--send", r"echo $((6*7))\r", "--expect", r"\n42\r\n", "--expect", "ready>")
        steps = (*first, "--send", r"x=9\r", "--send", r"echo $x$x\r", "--expect", r"\n99\r\n")
        done = any_host.attach(name, *steps, "--save", str(saved), "--timeout", "20")
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("99\n") or "\n99" in done.stdout
        assert saved.read_text().replace("\r", "") == done.stdout.replace("\r", "")
        assert saved.stat().st_mode & 0o777 == 0o600
        assert any_host.status(name) == "RUNNING"


def test_what_does_not_come_is_told_with_what_came_instead(host: Host) -> None:
    for limit in LIMITS:
        with host.task("none", "sh", "-c", "while read line; do echo got $line; done") as name:
            steps = ("--send", r"one\n", "--expect", "got two", "--timeout", str(limit))
            done = host.attach(name, *steps)
            status = host.status(name)
        if done.stdout:
            break
    assert (done.returncode, done.stdout) == (124, "got one\n")
    assert "'got two' did not appear in the output" in done.stderr
    assert status == "RUNNING"


def test_a_task_that_ends_first_is_not_what_was_expected(host: Host) -> None:
    name = host.start("sh", "-c", "read line; exit 0")
    done = host.attach(name, "--send", r"\n", "--expect", "never")
    assert done.returncode == 124
    assert f"{name} exited with status 0" in done.stderr
    host.remove(name)


def test_other_keys_leave_and_looking_only_types_nothing(host: Host) -> None:
    with host.task("terminal", "sh", "-c", "echo ready; exec cat") as name:
        with host.sit(name, "--no-stdin", "--detach-keys", "ctrl-p,q") as seat:
            assert ready(seat, name)
            seat.type(b"typed in vain\r")
            seat.type(b"\x10q")
            assert seat.wait() == 0
        with host.sit(name) as seat:
            assert ready(seat, name)
            assert processes.until(lambda: _asks(seat, b"typed\r", b"typed\r\ntyped\r\n"), LIMIT)
            assert b"vain" not in seat.shown
            seat.type(KEYS)
            assert seat.wait() == 0


def test_our_own_ctrl_c_detaches_and_with_sig_proxy_it_goes_to_the_task(host: Host) -> None:
    script = "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    name = host.start("sh", "-c", script)
    with host.sit(name) as seat:
        assert ready(seat, name)
        seat.type(b"\x03")
        assert seat.wait() == 0
    assert host.status(name) == "RUNNING"
    with host.sit(name, "--sig-proxy") as seat:
        assert ready(seat, name)
        seat.type(b"\x03")
        assert seat.sees(b"interrupted")
        assert seat.wait() == 9
    host.remove(name)


def test_a_ctrl_d_is_told_to_change_nothing(any_host: Host) -> None:
    name = any_host.start("sh", "-c", "cat; echo over")
    with any_host.sit(name) as seat:
        assert ready(seat, name)
        seat.type(b"line\r\x04")
        assert seat.sees(b"ctr cannot pass")
        assert seat.sees(b"to leave, type ctrl-] ctrl-] or Ctrl-C")
        assert not processes.until(lambda: b"over" in seat.shown, 0.5)
        seat.type(KEYS)
        assert seat.wait() == 0
    assert any_host.status(name) == "RUNNING"
    any_host.remove(name)


@KINDS
@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_a_containerd_that_stops_leaves_a_task_that_can_be_attached_to_again(
    programs_of: Callable[[str], Path], kuke_ctr: KukeCtr, version: str, kind: str
) -> None:
    with temporary(programs_of(version)) as daemon:
        attach_rounds.provide_image(daemon)
        host = Host(daemon, kuke_ctr.on(daemon))
        with host.task(kind, "sh", "-c", "while read line; do echo got $line; done") as name:
            with host.sit(name) as seat:
                assert ready(seat, name)
                assert daemon.pid is not None
                os.kill(daemon.pid, signal.SIGTERM)
                assert seat.wait() == 125
                assert seat.sees(b"containerd has stopped")
            daemon.start()
            steps = ("--send", r"one\n", "--expect", "got one", "--timeout", "20")
            assert host.attach(name, *steps).returncode == 0


def test_a_dry_run_and_a_trace_show_the_command(host: Host) -> None:
    with host.task("none", "sleep", "1000") as name:
        command = f"ctr -a {host.daemon.address} -n {NAMESPACE} tasks attach {name}\n"
        assert host.attach(name, "--dry-run").stdout == command
        done = host.attach(name, "-x", "--timeout", "0.3")
        assert f"+ {command}" in done.stderr


@KINDS
def test_a_recording_has_no_bytes_of_the_attachment(host: Host, tmp_path: Path, kind: str) -> None:
    name = host.start_kind(kind, "sh", "-c", "read line; sleep 0.5; echo secret; exit 2")
    done = host.attach(name, "--record", str(tmp_path / "rec"), stdin="hidden\n")
    assert done.returncode == 2
    (file,) = (tmp_path / "rec").glob("*attach*")
    text = file.read_text()
    assert '"exit_code": 2' in text
    assert '"sizes"' in text
    assert "secret" not in text
    assert "hidden" not in text
    host.remove(name)


def test_replay_and_output_forms_are_refused(host: Host, tmp_path: Path) -> None:
    for options in (("--replay", str(tmp_path)), ("-o", "json"), ("--expect", "(")):
        done = host.attach("any", *options)
        assert (done.returncode, done.stdout) == (2, "")
