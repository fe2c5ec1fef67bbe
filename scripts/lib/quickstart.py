"""A small Kukeon host under `.demo/`: a private containerd, two realms, images, two containers."""

import argparse
import contextlib
import errno
import os
import re
import shlex
import shutil
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import sys
import tempfile
from pathlib import Path

from scripts.lib import containerd, kukeon, programs, venv
from scripts.lib.containerd import NotStarted, PrivateContainerd
from scripts.lib.images import Archive, busybox

TOP = venv.TOP
DEMO = TOP / ".demo"
RUN_PATH = DEMO / "run"
RECORDED = TOP / "fixtures" / "ctr-output" / "kukeon-0.9.1"

REALMS = {"main": "kukeon-main", "kukeon-system": "kukeon-system"}
BUSYBOX = "docker.io/library/busybox:1.36"
PLATFORMS = ("linux/arm64/v8", "linux/s390x")
# what runs in realm main: the words of `kuke-ctr run`, without the image
WEB = ("sh", "-c", "while true; do date; sleep 5; done")
SHELL = ("sh",)

SHOWN = (
    ("images", "ls", "--realm", "main"),
    ("containers", "ls", "--realm", "main"),
    ("tasks", "ls", "--realm", "main"),
)
TO_TRY = (
    "kuke-ctr logs -f web                  # Ctrl-C leaves",
    "kuke-ctr exec -it web sh              # a new shell in the container; exit leaves",
    "kuke-ctr attach shell                 # its own terminal; Ctrl-] twice leaves it running",
    "kuke-ctr tasks ls -x                  # shows the ctr command that it runs",
    "kuke-ctr images ls --all-realms -o json",
    "kuke-ctr realms resolve main --explain",
    f"kuke-ctr run --rm -it {BUSYBOX}",
)


def start() -> int:
    """Install, start the demo (again), show the main job; the exit code."""
    folder = venv.ensure()
    if os.geteuid() != 0:
        return replay(folder, "starting a containerd needs root: `sudo scripts/quickstart` does it")
    try:
        daemon = PrivateContainerd(programs.ensure(), _base())
        if _is_up(daemon):
            print("the demo is up already")
        else:
            _end()  # what a demo has left whose containerd has died
            daemon = PrivateContainerd(daemon.programs, _base())
            _set_up(daemon)
    except programs.Unavailable as unavailable:
        return replay(folder, str(unavailable))
    except (NotStarted, RuntimeError) as failed:
        _end()
        return replay(folder, f"the private containerd did not work here: {failed}")
    code = show(daemon)
    if code == 0:
        _say_what_next(daemon)
    return code


def stop() -> int:
    """End the demo and delete what it made; the virtual environment and the cache stay.

    Raises PermissionError where the demo is another user's.
    """
    if not DEMO.exists():
        print("there is no demo to stop: .demo/ does not exist")
        return 0
    if not os.access(DEMO, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(DEMO))
    _end()
    print("stopped the demo's containers and its containerd, and deleted .demo/")
    return 0


def _end() -> None:
    base = DEMO / "containerd"
    if base.exists():
        # the folder of programs may be gone, and what is running is ended all the same
        daemon = PrivateContainerd(programs.CACHE / "programs" / programs.NATIVE / "bin", _base())
        if daemon.pid is not None:
            with contextlib.suppress(OSError, RuntimeError, subprocess.SubprocessError):
                _remove_containers(daemon)
        daemon.stop()
    shutil.rmtree(DEMO, ignore_errors=True)


def _remove_containers(daemon: PrivateContainerd) -> None:
    """By kuke-ctr itself: it removes the log file of what somebody has started with `run -d`."""
    daemon.remove_tasks()
    for namespace in REALMS.values():
        _run(daemon, "containers", "rm", "--all", "--yes", "--namespace", namespace)


