"""Changes of containers, tasks and namespaces on real containerds, checked by raw ctr and /proc."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from kuke_ctr.parse.container_info import LOGS
from scripts.lib import processes
from scripts.lib.containerd import PrivateContainerd, unique
from scripts.lib.images import Archive, busybox
from scripts.lib.kukeon import write_record

BUSYBOX = "docker.io/library/busybox:1.36"
Capture = pytest.CaptureFixture[str]
FOREVER = ("sleep", "3600")
LIMIT = 30.0
TRAPS = ("sh", "-c", "trap 'echo hup > /got' HUP; : > /ready; while :; do sleep 0.1; done")


class Host:
    """A daemon with an image in a namespace of its own: kuke-ctr on one side, ctr on the other."""

    def __init__(self, daemon: PrivateContainerd, namespace: str, capsys: Capture) -> None:
        self.daemon = daemon
        self.namespace = namespace
        self._capsys = capsys

    def kuke(self, line: str, *words: str, fails: int = 0, says: str = "") -> str:
        """What a command line prints; `fails` is its exit code, `says` a part of its stderr."""
        noun, verb, *rest = line.split()
        scope = () if noun == "namespaces" else ("-n", self.namespace)
        # not in a process of its own: there are hundreds of these
        code = main([noun, verb, *scope, *rest, *words])
        out, err = self._capsys.readouterr()
        assert code == fails, (out, err)
        assert says in err
        assert fails or says or not err, err
        return out

    def ctr(self, *words: str) -> str:
        """What raw ctr prints in the namespace."""
        return self.daemon.ctr(*words, namespace=self.namespace).stdout

    def state(self, name: str) -> str | None:
        """The status of a task; None where there is none."""
        rows = [row.split() for row in self.ctr("tasks", "ls").splitlines()[1:]]
        return next((row[2] for row in rows if row[0] == name), None)

    def pid(self, name: str) -> int:
        """The process of a task."""
        rows = [row.split() for row in self.ctr("tasks", "ls").splitlines()[1:]]
        return next(int(row[1]) for row in rows if row[0] == name)

    def info(self, name: str) -> dict[str, object]:
        """`ctr containers info`."""
        found: dict[str, object] = json.loads(self.ctr("containers", "info", name))
        return found

    def containers(self) -> list[str]:
        """`ctr containers ls -q`."""
        return self.ctr("containers", "ls", "-q").split()

    def snapshots(self) -> list[str]:
        """The keys of the default snapshotter."""
        return [row.split()[0] for row in self.ctr("snapshots", "ls").splitlines()[1:]]

    def start(self, *command: str) -> str:
        """A container that runs."""
        return self.daemon.run(BUSYBOX, *command, namespace=self.namespace)

    def ends(self, name: str) -> bool:
        """Whether a task stops in time."""
        return processes.until(lambda: self.state(name) == "STOPPED", LIMIT)


@pytest.fixture(scope="module")
def image(programs_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with BUSYBOX in it."""
    archive = Archive()
    archive.name(busybox(archive, programs_of("native") / "busybox"), BUSYBOX)
    return archive.write(tmp_path_factory.mktemp("image") / "busybox.tar")


@pytest.fixture
def host_of(
    image: Path,
    namespace: str,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Callable[[PrivateContainerd], Host]]:
    """Makes a Host of a daemon; its tasks end with the test."""
    used: list[PrivateContainerd] = []

    def make(daemon: PrivateContainerd) -> Host:
        for name, value in daemon.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("CONTAINERD_ADDRESS", daemon.address)
        monkeypatch.setenv("KUKEON_RUN_PATH", str(tmp_path / "run"))
        daemon.import_image(image, namespace=namespace)
        used.append(daemon)
        return Host(daemon, namespace, capsys)

    yield make
    for daemon in used:
        for task in daemon.ctr("tasks", "ls", "-q", namespace=namespace).stdout.split():
            daemon.ctr("tasks", "rm", "--force", task, namespace=namespace, check=False)


@pytest.fixture
def host(any_containerd: PrivateContainerd, host_of: Callable[[PrivateContainerd], Host]) -> Host:
    """Each version in turn."""
    return host_of(any_containerd)


