"""`kuke-ctr attach` of a member of group kukeon, who may not use containerd's socket."""

import json
import os
import shutil
import socket
import subprocess  # noqa: TID251 (a server that the tests talk to)
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts.lib import processes
from tests.support.kukeon_host import as_nobody, write_record
from tests.support.kuketty_server import SCREEN
from tests.support.paths import TOP

KUKEON = 64999
"""A group that nobody else has."""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")


@dataclass
class Host:
    """A run path as Kukeon's, and a containerd that is for root."""

    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def cell(self) -> Path:
        return self.folder / "run/data/main/default/default/dev"

    def serve(self, way: str = "usual") -> None:
        """Have a kuketty hold the terminal."""
        path = self.cell / "shell/tty/socket"
        words = (sys.executable, "-m", "tests.support.kuketty_server", path)
        environment = {**os.environ, "PYTHONPATH": str(TOP)}
        more = (self.folder / "requests", way, "cat")
        self.started.append(subprocess.Popen([*words, *more], env=environment))
        assert processes.until(path.exists, 20)
        os.chown(path, 0, KUKEON)
        path.chmod(0o660)

    def attach(
        self, *options: str, groups: tuple[int, ...] = (KUKEON,), limit: str = "20"
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "CONTAINERD_ADDRESS": str(self.folder / "containerd.sock"),
            "KUKEON_RUN_PATH": str(self.folder / "run"),
            "KUKE_CTR_BIN": "/bin/true",
        }
        words = ("attach", "-r", "main", "--timeout", limit, *options)
        return as_nobody(environment, *words, groups=groups)


@pytest.fixture
def host() -> Iterator[Host]:
    folder = Path(tempfile.mkdtemp(prefix="kuke-members-", dir="/tmp"))
    folder.chmod(0o755)
    host = Host(folder)
    containers = [
        {"id": name, "containerdId": f"default_default_dev_{name}", **more}
        for name, more in {"shell": {"attachable": True}, "web": {}}.items()
    ]
    (host.cell / "shell/tty").mkdir(parents=True)
    write_record(folder / "run/data/main/metadata.json", "main", "kukeon-main")
    record = {"kind": "Cell", "spec": {"containers": containers}}
    (host.cell / "metadata.json").write_text(json.dumps(record))
    for path in ((folder / "run"), *(folder / "run").rglob("*")):
        os.chown(path, 0, KUKEON)
        path.chmod(0o2750 if path.is_dir() else 0o640)
    with socket.socket(socket.AF_UNIX) as containerd:
        containerd.bind(str(folder / "containerd.sock"))
        containerd.listen()
        (folder / "containerd.sock").chmod(0o660)
        yield host
    for server in host.started:
        server.kill()
        server.wait()
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["default_default_dev_shell", "dev", "dev/shell"])
def test_kukettys_terminal_is_found_by_the_record(host: Host, name: str) -> None:
    host.serve()
    done = host.attach(name, "--expect", "screen")
    assert (done.returncode, done.stdout) == (0, SCREEN.decode()), done.stderr
    assert "no permission to use containerd's socket" in done.stderr
    assert "kuketty holds the terminal of default_default_dev_shell" in done.stderr


def test_so_it_is_where_containerd_is_down(host: Host) -> None:
    host.serve()
    (host.folder / "containerd.sock").unlink()
    done = host.attach("dev", "--expect", "screen")
    assert (done.returncode, done.stdout) == (0, SCREEN.decode()), done.stderr
    assert "containerd.sock does not exist; Kukeon's record says" in done.stderr


def test_so_it_is_in_a_realm_whose_record_names_no_namespace(host: Host) -> None:
    write_record(host.cell.parents[2] / "metadata.json", "main", None)
    host.serve()
    assert host.attach("dev", "--expect", "screen").returncode == 0


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("default_default_dev_web", (KUKEON,)),
        ("default_default_gone_shell", (KUKEON,)),
        ("default_default_dev_shell", ()),
        ("dev", ()),
    ],
)
def test_else_the_error_stays(host: Host, name: str, groups: tuple[int, ...]) -> None:
    host.serve()
    done = host.attach(name, groups=groups)
    assert (done.returncode, done.stdout) == (125, "")
    assert "no permission to use containerd's socket" in done.stderr
    assert "sudo" in done.stderr


def test_where_no_kuketty_listens_the_logs_are_named(host: Host) -> None:
    done = host.attach("dev")
    assert done.returncode == 125
    assert "has no terminal now" in done.stderr
    assert "to start the cell: `kuke start dev --realm main` (" in done.stderr
    assert "; `kuke-ctr logs " in done.stderr
    assert "exec" not in done.stderr


def test_a_container_in_its_setup_is_waited_for_without_its_log(host: Host) -> None:
    """kuketty.log is for root alone."""
    record = json.loads((host.cell / "metadata.json").read_text())
    stages = [{"script": "sleep 600", "runOn": "create"}]
    record["spec"]["containers"][0]["tty"] = {"onInit": stages}
    (host.cell / "metadata.json").write_text(json.dumps(record))
    host.serve("setting-up")
    assert processes.until((host.cell / "shell/tty/kuketty.log").exists, 20)
    (host.cell / "shell/tty/kuketty.log").chmod(0o600)
    done = host.attach("dev", limit="1")
    assert (done.returncode, done.stdout) == (124, ""), done.stderr
    assert "permission denied reading" in done.stderr
    assert "the time limit of 1 second passed" in done.stderr
