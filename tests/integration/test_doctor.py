"""`doctor` on a real containerd on which much is wrong; that it changes nothing."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.images import Archive, busybox, files
from tests.support.kukeon_host import write_record
from tests.support.runner import KukeCtr

REF = "docker.io/library/busybox:1.36"
LOST = "example.com/lost:1"
MISTAKE = "example.com/mistake:1"
OLD = "2026-01-01T00:00:00Z"
READING = {"ls", "info", "check", "usage", "mounts", "version", "--version"}


class Host:
    """A realm with much that is wrong in it, and what kuke-ctr says of it."""

    def __init__(self, daemon: PrivateContainerd, kuke_ctr: KukeCtr, folder: Path) -> None:
        self.daemon = daemon
        self.realm = unique("sick")
        self.namespace = f"kukeon-{self.realm}"
        self.names = {name: unique(name) for name in ("idle", "lost", "ended")}
        self._kuke_ctr = kuke_ctr.on(daemon).set(
            **{k: v for k, v in daemon.environment.items() if k == "CONTAINERD_SNAPSHOTTER"}
        )
        run_path = Path(self._kuke_ctr.environment["KUKEON_RUN_PATH"])
        write_record(run_path / f"data/{self.realm}/metadata.json", self.realm, self.namespace)
        self._fill(folder)

    def _fill(self, folder: Path) -> None:
        archive, broken, other = Archive(), Archive(), Archive()
        archive.name(busybox(archive, self.daemon.programs / "busybox"), REF)
        broken.name(broken.manifest([files({"f": b"lost"})]), LOST)
        other.name(other.manifest([files({"f": b"other"})]), MISTAKE)
        unpacked = ("--snapshotter", self.daemon.snapshotter)
        self.load(archive.write(folder / "a.tar"), self.namespace, *unpacked)
        self.load(broken.write(folder / "b.tar"), self.namespace, "--no-unpack")
        for namespace in ("default", f"{self.realm}.kukeon.io"):
            self.load(other.write(folder / "c.tar"), namespace, "--no-unpack")
        row = self.ctr("images", "ls", f"name=={LOST}").splitlines()[1].split()
        self.ctr(
            "content", "rm", json.loads(self.ctr("content", "get", row[2]))["layers"][0]["digest"]
        )
        self.ctr("snapshots", "prepare", "young")
        self.ctr("namespaces", "create", f"{self.namespace}_history")
        for name in ("idle", "lost"):
            self.ctr("containers", "create", REF, self.names[name])
        self.ctr("snapshots", "rm", self.names["lost"])
        self.ctr(
            "run",
            "-d",
            "--null-io",
            "--runc-root",
            str(self.daemon.runc_root),
            REF,
            self.names["ended"],
            "true",
        )

    def load(self, path: Path, namespace: str, *flags: str) -> None:
        self.daemon.import_image(path, *flags, namespace=namespace)

    def ctr(self, *words: str) -> str:
        return self.daemon.ctr(*words, namespace=self.namespace).stdout

    def run(self, *words: str) -> tuple[int, str, str]:
        done = self._kuke_ctr(*words)
        return done.returncode, done.stdout, done.stderr

    def doctor(self, *words: str) -> dict[str, dict[str, Any]]:
        """Check -> finding, of this realm; exit code 5."""
        code, out, _ = self.run("doctor", "-r", self.realm, "-o", "json", *words)
        assert code == 5
        return {one["check"]: one for one in json.loads(out)}

    def state(self) -> list[str]:
        """All that ctr lists of it, but for ages."""
        nouns = ("images", "containers", "tasks", "snapshots", "leases")
        lists = [*self.ctr("content", "ls", "-q").splitlines()]
        for noun in nouns:
            lists += sorted(self.ctr(noun, "ls").splitlines())
        return lists


@pytest.fixture(scope="module")
def host(containerd: PrivateContainerd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A daemon with a realm, and what was done to it."""
    folder = tmp_path_factory.mktemp("doctor")
    for name in ("home", "run"):
        (folder / name).mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "KUKEON_RUN_PATH": str(folder / "run"),
        "LC_ALL": "C.UTF-8",
    }
    made = Host(containerd, KukeCtr(environment), folder)
    yield made
    ended = made.names["ended"]  # a test has deleted its task, if it ran
    containerd.ctr("tasks", "rm", "--force", ended, namespace=made.namespace, check=False)
    for namespace in ("default", f"{made.realm}.kukeon.io"):
        containerd.ctr("images", "rm", MISTAKE, namespace=namespace)


def test_all_that_is_wrong_is_found_and_nothing_is_changed(host: Host) -> None:
    before = host.state()
    found = host.doctor()
    assert {check: one["severity"] for check, one in found.items()} == {
        "image-incomplete": "error",
        "container-without-snapshot": "error",
        "residual-namespace": "warning",
        "container-without-task": "warning",
        "task-stopped": "warning",
        "history-namespace": "info",
        "snapshot-unused": "info",
    }
    assert found["image-incomplete"]["names"] == [LOST]
    assert found["container-without-task"]["names"] == [host.names["idle"]]
    assert found["task-stopped"]["names"] == [host.names["ended"]]
    assert found["snapshot-unused"]["names"] == ["young"]
    assert host.state() == before


def test_the_whole_host_shows_the_image_in_default_and_only_reads(host: Host) -> None:
    code, out, err = host.run("doctor", "-o", "json", "-x")
    assert code == 5
    found = {one["check"]: one for one in json.loads(out) if one["namespace"] == "default"}
    assert MISTAKE in found["image-elsewhere"]["names"]
    calls = [line.split() for line in err.splitlines() if line.startswith("+ ")]
    assert len(calls) > 8
    assert all(READING & set(call) for call in calls), err
    assert not any({"rm", "label", "create", "import", "delete"} & set(call) for call in calls)


def test_what_the_findings_name_mends_them(host: Host) -> None:
    mended = ("container-without-snapshot", "task-stopped", "residual-namespace")
    for _ in range(2):  # a namespace is removed once its images are in the realm
        found = host.doctor()
        for line in [line for check in mended if check in found for line in found[check]["fix"]]:
            code, _, err = host.run(*line.split()[1:])
            assert code == 0, err
    assert not set(mended) & host.doctor().keys()


def test_a_daemon_that_hangs_is_the_first_finding(host: Host) -> None:
    pid = host.daemon.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        code, out, _ = host.run("doctor", "--timeout", "0.5")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert code == 5
    assert out.startswith("HOST\n  error    ctr did not answer within 0.5 seconds")
