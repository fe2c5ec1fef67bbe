"""The process around the command line: signals before it begins and at its end, a full disk."""

import os
import signal
import socket
import subprocess  # noqa: TID251
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts.lib import processes
from tests.support.prepared import stop_shared
from tests.support.runner import PROGRAM, KukeCtr

LIMIT = 60.0

_CTRL_C_DURING = """
import importlib.abc, os, signal, sys

class CtrlC(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, CtrlC())
from kuke_ctr.__main__ import run
sys.exit(run())
"""


@pytest.mark.parametrize("module", ["typer", "kuke_ctr.render", "kuke_ctr.commands.host.schema"])
def test_ctrl_c_during_the_imports_is_130_without_a_traceback(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CTRL_C_DURING.format(module=module), "schema", "images"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr in ("", "kuke-ctr: interrupted\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_under_the_output_is_one_sentence(unbuffered: str) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "kuke_ctr", "schema", "images"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={"PYTHONUNBUFFERED": unbuffered, "PYTHONPATH": ":".join(sys.path)},
        )
    assert done.returncode == 1
    assert done.stderr == "kuke-ctr: cannot write to stdout: No space left on device\n"


@pytest.mark.parametrize(("words", "code"), [(("nope",), 2), (("schema", "images"), 0)])
def test_a_full_disk_under_stderr_changes_nothing(words: tuple[str, ...], code: int) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "kuke_ctr", *words],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            check=False,
        )
    assert done.returncode == code
    assert bool(done.stdout) == (code == 0)


@contextmanager
def stuck(*words: str, by: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """A kuke-ctr whose output nobody takes, once it waits for that."""
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        while processes.until(lambda: _written(writer), 0):
            pass
        os.set_blocking(writer, True)
        environment = {name: value for name, value in os.environ.items() if "UNBUF" not in name}
        argv = [*by, sys.executable, "-m", "kuke_ctr", *words]
        with subprocess.Popen(
            argv, stdout=writer, stderr=subprocess.PIPE, env=environment
        ) as program:
            try:
                assert processes.until(lambda: _waits_in_a_pipe(program.pid), LIMIT)
                yield program
            finally:
                program.kill()
    finally:
        os.close(reader)
        os.close(writer)


def _written(pipe: int) -> bool:
    try:
        return os.write(pipe, b"x" * 4096) > 0
    except BlockingIOError:
        return False


def _waits_in_a_pipe(pid: int) -> bool:
    return "pipe_w" in Path(f"/proc/{pid}/wchan").read_text()


@pytest.mark.parametrize("words", [("--version",), ("schema", "images")])
@pytest.mark.parametrize(
    ("number", "ends"),
    [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP)],
)
def test_one_signal_ends_what_waits_for_a_reader(
    words: tuple[str, ...], number: signal.Signals, ends: int
) -> None:
    with stuck(*words) as program:
        program.send_signal(number)
        assert program.wait(LIMIT) == ends
        assert program.stderr is not None
        assert program.stderr.read() == b"kuke-ctr: interrupted\n"


def test_a_hangup_that_was_ignored_stays_ignored() -> None:
    with stuck("--version", by=["nohup"]) as program:
        program.send_signal(signal.SIGHUP)
        program.send_signal(signal.SIGTERM)
        assert program.wait(LIMIT) == -signal.SIGTERM


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a kuke-ctr whose ctr does as its last word says."""
    folder = tmp_path_factory.mktemp("behind")
    (folder / "ctr").write_text(
        f'#!/bin/sh\necho "$*"\necho said >&2\necho $$ >{folder}/pid\n'
        'case "$*" in *die) kill -9 $$;; *wait) exec /bin/sleep 300;; esac\n'
    )
    (folder / "ctr").chmod(0o755)
    address = str(folder / "c.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        home = {"PATH": str(folder), "HOME": str(folder), "CONTAINERD_ADDRESS": address}
        yield {**home, "LC_ALL": "C.UTF-8"}
    stop_shared()


@pytest.mark.parametrize(
    ("words", "stdin", "code"),
    [
        (("--version",), "", 0),
        (("kuke-ctr images l", "l"), "", 0),
        (("images", "--help"), "", 0),
        (("nope\udcff",), "", 2),
        (("parse", "leases"), "no table\udcff\n", 4),
        (("ctr", "-n", "x", "--", "die"), "", -signal.SIGKILL),
    ],
)
def test_the_process_of_most_tests_is_what_the_installed_command_is(
    behind: dict[str, str], words: tuple[str, ...], stdin: str, code: int
) -> None:
    """tests/support/prepared.py: its streams, its exit code, and what it becomes."""
    if words[-1] == "l":
        behind = {**behind, "_KUKE_CTR_COMPLETE": "bash"}
    installed = subprocess.run(
        [PROGRAM, *words],
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
        env=behind,
    )
    prepared = KukeCtr(behind)(*words, stdin=stdin)
    assert (installed.returncode, prepared.returncode) == (code, code)
    assert (prepared.stdout, prepared.stderr) == (installed.stdout, installed.stderr)


def test_the_process_of_most_tests_is_ended_at_its_time_limit(behind: dict[str, str]) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        KukeCtr(behind)("ctr", "-n", "x", "--", "wait", timeout=3)
    pid = int(Path(behind["HOME"], "pid").read_text())
    assert processes.until(lambda: not processes.started(pid), LIMIT)
