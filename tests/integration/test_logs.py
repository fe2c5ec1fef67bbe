"""`kuke-ctr logs` of real tasks: what their shims write, and when following them ends."""

import json
import os
import shutil
import signal
import subprocess  # noqa: TID251 (a kuke-ctr that goes on)
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kuke_ctr.recipes.logs import default_log
from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.images import Archive, busybox
from scripts.lib.kukeon import write_record
from scripts.lib.processes import until
from tests.support.runner import PROGRAM, KukeCtr

BUSYBOX = "docker.io/library/busybox:1.36"
TRAP = "example.com/trap:1"
FLOOD = "i=0; while [ $i -lt 30000 ]; do echo line-$i; i=$((i+1)); done; printf end"
WANTED = b"".join(b"line-%d\n" % i for i in range(30000)) + b"end"
LIMIT = 30.0
WAIT = "while [ ! -e /tmp/go ]; do sleep 0.01; done"
"""Until a test says so, by a file in the container."""


@pytest.fixture
def run(
    any_containerd: PrivateContainerd, namespace: str, tmp_path: Path
) -> Iterator[Callable[..., str]]:
    """Starts a container with a shell line and ctr's flags; its id."""
    archive = Archive()
    program = any_containerd.programs / "busybox"
    archive.name(busybox(archive, program), BUSYBOX)
    archive.name(busybox(archive, program, labels={"kuke-ctr/log": "/etc/passwd"}), TRAP)
    any_containerd.import_image(archive.write(tmp_path / "busybox.tar"), namespace=namespace)

    def start(line: str, *flags: str, image: str = BUSYBOX, container: str | None = None) -> str:
        return any_containerd.run(
            image, "sh", "-c", line, namespace=namespace, flags=flags, container=container
        )

    yield start
    for task in any_containerd.ctr("tasks", "ls", "-q", namespace=namespace).stdout.split():
        any_containerd.ctr("tasks", "rm", "--force", task, namespace=namespace, check=False)


def go(daemon: PrivateContainerd, namespace: str, container: str) -> None:
    """Let a container that waits go on."""
    words = ("--exec-id", unique("go"), container, "touch", "/tmp/go")
    daemon.ctr("tasks", "exec", *words, namespace=namespace)


def kill(daemon: PrivateContainerd, namespace: str, container: str) -> None:
    daemon.ctr("tasks", "kill", "--signal", "SIGKILL", container, namespace=namespace)
    assert stops(daemon, namespace, container)


def state(daemon: PrivateContainerd, namespace: str, container: str) -> str:
    rows = daemon.ctr("tasks", "ls", namespace=namespace).stdout.splitlines()
    return next((row.split()[2] for row in rows if row.split()[0] == container), "")


def stops(daemon: PrivateContainerd, namespace: str, container: str) -> bool:
    """Whether containerd says so; the process itself may be gone a moment earlier."""
    return until(lambda: state(daemon, namespace, container) == "STOPPED", LIMIT)


Follow = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def following() -> Iterator[Follow]:
    """Starts `kuke-ctr logs -f` with more words."""
    with ExitStack() as started:

        def start(kuke_ctr: KukeCtr, *words: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [PROGRAM, "logs", "-f", *words],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=kuke_ctr.environment,
            )
            started.enter_context(process)
            started.callback(process.kill)
            return process

        yield start


def test_following_shows_all_of_it_and_ends_with_the_task(
    any_containerd: PrivateContainerd,
    namespace: str,
    kuke_ctr: KukeCtr,
    run: Callable[..., str],
    following: Follow,
    tmp_path: Path,
) -> None:
    log = tmp_path / "app.log"
    container = run(f"echo first; {WAIT}; {FLOOD}", "--log-uri", f"file://{log}")
    assert until(lambda: log.exists() and log.read_bytes() == b"first\n", LIMIT)
    ours = kuke_ctr.on(any_containerd)
    done = ours("logs", container, "--namespace", namespace)
    assert (done.returncode, done.stdout, done.stderr) == (0, "first\n", "")
    process = following(ours, container, "--namespace", namespace)
    assert process.stdout is not None
    assert process.stdout.read(6) == b"first\n"
    go(any_containerd, namespace, container)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")
    assert out == WANTED == log.read_bytes().removeprefix(b"first\n")
    assert stops(any_containerd, namespace, container), "nothing was deleted"


def test_a_truncated_a_renamed_and_a_deleted_log_are_followed(
    any_containerd: PrivateContainerd,
    namespace: str,
    kuke_ctr: KukeCtr,
    run: Callable[..., str],
    following: Follow,
    tmp_path: Path,
) -> None:
    log = tmp_path / "app.log"
    line = "n=0; while :; do if [ -e /tmp/go ]; then rm /tmp/go; echo n=$n; n=$((n+1)); fi; "
    container = run(f"{line} sleep 0.01; done", "--log-uri", f"file://{log}")
    ours = kuke_ctr.on(any_containerd)
    process = following(ours, container, "--namespace", namespace)
    assert process.stdout is not None

    def next_line() -> bytes:
        assert process.stdout is not None
        go(any_containerd, namespace, container)
        return process.stdout.readline()

    assert next_line() == b"n=0\n"
    os.truncate(log, 0)
    assert next_line() == b"n=1\n"
    log.rename(tmp_path / "app.log.1")
    log.write_text("another\n")
    assert process.stdout.readline() == b"another\n"
    assert next_line() == b"n=2\n"
    (tmp_path / "app.log.1").unlink()
    assert next_line() == b"n=3\n"
    done = ours("logs", container, "--namespace", namespace, "-x")
    assert done.stdout == "n=1\nn=2\nn=3\n", "the shim still has it"
    assert "the file that its shim writes" in done.stderr
    kill(any_containerd, namespace, container)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, b"", b"")