def test_a_signal_arrives_and_one_that_reaches_nobody_is_an_error(host: Host) -> None:
    name = host.start(*TRAPS)
    root = Path(f"/proc/{host.pid(name)}/root")
    assert processes.until((root / "ready").exists, LIMIT)
    assert host.kuke("tasks kill -s hup", name) == f"{name}\n"
    assert processes.until((root / "got").exists, LIMIT)
    assert host.state(name) == "RUNNING"
    assert host.kuke("tasks kill -9", name) == f"{name}\n"
    assert host.ends(name)
    for line in ("tasks kill", "tasks kill --all"):  # ctr's own --all says that all is well
        assert host.kuke(line, name, fails=3, says="no signal was sent") == ""
    told = host.kuke("tasks rm", name, says="had ended with exit code 137 (SIGKILL)")
    assert told == f"{name}\n"
    assert host.state(name) is None
    assert host.containers() == [name]
    host.kuke("tasks kill", name, fails=3, says="has no task")
    host.kuke("tasks kill", f"x{name}", fails=3, says=f"there are: {name}")


def test_a_signal_without_a_handler_is_dropped_by_the_kernel_and_we_say_so(host: Host) -> None:
    name = host.start("sh", "-c", "trap 'exit 3' USR1; : > /ready; while :; do sleep 0.1; done")
    ready = Path(f"/proc/{host.pid(name)}/root/ready")
    assert processes.until(ready.exists, LIMIT)
    for line in ("tasks kill", "tasks kill -s 34", "tasks kill -s HUP"):
        host.kuke(line, name, says="ignore")
    host.kuke("tasks kill --all -s CONT", name)
    assert host.state(name) == "RUNNING"
    host.kuke("tasks kill -s USR1", name)
    assert host.ends(name)
    host.kuke("tasks rm", name, says="exit code 3\n")


def test_every_signal_that_we_take_is_one_of_ctrs(host: Host) -> None:
    name = host.start(*FOREVER)
    for odd in ("IO", "STKFLT", "IOT", "40"):
        host.kuke("tasks kill -s", odd, name, says="ignore")
    assert host.state(name) == "RUNNING"


def test_a_paused_task_does_not_move_and_a_state_that_does_not_fit_is_refused(host: Host) -> None:
    loop = "trap 'exit 0' TERM; while :; do date +%s%N > /now; sleep 0.05; done"
    name = host.start("sh", "-c", loop)
    now = Path(f"/proc/{host.pid(name)}/root/now")
    assert processes.until(now.exists, LIMIT)
    host.kuke("tasks resume", name, fails=1, says=f"{name} is RUNNING")
    assert host.kuke("tasks pause", name) == f"{name}\n"
    assert host.state(name) == "PAUSED"
    seen = now.read_text()
    time.sleep(0.3)
    assert now.read_text() == seen
    host.kuke("tasks pause", name, fails=1, says=f"{name} is PAUSED")
    host.kuke("tasks rm", name, fails=1, says=f"{name} is PAUSED")
    host.kuke("tasks kill", name, says="it gets the signal after")
    assert host.state(name) == "PAUSED"
    assert host.kuke("tasks resume", name) == f"{name}\n"
    assert host.ends(name)


def test_rm_needs_a_word_for_what_runs(host: Host) -> None:
    names = [host.start(*FOREVER) for _ in range(2)]
    pids = [host.pid(name) for name in names]
    host.kuke("tasks rm", *names, fails=1, says=f"kuke-ctr tasks kill {names[0]}")
    assert [host.state(name) for name in names] == ["RUNNING", "RUNNING"]
    planned = host.kuke("tasks rm --force --dry-run", *names, says="tasks ls")
    assert len(planned.splitlines()) == 2
    assert all(map(processes.started, pids))
    told = host.kuke("tasks rm --force", names[0], "nope", names[1], fails=3, says="container nope")
    assert told == "".join(f"{name}\n" for name in names)
    assert not any(map(processes.started, pids))
    assert [host.state(name) for name in names] == [None, None]


