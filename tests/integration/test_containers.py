"""Containers made, labelled and removed on real containerds, checked by raw ctr and /proc."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kuke_ctr.parse.container_info import LOGS
from scripts.lib import processes
from scripts.lib.containerd import PrivateContainerd, unique
from tests.support.changes_host import BUSYBOX, FOREVER, LIMIT, Host


def test_a_container_is_made_with_what_was_typed(
    changes_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "of ours")
    name = unique("made")
    flags = (
        "--env TOKEN --env A=1,2 --env B= --label team=a --cwd /tmp --read-only --net-host --tty "
    )
    flags += "--memory-limit 64m --cpus 0.5 --cap-add net_admin --cap-drop CAP_CHOWN --seccomp "
    flags += "--mount type=bind,src=/tmp,dst=/host,options=rbind:ro --device /dev/null"
    told = changes_host.kuke(
        f"containers create {flags}", BUSYBOX, name, "sh", "-c", "echo -n --realm x"
    )
    assert told == f"{name}\n"
    info = changes_host.info(name)
    assert info["Image"] == BUSYBOX
    assert info["Labels"]["team"] == "a"  # type: ignore[index]
    assert name in changes_host.snapshots()
    spec = json.loads(changes_host.ctr("containers", "info", "--spec", name))
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
    assert changes_host.state(name) is None
    assert changes_host.kuke("containers rm", name) == f"{name}\n"
    assert changes_host.containers() == []
    assert name not in changes_host.snapshots()


def test_a_newer_flag_works_or_names_the_version_that_has_it(changes_host: Host) -> None:
    name = unique("new")
    for since, flag, path in (
        ((1, 7), "--user 1000:1000", ("process", "user", "gid")),
        ((1, 7), "--hostname here", ("hostname",)),
        ((2,), "--runc-root /run/somewhere", ("root", "path")),
    ):
        line = f"containers create {flag}"
        if tuple(map(int, changes_host.daemon.version.split("."))) < since:
            changes_host.kuke(line, BUSYBOX, name, fails=1, says="it needs ctr ")
            assert changes_host.containers() == []
        else:
            changes_host.kuke(line, BUSYBOX, name)
            spec = json.loads(changes_host.ctr("containers", "info", "--spec", name))
            for key in path:
                spec = spec[key]
            assert spec in (1000, "here", "rootfs")
            changes_host.kuke("containers rm", name)


def test_a_create_that_fails_leaves_nothing(changes_host: Host) -> None:
    before = changes_host.snapshots()
    name = unique("bad")
    changes_host.kuke("containers create --env-file /nope", BUSYBOX, name, fails=2, says="/nope")
    changes_host.kuke(
        "containers create --seccomp-profile /nope", BUSYBOX, name, fails=1, says="/nope"
    )
    assert name not in changes_host.snapshots()
    changes_host.kuke(
        "containers create", "busybox", name, fails=3, says=f"the realm has: {BUSYBOX}"
    )
    changes_host.kuke(
        "containers create --snapshotter nope", BUSYBOX, name, fails=1, says="plugins ls"
    )
    assert changes_host.containers() == []
    assert set(changes_host.snapshots()) - set(before) <= {
        key for key in changes_host.snapshots() if ":" in key
    }
    changes_host.kuke("containers create", BUSYBOX, name)
    changes_host.kuke("containers create", BUSYBOX, name, fails=1, says="already")
    assert changes_host.containers() == [name]
    changes_host.kuke(
        "containers rm --keep-snapshot",
        name,
        says=f"the snapshot {name} is kept until you remove it",
    )
    changes_host.ctr("leases", "create", "--id", "gone")
    changes_host.ctr("leases", "rm", "--sync", "gone")  # collects what nothing needs
    assert name in changes_host.snapshots()
    changes_host.kuke(
        "containers create", BUSYBOX, name, fails=1, says=f"a snapshot {name} already"
    )
    assert name in changes_host.snapshots()


def test_a_container_of_a_folder_or_of_a_spec(changes_host: Host, tmp_path: Path) -> None:
    by_folder, by_spec = unique("r"), unique("s")
    assert changes_host.kuke("containers create --rootfs", str(tmp_path), by_folder, "sh")
    spec = json.loads(changes_host.daemon.ctr("oci", "spec").stdout)
    spec["hostname"] = "from-a-file"
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    told = changes_host.kuke(
        "containers create --label a=b --config", str(tmp_path / "spec.json"), by_spec
    )
    assert told == f"{by_spec}\n"
    assert sorted(changes_host.containers()) == sorted([by_folder, by_spec])
    found = json.loads(changes_host.ctr("containers", "info", "--spec", by_spec))
    assert found["hostname"] == "from-a-file"
    assert changes_host.info(by_spec)["Labels"] == {"a": "b"}


def test_labels_are_set_and_removed(changes_host: Host) -> None:
    name = unique("labelled")
    changes_host.kuke("containers create --label a=b", BUSYBOX, name)
    changes_host.kuke("containers label", name, "note=two words, a comma", "c=d")
    changes_host.kuke("containers label", name, "a=")
    labels = changes_host.info(name)["Labels"]
    assert isinstance(labels, dict)
    assert {"note": "two words, a comma", "c": "d"}.items() <= labels.items()
    assert "a" not in labels
    changes_host.kuke("containers label", f"{name}x", "a=b", fails=3, says=f"the realm has: {name}")


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
    changes_host: Host, tmp_path: Path
) -> None:
    living, made, tricky = changes_host.start(*FOREVER), unique("made"), unique("tricky")
    with log_folder(changes_host.namespace) as folder:
        ended = unique("ended")
        log, precious = folder / f"{ended}.log", tmp_path / "precious"
        for file in (log, precious):
            file.write_text("x")
        flags = ("--label", f"kuke-ctr/log={log}")
        changes_host.daemon.run(
            BUSYBOX, "true", namespace=changes_host.namespace, container=ended, flags=flags
        )
        assert changes_host.ends(ended)
        changes_host.kuke("containers create", BUSYBOX, made)
        changes_host.kuke(f"containers create --label kuke-ctr/log={precious}", BUSYBOX, tricky)

        changes_host.kuke("containers rm", living, fails=1, says="RUNNING")
        changes_host.kuke(
            "containers rm --all",
            fails=2,
            says=f"3 containers of namespace {changes_host.namespace}",
        )
        left = f"not be removed: {living}"
        planned = changes_host.kuke("containers rm --all --dry-run", says=left)
        assert len(planned.splitlines()) == 3
        assert len(changes_host.containers()) == 4
        assert log.exists()

        told = changes_host.kuke("containers rm --all --yes", says=left)
        assert sorted(told.split()) == sorted([ended, made, tricky])
        assert changes_host.containers() == [living]
        assert [key for key in changes_host.snapshots() if ":" not in key] == [living]
        assert not log.exists()
        assert precious.exists()
    assert changes_host.state(living) == "RUNNING"


def test_a_container_whose_shim_is_silent_is_not_removed(
    containerd: PrivateContainerd, host_of: Callable[[PrivateContainerd], Host]
) -> None:
    changes_host = host_of(containerd)
    name = changes_host.start(*FOREVER)
    pid = changes_host.pid(name)
    shims = [shim for shim in changes_host.daemon.shims() if pid in processes.children(shim)]
    assert shims
    for shim in shims:
        os.kill(shim, signal.SIGSTOP)
    try:
        changes_host.kuke(
            "containers rm --timeout 5",
            name,
            fails=1,
            says=f"the task of the container {name} is UNKNOWN",
        )
        changes_host.kuke("tasks rm --timeout 5", name, fails=1, says="UNKNOWN")
    finally:
        for shim in shims:
            os.kill(shim, signal.SIGCONT)
    assert processes.until(lambda: changes_host.state(name) == "RUNNING", LIMIT)
    assert changes_host.containers() == [name]
    assert processes.started(pid)


def test_a_newer_ctr_changes_an_older_containerd(
    containerd: PrivateContainerd,
    host_of: Callable[[PrivateContainerd], Host],
    programs_of: Callable[[str], Path],
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    changes_host = host_of(containerd)
    monkeypatch.setenv("PATH", f"{programs_of('2.1')}{os.pathsep}{os.environ['PATH']}")
    name, living = (
        unique("made"),
        changes_host.start("sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"),
    )
    changes_host.kuke(
        f"containers create --user 1000 --runc-root {tmp_path}", BUSYBOX, name, "sh", "-c", ""
    )
    changes_host.kuke("containers label", name, "a=b")
    changes_host.kuke("tasks pause", living)
    assert changes_host.state(living) == "PAUSED"
    changes_host.kuke("tasks resume", living)
    changes_host.kuke("containers rm", name, living, fails=1, says="RUNNING")
    assert changes_host.containers() == [living]
    changes_host.kuke("tasks kill -9", living)
    assert changes_host.ends(living)
    changes_host.kuke("tasks rm", living, says="exit code 137")
    changes_host.kuke(
        "namespaces rm --yes", namespace, fails=1, says="1 image, 1 container, 2 snapshots"
    )
    changes_host.kuke("containers rm", living)
    assert changes_host.containers() == []


@pytest.mark.parametrize("switches", ["--tty", "--read-only", "--tty --read-only"])
def test_a_switch_before_the_image_leaves_the_flags_of_the_program_alone(
    changes_host: Host, switches: str
) -> None:
    name = unique("switched")
    made = changes_host.kuke(f"containers create {switches}", BUSYBOX, name, "sh", "-c", "x")
    assert made == f"{name}\n"
    spec = json.loads(changes_host.ctr("containers", "info", "--spec", name))
    assert spec["process"]["args"] == ["sh", "-c", "x"]
    assert changes_host.kuke("containers rm", name) == f"{name}\n"
