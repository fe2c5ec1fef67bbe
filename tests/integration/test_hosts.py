"""Another host behind a real sshd: what is read, what runs there, and that nothing is left."""

import os
import signal
import socket
import subprocess  # noqa: TID251 (kuke-ctr as a process that is killed)
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.lib import programs
from scripts.lib.containerd import unique
from scripts.lib.seat import Seat
from tests.support.runner import PROGRAM, KukeCtr
from tests.support.ssh_host import BUSYBOX, SSH, SshHost, ssh_host

RECORDER = (
    'for s in HUP INT TERM PIPE CONT WINCH USR1; do trap "echo got-$s >> /seen" $s; done; '
    ": > /seen; while :; do echo tick; sleep 0.1; done"
)
"""Writes down every signal that it gets, and goes on."""


@pytest.fixture(scope="module")
def web3(
    programs_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SshHost]:
    programs_of("native")  # root
    try:
        programs.ensure(names=SSH)
    except programs.Unavailable as unavailable:
        pytest.skip(str(unavailable))
    with ssh_host("web3", tmp_path_factory.mktemp("web3")) as host:
        yield host


@pytest.fixture
def kuke(web3: SshHost, kuke_ctr: KukeCtr, tmp_path: Path) -> KukeCtr:
    """kuke-ctr with the ssh of the test, which knows web3, and no ctr of its own."""
    path = f"{web3.client}:/usr/bin:/bin"
    return kuke_ctr.set(PATH=path, KUKE_CTR_HOST="web3", KUKE_CTR_REALM="main")


@pytest.fixture(scope="module")
def recorder(web3: SshHost) -> str:
    """A container whose process writes its signals down."""
    name = unique("rec")
    argv = ("-n", "team-a", "run", "-d", BUSYBOX, name, "sh", "-c", RECORDER)
    web3.ctr(*argv)
    return name


def settled(host: SshHost) -> list[str]:
    """What connections have left there, once that has had a moment to end."""
    until = time.monotonic() + 5
    while (left := [one for one in host.ours() if "got-$s" not in one and one != "sleep 0.1"]) and (
        time.monotonic() < until
    ):
        time.sleep(0.05)
    return left


def signals_of(host: SshHost, name: str) -> str:
    pid = next(
        line.split()[1]
        for line in host.ctr("-n", "team-a", "tasks", "ls").splitlines()
        if line.startswith(f"{name} ")
    )
    return Path(f"/proc/{pid}/root/seen").read_text()


def test_lists_and_records_are_those_of_the_other_host(web3: SshHost, kuke: KukeCtr) -> None:
    done = kuke("images", "ls", "-q", "-x")
    assert (done.returncode, done.stdout) == (0, f"{BUSYBOX}\n"), done.stderr
    assert "\n+ ssh web3 ctr -n team-a images ls" in done.stderr
    assert "/opt/kukeon/data/main/metadata.json" in kuke("realms", "resolve", "--explain").stdout
    assert settled(web3) == []


def test_a_command_there_has_its_input_its_output_and_its_exit_code(
    web3: SshHost, kuke: KukeCtr, recorder: str
) -> None:
    done = kuke(
        "exec", "-i", recorder, "sh", "-c", "wc -c; echo e >&2; exit 255", stdin="x" * 60000
    )
    assert (done.returncode, done.stdout, done.stderr) == (255, "60000\n", "e\n")
    assert kuke("exec", recorder, "no-such").returncode == 127
    assert settled(web3) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_an_attachment_that_ends_does_no_harm(
    web3: SshHost, kuke: KukeCtr, recorder: str, number: signal.Signals
) -> None:
    argv = [str(PROGRAM), "attach", recorder]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, env=kuke.environment) as attached:
        assert attached.stdout is not None
        assert attached.stdout.readline() == b"tick\n"
        attached.send_signal(number)
        attached.wait(10)
    assert settled(web3) == []
    assert signals_of(web3, recorder) == ""


