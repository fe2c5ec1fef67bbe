"""How `--hosts` grows: hosts made of a stand-in ssh, which answers from files after a delay."""

import os
import shlex
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
FILES = "kuke-ctr files\nv HOME /root\nt 3 /opt/kukeon\nt 1 /etc/kukeon/kukeond.yaml\n.\n"
NAMESPACE = "kukeon-main"

_SCRIPT = """#!/bin/sh
for command; do :; done
case $command in
*" sh -s "*) answer=files ;;
*" namespaces ls -q") answer=namespaces ;;
*" images ls -q") answer=names ;;
*) answer=images ;;
esac
sleep {delay}
exec cat {folder}/$answer
"""


@dataclass(frozen=True)
class Grown:
    """One run: seconds, peak memory of kuke-ctr in bytes, its most children at once."""

    seconds: float
    peak: int
    clients: int
    first_row: float


def stand_in(folder: Path, table: Path, delay: float) -> Path:
    """A folder for PATH, whose ssh answers `images ls` of any host with this table."""
    names = [line.split()[0] for line in table.read_text().splitlines()[1:]]
    (folder / "files").write_text(FILES)
    (folder / "namespaces").write_text(f"default\n{NAMESPACE}\n")
    (folder / "names").write_text("\n".join(names) + "\n")
    (folder / "images").write_text(table.read_text())
    program = folder / "bin/ssh"
    program.parent.mkdir()
    program.write_text(_SCRIPT.format(delay=delay, folder=shlex.quote(str(folder))))
    program.chmod(0o755)
    return program.parent


def grow(kuke_ctr: Path, path: Path, hosts: int, fanout: int, output: str) -> Grown:
    """`images ls` on so many hosts."""
    words = ("images", "ls", "-r", "main", "--hosts", f"web[1-{hosts}]", "-o", output)
    environment = {**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}"}
    begin = time.perf_counter()
    child = subprocess.Popen(
        [kuke_ctr, *words, "--fanout", str(fanout)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert child.stdout is not None
    os.set_blocking(child.stdout.fileno(), False)
    peak, clients, first_row = 0, 0, 0.0
    while child.poll() is None:
        peak, clients = max(peak, _peak(child.pid)), max(clients, _children(child.pid))
        if child.stdout.read() and not first_row:
            first_row = time.perf_counter() - begin
        time.sleep(0.01)
    child.stdout.close()
    seconds = time.perf_counter() - begin
    if child.returncode:
        raise RuntimeError(f"kuke-ctr exited {child.returncode}")
    return Grown(seconds, peak, clients, first_row or seconds)


def _peak(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _children(pid: int) -> int:
    with suppress(OSError):
        return len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return 0
