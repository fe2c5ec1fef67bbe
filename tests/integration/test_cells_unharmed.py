"""Containers labelled and recorded as Kukeon does, on a real containerd: none of them is harmed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.containerd import PrivateContainerd, unique
from tests.support.cell_host import type_answer
from tests.support.cells import Parts, write_cell
from tests.support.changes_host import BUSYBOX, FOREVER, LIMIT, Host
from tests.support.fake_nerdctl import FakeNerdctl


@pytest.fixture
def cell(
    containerd: PrivateContainerd, host_of: Callable[[PrivateContainerd], Host]
) -> "tuple[Host, str]":
    """A host with the cell of this name: a root that runs, an app that joins its network."""
    host, name = host_of(containerd), unique("cell")
    started = "2026-11-27T03:50:13Z"
    parts: Parts = {"app": {"image": BUSYBOX, "restartPolicy": "always"}, "root": {"root": True}}
    where = f"default/default/{name}"
    run_path = Path(os.environ["KUKEON_RUN_PATH"])
    write_cell(run_path, where, parts, namespace=host.namespace, started=started)
    root = start(host, name, "root")
    start(host, name, "app", "--with-ns", f"network:/proc/{host.pid(root)}/ns/net")
    return host, name


def start(host: Host, cell: str, name: str, *flags: str) -> str:
    """A container of a cell, as Kukeon labels it."""
    labels = {"realm": "main", "cell": cell, "container-type": name}
    words = [
        word for key, value in labels.items() for word in ("--label", f"kukeon.io/{key}={value}")
    ]
    return host.daemon.run(
        BUSYBOX,
        *FOREVER,
        namespace=host.namespace,
        container=f"default_default_{cell}_{name}",
        flags=(*words, *flags),
    )


def end(host: Host, *names: str) -> None:
    """The task of a container ends, by raw ctr."""
    for name in names:
        host.ctr("tasks", "rm", "--force", name)


def labels_of(host: Host, name: str) -> object:
    return host.info(name)["Labels"]


def test_a_stopped_cell_is_whole_after_all_that_was_tried(
    cell: tuple[Host, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    host, name = cell
    fake = FakeNerdctl(tmp_path)
    fake.answer("info --format json", stdout="{}")
    app, root = (f"default_default_{name}_{one}" for one in ("app", "root"))
    before = labels_of(host, app)
    starts = f"`kuke start {name} --realm main`"
    host.kuke("tasks kill", root, "--yes", "--dry-run", says="is the root container")
    host.kuke("tasks kill", root, fails=2, says=f"{app} goes on without it")
    host.kuke("tasks kill -9", app, says="Kukeon starts " + app)
    assert host.ends(app)
    end(host, app, root)
    host.kuke("tasks start -d", app, fails=125, says=starts)  # /proc/<root>/ns/net is stale
    host.kuke("tasks start -d", root, fails=125, says=starts)
    host.kuke("containers rm", app, "--yes", fails=2, says="add --kukeon")
    host.kuke("containers rm --all --yes", says="--kukeon removes them as well")
    host.kuke("containers label", app, "a=b", fails=2, says="--kukeon")
    host.kuke("snapshots rm", app, "--yes", fails=2, says=f"cell {name}")
    host.kuke("images rm", BUSYBOX, fails=2, says="it is in 1 record")
    host.kuke("images prune --all --yes", says="has no unused image")
    nerdctl = f"nerdctl --nerdctl={fake.program} --dry-run --"
    host.kuke(f"{nerdctl} rmi", "busybox:1.36", fails=2, says="`kuke-ctr rmi")
    host.kuke(f"{nerdctl} image prune -a", fails=2, says="it is in 1 record")
    host.kuke(f"{nerdctl} container prune", fails=2, says="--all")
    host.kuke(f"{nerdctl} rm", app, fails=2, says="would change it")
    host.kuke("run -d --name", app, BUSYBOX, *FOREVER, fails=125, says="choose another name")
    assert host.state(app) is host.state(root) is None
    assert set(host.containers()) == {app, root}
    assert {app, root} <= set(host.snapshots())
    assert labels_of(host, app) == before
    assert BUSYBOX in host.ctr("images", "ls", "-q").split()
    assert not Path("/var/log/kuke-ctr", host.namespace).exists()
    host.kuke("containers rm", app, "--yes", "--kukeon")
    type_answer(monkeypatch, name)
    host.kuke("containers rm", root, says=f"type the name ({name})")
    assert host.containers() == []


def test_a_number_that_another_process_has_is_joined_only_if_that_was_meant(
    containerd: PrivateContainerd, host_of: Callable[[PrivateContainerd], Host]
) -> None:
    host = host_of(containerd)
    other = host.start(*FOREVER)
    pid = host.pid(other)
    flags = ("--with-ns", f"network:/proc/{pid}/ns/net")
    mine = host.daemon.run(BUSYBOX, *FOREVER, namespace=host.namespace, flags=flags)
    end(host, mine)
    told = f"which its spec names by the number {pid} (net: now that is `sleep 3600`)"
    host.kuke("tasks start -d --null-io", mine, fails=2, says=told)
    assert host.state(mine) is None
    host.kuke("tasks start -d --null-io --yes", mine)
    assert (
        Path(f"/proc/{host.pid(mine)}/ns/net").readlink() == Path(f"/proc/{pid}/ns/net").readlink()
    )
    end(host, mine, other)
    assert processes.until(lambda: not Path(f"/proc/{pid}").exists(), LIMIT)
    host.kuke("tasks start -d --null-io", mine, fails=2, says="no process has it now")
    host.kuke("tasks start -d --null-io --yes", mine, fails=125)


def test_the_namespace_of_recorded_cells_stays(
    cell: tuple[Host, str],
) -> None:
    host, name = cell
    end(host, *(f"default_default_{name}_{one}" for one in ("app", "root")))
    for one in ("app", "root"):
        host.kuke("containers rm", f"default_default_{name}_{one}", "--yes", "--kukeon")
    host.kuke("images rm --sync", BUSYBOX, "--yes", says="names it")
    says = f"Kukeon's cells need it: default/default/{name}"
    host.kuke("namespaces rm", host.namespace, "--yes", fails=2, says=says)
    host.kuke("namespaces rm", host.namespace, "--yes", "--kukeon")