@pytest.mark.parametrize(
    ("flags", "said"), [(("--null-io",), "null IO"), ((), "kuke-ctr attach")], ids=["null", "fifo"]
)
def test_output_that_is_kept_nowhere_is_5_and_says_why(
    any_containerd: PrivateContainerd,
    namespace: str,
    kuke_ctr: KukeCtr,
    run: Callable[..., str],
    flags: tuple[str, ...],
    said: str,
) -> None:
    container = run("echo x; sleep 1000", *flags)
    done = kuke_ctr.on(any_containerd)("logs", container, "--namespace", namespace)
    assert (done.returncode, done.stdout) == (5, "")
    assert said in done.stderr
    assert state(any_containerd, namespace, container) == "RUNNING"


def test_a_label_that_an_image_brought_shows_nothing(
    any_containerd: PrivateContainerd,
    namespace: str,
    kuke_ctr: KukeCtr,
    run: Callable[..., str],
) -> None:
    container = run("sleep 1000", "--null-io", image=TRAP)
    info = any_containerd.ctr("containers", "info", container, namespace=namespace).stdout
    assert json.loads(info)["Labels"]["kuke-ctr/log"] == "/etc/passwd", "ctr copies them"
    ours = kuke_ctr.on(any_containerd)
    for code in (5, 126):
        done = ours("logs", container, "--namespace", namespace)
        assert (done.returncode, done.stdout) == (code, "")
        if code == 5:
            kill(any_containerd, namespace, container)
    assert "read" in done.stderr


def test_a_log_outlives_its_task_and_the_daemon(
    any_containerd: PrivateContainerd,
    namespace: str,
    kuke_ctr: KukeCtr,
    run: Callable[..., str],
) -> None:
    container = unique("c")
    log = default_log(namespace, container)
    log.parent.mkdir(parents=True)
    try:
        flags = ("--log-uri", f"file://{log}", "--label", f"kuke-ctr/log={log}")
        run("echo one; echo two", *flags, container=container)
        assert stops(any_containerd, namespace, container)
        any_containerd.ctr("tasks", "rm", container, namespace=namespace)
        ours = kuke_ctr.on(any_containerd)
        done = ours("logs", container, "--namespace", namespace, "--tail", "1", "-f")
        assert (done.returncode, done.stdout, done.stderr) == (0, "two\n", "")
        down = ours.set(CONTAINERD_ADDRESS="/nowhere/c.sock")
        done = down("logs", container, "--namespace", namespace)
        assert (done.returncode, done.stdout) == (0, "one\ntwo\n")
        assert "containerd does not answer" in done.stderr
    finally:
        shutil.rmtree(log.parent)


def test_kukeons_log_is_followed_with_the_daemon_down_until_ctrl_c(
    any_containerd: PrivateContainerd,
    namespace: str,
    kuke_ctr: KukeCtr,
    run: Callable[..., str],
    following: Follow,
    tmp_path: Path,
) -> None:
    cell = unique("cell")
    container = f"default_default_{cell}_app"
    write_record(tmp_path / "run", "main", namespace)
    folder = tmp_path / "run" / "data" / "main" / "default" / "default" / cell
    (folder / "app").mkdir(parents=True)
    one = {"id": "app", "containerdId": container}
    (folder / "metadata.json").write_text(json.dumps({"spec": {"containers": [one]}}))
    uri = f"file://{folder / 'app' / 'log'}"
    run(f"echo tick; {WAIT}; echo tock", "--log-uri", uri, container=container)
    ours = kuke_ctr.on(any_containerd)
    down = ours.set(CONTAINERD_ADDRESS="/nowhere/c.sock")
    blind, seeing = (following(each, container, "--realm", "main") for each in (down, ours))
    for process in (blind, seeing):
        assert process.stdout is not None
        assert process.stdout.readline() == b"tick\n"
    log = folder / "app" / "log"
    log.rename(log.with_name("log.1"))  # what is started now finds a log that nobody writes
    log.write_text("")
    late = following(ours, container, "--realm", "main")
    assert late.stderr is not None
    said = late.stderr.readline()
    assert f"the task writes to {log}.1; it is followed as well".encode() in said
    go(any_containerd, namespace, container)
    assert blind.stdout is not None
    assert blind.stdout.readline() == b"tock\n"
    for process in (seeing, late):
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, b"tock\n", b"")
    assert blind.poll() is None
    blind.send_signal(signal.SIGINT)
    out, err = blind.communicate(timeout=30)
    assert (blind.returncode, out) == (130, b"")
    assert b"Ctrl-C to stop" in err


def test_a_container_without_a_task_has_no_log(
    any_containerd: PrivateContainerd,
    namespace: str,
    kuke_ctr: KukeCtr,
    run: Callable[..., str],
) -> None:
    name = unique("c")
    any_containerd.ctr("containers", "create", BUSYBOX, name, "true", namespace=namespace)
    ours = kuke_ctr.on(any_containerd)
    done = ours("logs", name, "--namespace", namespace)
    assert (done.returncode, done.stdout) == (5, "")
    assert "has no task" in done.stderr
    done = ours("logs", f"{name}x", "--namespace", namespace)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"the realm has: {name}" in done.stderr
