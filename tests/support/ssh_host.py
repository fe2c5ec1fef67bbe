"""A host behind sshd: a containerd and an sshd of their own in a private mount namespace.

Nothing of this machine is used but its kernel: /run is a tmpfs there, sshd has its own keys and its
own passwd, and listens on a free port of the loopback. The client's ssh reads a config of the test.
"""

import os
import shutil
import signal
import socket
import subprocess  # noqa: TID251 (the tests start what they are about)
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scripts.lib import programs
from scripts.lib.images import Archive, busybox

NAMES = ("ctr", "containerd", "containerd-shim-runc-v2", "runc", "busybox")
SSH = ("sshd", "ssh", "ssh-keygen")
BUSYBOX = "docker.io/library/busybox:1.36"

_INSIDE = """\
mount -t tmpfs tmpfs /run && mkdir /run/sshd
mount -t tmpfs tmpfs /usr/local/bin && cp -s {programs}/* /usr/local/bin/
mount --bind {base}/passwd /etc/passwd
mkdir -p /opt/kukeon && mount --bind {base}/kukeon /opt/kukeon
containerd -c {base}/containerd.toml --root {base}/root --state /run/state 2>{base}/containerd.log &
echo $! > {base}/containerd.pid
{programs}/sshd -D -f {base}/sshd_config -E {base}/sshd.log &
echo $! > {base}/sshd.pid
wait
"""

_SSHD = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {base}/host_key
AuthorizedKeysFile {base}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
"""

_CLIENT = """\
Host {name}
  HostName 127.0.0.1
  Port {port}
  User root
  IdentityFile {base}/key
  IdentitiesOnly yes
  UserKnownHostsFile {base}/known_hosts
"""

_CONTAINERD = """\
version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", \
"io.containerd.nri.v1.nri"]
"""


@dataclass
class SshHost:
    """`name` is how ssh's config calls it, `client` the folder with the ssh that reads that."""

    name: str
    base: Path
    port: int
    client: Path

    def ctr(self, *words: str, stdin: Path | None = None) -> str:
        """What ctr prints there: the independent witness."""
        with (stdin or Path(os.devnull)).open("rb") as stream:
            inside = ["nsenter", f"--mount=/proc/{self._pid('containerd')}/ns/mnt"]
            argv = [*inside, "/usr/local/bin/ctr", *words]
            done = subprocess.run(argv, stdin=stream, capture_output=True, check=True)
        return done.stdout.decode()

    def ours(self) -> list[str]:
        """The processes there that a connection has started: ctr, its guards, its feeders."""
        there = os.stat(f"/proc/{self._pid('sshd')}/ns/mnt").st_ino  # noqa: PTH116
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (folder / "ns/mnt").stat().st_ino == there:
                    words = (folder / "cmdline").read_bytes().decode().replace("\0", " ").strip()
                    found.append(words)
        stay = ("containerd -c", "containerd-shim", "sshd", "inside.sh")
        return [one for one in found if one and not any(word in one for word in stay)]

    def _pid(self, name: str) -> int:
        return int((self.base / f"{name}.pid").read_text())


@contextmanager
def ssh_host(name: str, base: Path) -> Iterator[SshHost]:
    """Such a host, running, with busybox in the namespace team-a of its realm main."""
    folder = programs.ensure(names=(*NAMES, *SSH))
    port = _write(name, base, folder)
    script = base / "inside.sh"
    script.write_text(_INSIDE.format(base=base, programs=folder))
    argv = ["unshare", "--mount", "--propagation", "private", "sh", str(script)]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True) as running:
        host = SshHost(name, base, port, base / "client")
        try:
            _wait_for(host)
            host.ctr("-n", "team-a", "images", "import", "-", stdin=base / "busybox.tar")
            yield host
        finally:
            _stop(host)
            os.killpg(running.pid, signal.SIGKILL)
    shutil.rmtree(base / "root", ignore_errors=True)


def _write(name: str, base: Path, folder: Path) -> int:
    for one in ("kukeon/data/main", "client"):
        (base / one).mkdir(parents=True)
    for key in ("key", "host_key"):
        argv = [str(folder / "ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(base / key)]
        subprocess.run(argv, check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    values = {"base": base, "port": port, "name": name}
    (base / "authorized_keys").write_text((base / "key.pub").read_text())
    (base / "known_hosts").write_text(f"[127.0.0.1]:{port} {(base / 'host_key.pub').read_text()}")
    (base / "sshd_config").write_text(_SSHD.format(**values))
    (base / "config").write_text(_CLIENT.format(**values))
    (base / "containerd.toml").write_text(_CONTAINERD)
    (base / "passwd").write_text(
        f"root:x:0:0::{base}:/bin/sh\nsshd:x:65534:65534::/run/sshd:/bin/false\n"
    )
    (base / "kukeon/data/main/metadata.json").write_text(
        '{"kind": "Realm", "metadata": {"name": "main"}, "spec": {"namespace": "team-a"}}'
    )
    ssh = base / "client/ssh"
    ssh.write_text(f'#!/bin/sh\nexec {folder / "ssh"} -F {base}/config "$@"\n')
    ssh.chmod(0o755)
    archive = Archive()
    archive.name(busybox(archive, folder / "busybox"), BUSYBOX)
    archive.write(base / "busybox.tar")
    return port


def _wait_for(host: SshHost) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", host.port)):
                host.ctr("version")
                return
        except (OSError, subprocess.CalledProcessError):
            assert time.monotonic() < until, (host.base / "containerd.log").read_text()
            time.sleep(0.05)


def _stop(host: SshHost) -> None:
    with suppress(subprocess.CalledProcessError):
        for task in host.ctr("-n", "team-a", "tasks", "ls", "-q").split():
            host.ctr("-n", "team-a", "tasks", "rm", "--force", task)
    for name in ("sshd", "containerd"):
        with suppress(OSError, ValueError):
            os.kill(host._pid(name), signal.SIGTERM)
