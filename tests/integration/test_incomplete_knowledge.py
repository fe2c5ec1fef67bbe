"""A containerd or a shim that hangs while somebody leaves a run: what runs stays as it is."""

import json
import os
import signal
import subprocess  # noqa: TID251 (for its constants)
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.containerd import unique
from tests.support.running import BUSYBOX, LIMIT, Place
from tests.support.scripts import signal_taken


def state(place: Place, name: str) -> str:
    """The task's row, by ctr itself."""
    return next((row for row in place.ctr("tasks", "ls").splitlines() if name in row), "")


def shims_of(place: Place, name: str) -> list[int]:
    """The parent of the task."""
    pid = int(state(place, name).split()[1])
    return [shim for shim in place.daemon.shims() if pid in processes.children(shim)]


@pytest.mark.parametrize("who", ["containerd", "shim"])
def test_a_run_that_is_left_while_somebody_hangs_stays(any_place: Place, who: str) -> None:
    name = unique("hung")
    script = "trap '' INT TERM; echo ready; exec sleep 3600"
    words = ("run", "--rm", "--name", name, *any_place.own(), BUSYBOX, "sh", "-c", script)
    pipe = subprocess.PIPE
    with any_place.start(*words, stdout=pipe, stderr=pipe) as client:
        assert client.stdout is not None
        assert client.stderr is not None
        assert client.stdout.readline() == b"ready\n"
        daemon = any_place.daemon.pid
        assert daemon is not None
        hung = [daemon] if who == "containerd" else shims_of(any_place, name)
        assert hung
        for pid in hung:
            os.kill(pid, signal.SIGSTOP)
        try:
            for _ in range(3):
                client.send_signal(signal.SIGINT)
                assert processes.until(lambda: signal_taken(signal.SIGINT, client.pid), LIMIT)
            assert client.wait(LIMIT) == 130
        finally:
            for pid in hung:
                os.kill(pid, signal.SIGCONT)
        said = client.stderr.read().decode()
    assert f"{name} may still be running" in said
    assert processes.until(lambda: "RUNNING" in state(any_place, name), LIMIT)
    assert name in any_place.ctr("containers", "ls", "-q")
    any_place.ctr("tasks", "kill", "-s", "KILL", name)


def test_a_label_does_not_make_the_shim_write_into_a_file(any_place: Place, tmp_path: Path) -> None:
    prey = tmp_path / "prey"
    prey.write_text("of the host\n")
    name = unique("label")
    flags = ("--label", f"kuke-ctr/log={prey}")
    made = any_place("containers", "create", *flags, BUSYBOX, name, "echo", "of the tenant")
    assert made.returncode == 0, made.stderr
    started = any_place("tasks", "start", "-d", name)
    assert started.returncode == 0, started.stderr
    log = Path("/var/log/kuke-ctr", any_place.namespace, f"{name}.log")
    assert processes.until(lambda: "of the tenant" in log.read_text(), LIMIT)
    assert prey.read_text() == "of the host\n"
    info = json.loads(any_place.ctr("containers", "info", name))
    assert info["Labels"]["kuke-ctr/log"] == str(log)