def test_a_process_of_exec_is_killed_and_deleted_by_its_id(host: Host) -> None:
    name = host.start(*FOREVER)
    host.ctr("tasks", "exec", "-d", "--exec-id", "e1", name, "sleep", "1000")
    found = [row.split()[0] for row in host.ctr("tasks", "ps", name).splitlines() if "e1" in row]
    host.kuke("tasks rm --exec-id e1", name, fails=1, says="must be stopped")
    host.kuke("tasks kill --exec-id e2", name, fails=3, says="exec ids: e1")
    host.kuke("tasks kill -9 --exec-id e1", name)
    assert processes.until(lambda: not processes.started(int(found[0])), LIMIT)
    assert host.state(name) == "RUNNING"
    told = host.kuke("tasks rm --exec-id e1", name, says="exit code 137 (SIGKILL)")
    assert told == f"{name}\n"
    host.kuke("tasks rm --exec-id e1", name, fails=3, says="the realm has: none")
    assert host.state(name) == "RUNNING"


def test_a_checkpoint_needs_criu_and_leaves_the_task_as_it_was(host: Host) -> None:
    name = host.start(*FOREVER)
    host.kuke("tasks checkpoint", name, fails=1, says="criu is not installed")
    host.kuke("tasks checkpoint --exit --image-path img", name, fails=1, says="criu")
    assert host.state(name) == "RUNNING"


@pytest.mark.parametrize("switches", ["--tty", "--read-only", "--tty --read-only"])
def test_a_switch_before_the_image_leaves_the_flags_of_the_program_alone(
    host: Host, switches: str
) -> None:
    name = unique("switched")
    assert host.kuke(f"containers create {switches}", BUSYBOX, name, "sh", "-c", "x") == f"{name}\n"
    spec = json.loads(host.ctr("containers", "info", "--spec", name))
    assert spec["process"]["args"] == ["sh", "-c", "x"]
    assert host.kuke("containers rm", name) == f"{name}\n"


def test_a_container_is_made_with_what_was_typed(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "of ours")
    name = unique("made")
    flags = (
        "--env TOKEN --env A=1,2 --env B= --label team=a --cwd /tmp --read-only --net-host --tty "
    )
    flags += "--memory-limit 64m --cpus 0.5 --cap-add net_admin --cap-drop CAP_CHOWN --seccomp "
    flags += "--mount type=bind,src=/tmp,dst=/host,options=rbind:ro --device /dev/null"
    told = host.kuke(f"containers create {flags}", BUSYBOX, name, "sh", "-c", "echo -n --realm x")
    assert told == f"{name}\n"
    info = host.info(name)
    assert info["Image"] == BUSYBOX
    assert info["Labels"]["team"] == "a"  # type: ignore[index]
    assert name in host.snapshots()
    spec = json.loads(host.ctr("containers", "info", "--spec", name))
    process = spec["process"]
    assert process["args"] == ["sh", "-c", "echo -n --realm x"]
    assert {"A=1,2", "B=", "TOKEN=of ours"} <= set(process["env"])
    assert (process["cwd"], process["terminal"]) == ("/tmp", True)
    assert spec["root"]["readonly"] is True
    assert "CAP_NET_ADMIN" in process["capabilities"]["bounding"]
    assert "CAP_CHOWN" not in process["capabilities"]["bounding"]
    assert "network" not in [kind["type"] for kind in spec["linux"]["namespaces"]]
    assert spec["linux"]["seccomp"]
    resources = spec["linux"]["resources"]
    assert resources["memory"]["limit"] == 64 << 20
    assert (resources["cpu"]["quota"], resources["cpu"]["period"]) == (50_000, 100_000)
    assert "/host" in [mount["destination"] for mount in spec["mounts"]]
    assert host.state(name) is None
    assert host.kuke("containers rm", name) == f"{name}\n"
    assert host.containers() == []
    assert name not in host.snapshots()


def test_a_newer_flag_works_or_names_the_version_that_has_it(host: Host) -> None:
    name = unique("new")
    for since, flag, path in (
        ((1, 7), "--user 1000:1000", ("process", "user", "gid")),
        ((1, 7), "--hostname here", ("hostname",)),
        ((2,), "--runc-root /run/somewhere", ("root", "path")),
    ):
        line = f"containers create {flag}"
        if tuple(map(int, host.daemon.version.split("."))) < since:
            host.kuke(line, BUSYBOX, name, fails=1, says="it needs ctr ")
            assert host.containers() == []
        else:
            host.kuke(line, BUSYBOX, name)
            spec = json.loads(host.ctr("containers", "info", "--spec", name))
            for key in path:
                spec = spec[key]
            assert spec in (1000, "here", "rootfs")
            host.kuke("containers rm", name)


