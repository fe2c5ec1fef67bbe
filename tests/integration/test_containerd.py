"""The harness itself: private daemons of three versions that leave nothing behind."""

import os
import re
import signal
import subprocess  # noqa: TID251 (another process, to be killed)
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lib import containerd as harness
from scripts.lib import processes
from scripts.lib.containerd import DISABLED_PLUGINS, PrivateContainerd, temporary, unique
from scripts.lib.images import Archive, busybox
from tests.integration.conftest import SUITES

BUSYBOX = "docker.io/library/busybox:1.36"
FOREVER = ("sleep", "3600")


def imported(daemon: PrivateContainerd, namespace: str, folder: Path) -> str:
    """Import a plain busybox; its reference."""
    archive = Archive()
    archive.name(busybox(archive, daemon.programs / "busybox"), BUSYBOX)
    daemon.import_image(archive.write(folder / "busybox.tar"), namespace=namespace)
    return BUSYBOX


def test_each_version_answers(any_containerd: PrivateContainerd) -> None:
    told = any_containerd.ctr("version").stdout
    assert len(re.findall(rf"Version: +v?{re.escape(any_containerd.version)}", told)) == 2, told


def test_it_is_the_version_that_was_asked_for(
    request: pytest.FixtureRequest, any_containerd: PrivateContainerd
) -> None:
    asked = str(request.node.callspec.params["any_containerd"])
    wanted = "2." if asked.startswith("2.") else f"{asked}."
    assert any_containerd.version.startswith(wanted)


def test_nothing_of_the_host_is_loaded(any_containerd: PrivateContainerd) -> None:
    rows = any_containerd.ctr("plugins", "ls").stdout.splitlines()[1:]
    loaded = {".".join(row.split()[:2]) for row in rows}
    assert loaded & set(DISABLED_PLUGINS) == set()
    assert "io.containerd.content.v1.content" in loaded


def test_an_imported_image_is_listed_with_its_platforms(
    any_containerd: PrivateContainerd, namespace: str, tmp_path: Path
) -> None:
    archive = Archive()
    program = any_containerd.programs / "busybox"
    others = ["linux/arm64/v8", "linux/s390x"]
    image = busybox(archive, program, others=others, attested=True, labels={"a": "b"})
    archive.name(image, BUSYBOX, f"registry.example/{'long/' * 40}name:tag")
    flags = ("--all-platforms", "--no-unpack")
    any_containerd.import_image(archive.write(tmp_path / "i.tar"), *flags, namespace=namespace)

    header, *rows = any_containerd.ctr("images", "ls", namespace=namespace).stdout.splitlines()
    assert header.split()[:4] == ["REF", "TYPE", "DIGEST", "SIZE"]
    assert len(rows) == 2
    assert all("linux/arm64/v8,linux/s390x" in row and str(image["digest"]) in row for row in rows)


def test_a_container_runs(
    any_containerd: PrivateContainerd, namespace: str, tmp_path: Path
) -> None:
    reference = imported(any_containerd, namespace, tmp_path)
    container = any_containerd.run(reference, *FOREVER, namespace=namespace)
    rows = any_containerd.ctr("tasks", "ls", namespace=namespace).stdout.splitlines()
    identifier, pid, status = rows[1].split()
    assert (identifier, status) == (container, "RUNNING")
    assert processes.command_line(int(pid)) == list(FOREVER)
    any_containerd.ctr("tasks", "rm", "--force", container, namespace=namespace)
    assert not processes.started(int(pid))


def cgroups(name: str) -> list[str]:
    """Those whose names begin so; others come and go meanwhile, which `glob` would not forgive."""
    folders = (folder for folder, _, _ in os.walk("/sys/fs/cgroup"))
    return [folder for folder in folders if Path(folder).name.startswith(name)]


@pytest.mark.parametrize("version", SUITES)
def test_the_end_leaves_nothing_on_the_host(
    version: str, programs_of: Callable[[str], Path], namespace: str, tmp_path: Path
) -> None:
    with temporary(programs_of(version)) as daemon:
        reference = imported(daemon, namespace, tmp_path)
        daemon.run(reference, *FOREVER, namespace=namespace)
        pid, shims = daemon.pid, list(daemon.shims())
        assert pid is not None
        assert shims
        assert processes.mounts_below(daemon.base)
    assert not any(processes.started(each) for each in (pid, *shims))
    assert not daemon.base.exists()
    assert processes.mounts_below(daemon.base) == []
    assert not Path("/run/containerd/runc", namespace).exists()
    assert cgroups(f"kuke-ctr-{daemon.base.name}") == []


def test_a_killed_owner_takes_its_daemon_along_and_the_next_start_cleans_up(
    programs_of: Callable[[str], Path],
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prefix = f"{unique('kuke-left')}-"  # no start of somebody else's shall clean up before ours
    program = (
        "import os, signal, sys; from pathlib import Path;"
        "from scripts.lib import containerd;"
        "from tests.integration.test_containerd import imported;"
        "containerd._PREFIX = sys.argv[4];"
        "manager = containerd.temporary(Path(sys.argv[1])); d = manager.__enter__();"
        "ref = imported(d, sys.argv[2], Path(sys.argv[3]));"
        f"d.run(ref, *{FOREVER}, namespace=sys.argv[2]);"
        "print(d.base, d.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    folder = programs_of("native")
    owner = subprocess.run(
        [sys.executable, "-c", program, folder, namespace, tmp_path, prefix],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert owner.returncode == -signal.SIGKILL, owner.stderr
    base, pid = owner.stdout.split()
    left = PrivateContainerd(folder, Path(base))
    try:
        assert processes.until(lambda: not processes.started(int(pid)), 30)
        assert list(left.shims())
        monkeypatch.setattr(harness, "_PREFIX", prefix)
        with temporary(folder):
            pass
        assert list(left.shims()) == []
        assert processes.mounts_below(left.base) == []
        assert not left.base.exists()
    finally:
        left.stop()
