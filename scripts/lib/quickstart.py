"""A small Kukeon host under `.demo/`: a private containerd, two realms, an image, a container."""

import argparse
import contextlib
import os
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
CLOCK = ("sh", "-c", "while true; do date; sleep 5; done")

SHOWN = (
    ("images", "ls", "--realm", "main"),
    ("containers", "ls", "--realm", "main"),
    ("tasks", "ls", "--realm", "main"),
)
TO_TRY = (
    "kuke-ctr images ls --realm main -o json",
    "kuke-ctr images ls --all-realms",
    "kuke-ctr realms ls",
    "kuke-ctr realms resolve main --explain",
    "kuke-ctr -x tasks ls --realm main        # prints the ctr command that it runs",
    f"kuke-ctr run --realm main --rm -it {BUSYBOX}",
)


def start() -> int:
    """Install, start the demo (again), show the main job; the exit code."""
    folder = venv.ensure()
    if os.geteuid() != 0:
        return replay(folder, "a containerd needs root: sudo scripts/quickstart shows a real one")
    try:
        daemon = PrivateContainerd(programs.ensure(), _base())
        if _is_up(daemon):
            print("the demo is up already")
        else:
            daemon.stop()
            daemon = PrivateContainerd(daemon.programs, _base())
            _set_up(daemon)
    except programs.Unavailable as unavailable:
        return replay(folder, str(unavailable))
    except (NotStarted, RuntimeError) as failed:
        stop()
        return replay(folder, f"the private containerd did not work here: {failed}")
    code = show({"CONTAINERD_ADDRESS": daemon.address, "KUKEON_RUN_PATH": str(RUN_PATH)}, daemon)
    if code == 0:
        _say_what_next(daemon)
    return code


def stop() -> int:
    """End the demo and delete what it made; the virtual environment and the cache stay."""
    base = DEMO / "containerd"
    if base.exists():
        # the folder of programs may be gone, and what is running is ended all the same
        daemon = PrivateContainerd(programs.CACHE / "programs" / programs.NATIVE / "bin", _base())
        if daemon.pid is not None:
            with contextlib.suppress(OSError, RuntimeError, subprocess.SubprocessError):
                _remove_containers(daemon)
        daemon.stop()
    shutil.rmtree(DEMO, ignore_errors=True)
    return 0


def _remove_containers(daemon: PrivateContainerd) -> None:
    """By kuke-ctr itself: the log files of `run -d` go with their containers."""
    environment = {**daemon.environment, "CONTAINERD_ADDRESS": daemon.address}
    daemon.remove_tasks()
    for namespace in REALMS.values():
        words = ("containers", "rm", "--all", "--yes", "--namespace", namespace)
        program = venv.VENV / "bin" / "kuke-ctr"
        subprocess.run(
            [program, *words], env=environment, capture_output=True, timeout=60, check=False
        )


def replay(folder: Path, why: str) -> int:
    """The main job without a containerd: answers recorded on a real Kukeon host."""
    print(f"{why}\n\nWhat follows is replayed from a real Kukeon host, nothing is started:")
    for words in SHOWN:
        flags = ("--run-path", str(RECORDED / "run"), "--replay", str(RECORDED / "ctr"))
        code = _kuke_ctr(folder, (*flags, *words), dict(os.environ))
        if code != 0:
            return code
    return 0


def show(variables: dict[str, str], daemon: PrivateContainerd) -> int:
    """The three lists, each with the ctr commands that it runs."""
    environment = {**daemon.environment, **variables}
    for words in SHOWN:
        code = _kuke_ctr(venv.VENV / "bin", ("-x", *words), environment)
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
        running = "RUNNING" in daemon.ctr("tasks", "ls", namespace=REALMS["main"]).stdout
        return running and all(kukeon.record_path(RUN_PATH, realm).exists() for realm in REALMS)
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
    labels = {"realm": "main", "space": "default", "stack": "default", "cell": "clock"}
    flags = [word for name, value in labels.items() for word in ("--label", _label(name, value))]
    daemon.run(
        BUSYBOX,
        *CLOCK,
        namespace=REALMS["main"],
        container=containerd.unique("default_default_clock_app"),
        flags=tuple(flags),
    )


def _label(name: str, value: str) -> str:
    return f"kukeon.io/{name}={value}"


def _say_what_next(daemon: PrivateContainerd) -> None:
    path = f"{shlex.quote(str(venv.VENV / 'bin'))}:{shlex.quote(str(daemon.programs))}"
    lines = [
        "",
        "Try next, in this shell:",
        "",
        f"  export PATH={path}:$PATH",
        f"  export KUKEON_RUN_PATH={shlex.quote(str(RUN_PATH))}",
        f"  export CONTAINERD_ADDRESS={shlex.quote(daemon.address)}",
        "",
        *(f"  {line}" for line in TO_TRY),
        "",
        "Stop it, and delete what it made: scripts/quickstart --stop",
    ]
    print("\n".join(lines))


def main() -> int:
    """Set up a small demo host under .demo/ and list the images of its realm main."""
    parser = argparse.ArgumentParser(
        prog="scripts/quickstart",
        description="Installs kuke-ctr into .venv, starts a private containerd under .demo/ with "
        "two realms, an image and a container, and lists them. Nothing is installed into the "
        "system but, where it is missing and root asks, Debian's python3-venv. Without root, or "
        "without the programs, the lists are replayed from a recording.",
    )
    parser.add_argument("--stop", action="store_true", help="end the demo and delete .demo/")
    if parser.parse_args().stop:
        return stop()
    try:
        return start()
    except subprocess.CalledProcessError as failed:
        print(f"scripts/quickstart: {failed}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