def test_a_create_that_fails_leaves_nothing(host: Host) -> None:
    before = host.snapshots()
    name = unique("bad")
    host.kuke("containers create --env-file /nope", BUSYBOX, name, fails=2, says="/nope")
    host.kuke("containers create --seccomp-profile /nope", BUSYBOX, name, fails=1, says="/nope")
    assert name not in host.snapshots()
    host.kuke("containers create", "busybox", name, fails=3, says=f"there are: {BUSYBOX}")
    host.kuke("containers create --snapshotter nope", BUSYBOX, name, fails=1, says="plugins ls")
    assert host.containers() == []
    assert set(host.snapshots()) - set(before) <= {key for key in host.snapshots() if ":" in key}
    host.kuke("containers create", BUSYBOX, name)
    host.kuke("containers create", BUSYBOX, name, fails=1, says="already")
    assert host.containers() == [name]
    host.kuke("containers rm --keep-snapshot", name, says=f"the snapshot {name} stays")
    host.ctr("leases", "create", "--id", "gone")
    host.ctr("leases", "rm", "--sync", "gone")  # collects what nothing needs
    assert name in host.snapshots()
    host.kuke("containers create", BUSYBOX, name, fails=1, says=f"a snapshot {name} already")
    assert name in host.snapshots()


def test_a_container_of_a_folder_or_of_a_spec(host: Host, tmp_path: Path) -> None:
    by_folder, by_spec = unique("r"), unique("s")
    assert host.kuke("containers create --rootfs", str(tmp_path), by_folder, "sh")
    spec = json.loads(host.daemon.ctr("oci", "spec").stdout)
    spec["hostname"] = "from-a-file"
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    told = host.kuke("containers create --label a=b --config", str(tmp_path / "spec.json"), by_spec)
    assert told == f"{by_spec}\n"
    assert sorted(host.containers()) == sorted([by_folder, by_spec])
    found = json.loads(host.ctr("containers", "info", "--spec", by_spec))
    assert found["hostname"] == "from-a-file"
    assert host.info(by_spec)["Labels"] == {"a": "b"}


def test_labels_are_set_and_removed(host: Host) -> None:
    name = unique("labelled")
    host.kuke("containers create --label a=b", BUSYBOX, name)
    host.kuke("containers label", name, "note=two words, a comma", "c=d")
    host.kuke("containers label", name, "a=")
    labels = host.info(name)["Labels"]
    assert isinstance(labels, dict)
    assert {"note": "two words, a comma", "c": "d"}.items() <= labels.items()
    assert "a" not in labels
    host.kuke("containers label", f"{name}x", "a=b", fails=3, says=f"there are: {name}")


@contextmanager
def log_folder(namespace: str) -> Iterator[Path]:
    """Where `kuke-ctr run -d` would write, for a namespace that only this test has."""
    folder = LOGS / namespace
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def test_rm_takes_what_has_stopped_and_its_log_and_refuses_what_lives(
    host: Host, tmp_path: Path
) -> None:
    living, made, tricky = host.start(*FOREVER), unique("made"), unique("tricky")
    with log_folder(host.namespace) as folder:
        ended = unique("ended")
        log, precious = folder / f"{ended}.log", tmp_path / "precious"
        for file in (log, precious):
            file.write_text("x")
        flags = ("--label", f"kuke-ctr/log={log}")
        host.daemon.run(BUSYBOX, "true", namespace=host.namespace, container=ended, flags=flags)
        assert host.ends(ended)
        host.kuke("containers create", BUSYBOX, made)
        host.kuke(f"containers create --label kuke-ctr/log={precious}", BUSYBOX, tricky)

        host.kuke("containers rm", living, fails=1, says="RUNNING")
        host.kuke(
            "containers rm --all", fails=2, says=f"3 containers of namespace {host.namespace}"
        )
        left = f"left alone: {living}"
        planned = host.kuke("containers rm --all --dry-run", says=left)
        assert len(planned.splitlines()) == 3
        assert len(host.containers()) == 4
        assert log.exists()

        told = host.kuke("containers rm --all --yes", says=left)
        assert sorted(told.split()) == sorted([ended, made, tricky])
        assert host.containers() == [living]
        assert [key for key in host.snapshots() if ":" not in key] == [living]
        assert not log.exists()
        assert precious.exists()
    assert host.state(living) == "RUNNING"