def test_a_lost_connection_is_told_and_does_no_harm(
    web3: SshHost, kuke: KukeCtr, recorder: str
) -> None:
    argv = [str(PROGRAM), "attach", recorder]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        argv, stdin=pipe, stdout=pipe, stderr=pipe, env=kuke.environment
    ) as attached:
        assert attached.stdout is not None and attached.stderr is not None
        assert attached.stdout.readline() == b"tick\n"
        children = Path(f"/proc/{attached.pid}/task/{attached.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        attached.stdout.read()
        assert attached.wait(10) == 125
        # one that was killed was ctr's ssh or the connection: which is noticed first is chance
        said = attached.stderr.read()
        assert b"still running" in said or b"the connection to web3 was lost" in said
    assert settled(web3) == []
    assert signals_of(web3, recorder) == ""


def test_ctrl_c_and_the_exit_code_come_through_a_terminal(
    web3: SshHost, kuke: KukeCtr, recorder: str
) -> None:
    with Seat([str(PROGRAM), "exec", "-it", recorder, "sh"], kuke.environment) as seat:
        assert seat.sees(b"# ")
        seat.type(b"stty size; cat\n")
        assert seat.sees(b"24 80")
        seat.type(b"\x03")
        assert seat.sees(b"^C\r\n/ # ")  # the shell there reads again
        seat.type(b"exit 6\n")
        assert seat.wait() == 6
    assert settled(web3) == []


@pytest.mark.parametrize("way", ["ctrl-c", "timeout"])
def test_a_signal_for_the_command_gets_to_the_process_there(
    web3: SshHost, kuke: KukeCtr, recorder: str, way: str
) -> None:
    """Without a terminal there: the connection shares our process group, and stays."""
    traps = 'trap "echo int; exit 255" INT; trap "echo term; exit 255" TERM; '
    command = f"{traps} echo ready; while :; do sleep 0.1; done"
    line = [str(PROGRAM), "exec", recorder, "sh", "-c", command]
    with Seat(line, kuke.environment) as seat:
        assert seat.sees(b"ready")
        if way == "ctrl-c":
            seat.type(b"\x03")
        else:
            os.killpg(seat.program.pid, signal.SIGTERM)
        assert seat.wait() == 255
        assert (b"int" if way == "ctrl-c" else b"term") in seat.whole()
        assert b"lost" not in seat.whole()
    assert settled(web3) == []


def test_a_time_limit_leaves_nothing_there(web3: SshHost, kuke: KukeCtr, recorder: str) -> None:
    done = kuke("exec", "--timeout", "1", recorder, "sleep", "100")
    assert done.returncode == 124, done.stderr
    assert kuke("events", "--timeout", "0.5").returncode == 0
    assert settled(web3) == []


@pytest.mark.parametrize(
    ("break_it", "said", "hint"),
    [
        ("authorized_keys", "Permission denied (publickey", "no key of yours"),
        ("known_hosts", "Host key verification failed", "`ssh-keygen -f"),
    ],
)
def test_a_refused_key_is_told_and_asks_nobody(
    web3: SshHost, kuke: KukeCtr, break_it: str, said: str, hint: str
) -> None:
    file = web3.base / break_it
    before = file.read_text()
    other = (web3.base / "key.pub").read_text()
    file.write_text("" if break_it == "authorized_keys" else f"[127.0.0.1]:{web3.port} {other}")
    try:
        done = kuke("images", "ls")
    finally:
        file.write_text(before)
    assert done.returncode == 1
    assert said in done.stderr
    assert hint in done.stderr


def test_a_host_that_says_nothing_has_a_limit(kuke: KukeCtr) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        begin = time.monotonic()
        done = kuke("images", "ls", "--host", f"ssh://127.0.0.1:{port}", "--timeout", "1")
        assert time.monotonic() - begin < 6
    assert done.returncode == 1
    assert "timed out" in done.stderr


def test_no_connection_and_no_socket_is_left_here(web3: SshHost, kuke: KukeCtr) -> None:
    sockets = Path(f"/tmp/kuke-ctr-{os.geteuid()}")
    before = set(sockets.iterdir()) if sockets.exists() else set()
    argv = [str(PROGRAM), "events"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=kuke.environment) as running:
        assert running.stdout is not None
        until = time.monotonic() + 10
        while not (made := set(sockets.iterdir()) - before if sockets.exists() else set()):
            assert time.monotonic() < until
            time.sleep(0.02)
        running.kill()
    until = time.monotonic() + 5
    while made & set(sockets.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not made & set(sockets.iterdir())
    assert settled(web3) == []


def test_many_hosts_are_shown_together(web3: SshHost, kuke: KukeCtr) -> None:
    done = kuke("images", "ls", "--hosts", "web3,127.0.0.9", "--columns", "host,ref")
    assert done.returncode == 1
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["HOST", "REF"],
        ["web3", BUSYBOX],
    ]
    first, *_ = done.stderr.splitlines()
    assert first.startswith("kuke-ctr: 127.0.0.9: ssh could not reach 127.0.0.9")
    assert settled(web3) == []


def test_an_image_goes_from_one_host_to_another(web3: SshHost, kuke: KukeCtr) -> None:
    place = ("--from-host", "web3", "--to-host", "root@web3", "--to-namespace", unique("to"))
    done = kuke("images", "copy", BUSYBOX, *place, "--as", "docker.io/library/sent:1", "-q")
    assert (done.returncode, done.stdout) == (0, "docker.io/library/sent:1\n"), done.stderr
    assert "complete (2/2)" in web3.ctr("-n", place[-1], "images", "check")
    assert settled(web3) == []