def _run(daemon: PrivateContainerd, *words: str) -> subprocess.CompletedProcess[str]:
    """Run kuke-ctr on the demo's containerd, with what it prints kept."""
    return subprocess.run(
        [venv.VENV / "bin" / "kuke-ctr", *words],
        env=_environment(daemon),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _environment(daemon: PrivateContainerd) -> dict[str, str]:
    own = {"CONTAINERD_ADDRESS": daemon.address, "KUKEON_RUN_PATH": str(RUN_PATH)}
    return {**daemon.environment, **own}


def replay(folder: Path, why: str) -> int:
    """The main job without a containerd: answers recorded on a real Kukeon host."""
    print(f"{why}\n\nNothing was started. These lists were recorded on a real Kukeon host:")
    for words in SHOWN:
        flags = ("--run-path", str(RECORDED / "run"), "--replay", str(RECORDED / "ctr"))
        code = _kuke_ctr(folder, (*flags, *words), dict(os.environ))
        if code != 0:
            return code
    return 0


def show(daemon: PrivateContainerd) -> int:
    """The three lists, each with the ctr commands that it runs."""
    for words in SHOWN:
        code = _kuke_ctr(venv.VENV / "bin", ("-x", *words), _environment(daemon))
        if code != 0:
            return code
    return 0


def _kuke_ctr(folder: Path, words: tuple[str, ...], environment: dict[str, str]) -> int:
    shown = [os.path.relpath(word) if word.startswith(f"{TOP}/") else word for word in words]
    print(f"\n$ kuke-ctr {shlex.join(shown)}", flush=True)
    return subprocess.run([folder / "kuke-ctr", *words], env=environment, check=False).returncode


def _base() -> Path:
    """The daemon's folder: `.demo/containerd`, or a link there where a socket's path gets too long.

    A folder that is linked to is one of ours under /tmp, made by this function.
    """
    base = DEMO / "containerd"
    if base.is_symlink():
        if base.exists():
            return base.resolve()
        base.unlink()
    if len(str(base / "c.sock")) <= containerd.SOCKET_PATH_LIMIT:
        return base
    elsewhere = Path(tempfile.mkdtemp(prefix="kuke-demo-", dir="/tmp"))
    DEMO.mkdir(exist_ok=True)
    base.symlink_to(elsewhere)
    return elsewhere


def _is_up(daemon: PrivateContainerd) -> bool:
    """Whether everything is as `_set_up` left it; what is half there is made anew."""
    if daemon.pid is None or not daemon.answers():
        return False
    with contextlib.suppress(RuntimeError):
        tasks = daemon.ctr("tasks", "ls", namespace=REALMS["main"]).stdout
        both = all(re.search(rf"^{name} .* RUNNING$", tasks, re.M) for name in ("web", "shell"))
        return both and all(kukeon.record_path(RUN_PATH, realm).exists() for realm in REALMS)
    return False


def _set_up(daemon: PrivateContainerd) -> None:
    print(f"starting a private containerd {daemon.version} under .demo/ (no system service)")
    daemon.start(outlive=True)
    archive = Archive()
    program = daemon.programs / "busybox"
    archive.name(busybox(archive, program, labels={"demo": "kuke-ctr"}), BUSYBOX)
    archive.name(busybox(archive, program, others=PLATFORMS), "docker.io/demo/clock:1.0")
    file = archive.write(daemon.base / "images.tar")
    for realm, namespace in REALMS.items():
        daemon.ctr("namespaces", "create", namespace)
        kukeon.write_record(RUN_PATH, realm, namespace)
        daemon.import_image(file, namespace=namespace)
    file.unlink()
    _start(daemon, "web", ("--log-file", str(DEMO / "web.log")), WEB)
    _start(daemon, "shell", ("--tty",), SHELL)


def _start(
    daemon: PrivateContainerd, name: str, flags: tuple[str, ...], command: tuple[str, ...]
) -> None:
    """Start a container in realm main as a user would; raises RuntimeError."""
    words = ("run", "--realm", "main", "--detach", "--name", name)
    own = daemon.own_flags(REALMS["main"], name)
    done = _run(daemon, *words, *own, *flags, BUSYBOX, *command)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())


def _say_what_next(daemon: PrivateContainerd) -> None:
    path = f"{shlex.quote(str(venv.VENV / 'bin'))}:{shlex.quote(str(daemon.programs))}"
    lines = [
        "",
        "Try next, in this shell:",
        "",
        f"  export PATH={path}:$PATH",
        f"  export KUKEON_RUN_PATH={shlex.quote(str(RUN_PATH))}",
        f"  export CONTAINERD_ADDRESS={shlex.quote(daemon.address)}",
        "  export KUKE_CTR_REALM=main",
        "",
        *(f"  {line}" for line in TO_TRY),
        "",
        "When you are done: scripts/quickstart --stop ends the demo and deletes .demo/",
    ]
    print("\n".join(lines))


def main() -> int:
    """Set up a small demo host under .demo/, and show what is in its realm main."""
    parser = argparse.ArgumentParser(
        prog="scripts/quickstart",
        description="Installs kuke-ctr into .venv, starts a private containerd under .demo/ with "
        "two realms and two containers, web (with a log) and shell (with a terminal), and lists "
        "them. Nothing is installed into the system, except Debian's python3-venv where it is "
        "missing and you are root. Without root, or where a containerd cannot be started, the "
        "lists come from a recording.",
    )
    parser.add_argument("--stop", action="store_true", help="end the demo and delete .demo/")
    wants_stop = parser.parse_args().stop
    try:
        return stop() if wants_stop else start()
    except subprocess.CalledProcessError as failed:
        print(f"scripts/quickstart: {failed}", file=sys.stderr)
    except PermissionError as denied:
        print(f"scripts/quickstart: no permission to write {denied.filename}", file=sys.stderr)
        print("run it with sudo, or in a checkout of your own", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