def test_a_container_whose_shim_is_silent_is_not_removed(
    containerd: PrivateContainerd, host_of: Callable[[PrivateContainerd], Host]
) -> None:
    host = host_of(containerd)
    name = host.start(*FOREVER)
    pid = host.pid(name)
    shims = [shim for shim in host.daemon.shims() if pid in processes.children(shim)]
    assert shims
    for shim in shims:
        os.kill(shim, signal.SIGSTOP)
    try:
        host.kuke("containers rm --timeout 5", name, fails=1, says=f"{name} has a task")
        host.kuke("tasks rm --timeout 5", name, fails=1, says="UNKNOWN")
    finally:
        for shim in shims:
            os.kill(shim, signal.SIGCONT)
    assert processes.until(lambda: host.state(name) == "RUNNING", LIMIT)
    assert host.containers() == [name]
    assert processes.started(pid)


def test_namespaces_are_made_labelled_and_removed_when_empty(host: Host, tmp_path: Path) -> None:
    namespace = unique("made")
    write_record(tmp_path / "run", "shop", namespace)
    assert host.kuke("namespaces create", namespace, "a=b") == f"{namespace}\n"
    host.kuke("namespaces create", namespace, fails=1, says="already")
    host.kuke("namespaces label", namespace, "a=", "c=d")
    (row,) = [
        row for row in host.daemon.ctr("namespaces", "ls").stdout.splitlines() if namespace in row
    ]
    assert row.split() == [namespace, "c=d"]
    host.kuke("namespaces label", f"{namespace}x", "a=b", fails=3, says=f"near: {namespace}")
    host.kuke(
        "namespaces rm", namespace, fails=2, says="realm shop uses it, according to its record"
    )
    groups = [Path("/sys/fs/cgroup") / kind / namespace for kind in ("cpu", "memory")]
    groups = groups if groups[0].parent.is_dir() else [Path("/sys/fs/cgroup") / namespace]
    for group in groups:
        group.mkdir()
    planned = host.kuke("namespaces rm --cgroup --dry-run", namespace, says="plugins ls")
    assert planned.endswith(f"namespaces rm --cgroup {namespace}\n")
    assert host.kuke("namespaces rm --cgroup --yes", namespace) == f"{namespace}\n"
    assert namespace not in host.daemon.ctr("namespaces", "ls", "-q").stdout.split()
    assert not any(group.exists() for group in groups)
    names = host.daemon.ctr("namespaces", "ls", "-q").stdout
    assert f"{namespace}x" not in names


def test_a_namespace_that_is_not_empty_says_what_is_in_it(host: Host) -> None:
    host.start(*FOREVER)
    host.kuke(
        *("namespaces rm --yes", host.namespace),
        fails=1,
        says="it has 1 image, 1 container, 1 task, 2 snapshots, 3 blobs",
    )
    assert host.namespace in host.daemon.ctr("namespaces", "ls", "-q").stdout.split()
    host.kuke("namespaces rm --yes", f"x{host.namespace}", fails=3, says=host.namespace)


def test_a_newer_ctr_changes_an_older_containerd(
    containerd: PrivateContainerd,
    host_of: Callable[[PrivateContainerd], Host],
    programs_of: Callable[[str], Path],
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    host = host_of(containerd)
    monkeypatch.setenv("PATH", f"{programs_of('2.1')}{os.pathsep}{os.environ['PATH']}")
    name, living = (
        unique("made"),
        host.start("sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"),
    )
    host.kuke(
        f"containers create --user 1000 --runc-root {tmp_path}", BUSYBOX, name, "sh", "-c", ""
    )
    host.kuke("containers label", name, "a=b")
    host.kuke("tasks pause", living)
    assert host.state(living) == "PAUSED"
    host.kuke("tasks resume", living)
    host.kuke("containers rm", name, living, fails=1, says="RUNNING")
    assert host.containers() == [living]
    host.kuke("tasks kill -9", living)
    assert host.ends(living)
    host.kuke("tasks rm", living, says="exit code 137")
    host.kuke("namespaces rm --yes", namespace, fails=1, says="1 image, 1 container, 2 snapshots")
    host.kuke("containers rm", living)
    assert host.containers() == []
