"""Which snapshots count as unused, over a fake ctr."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.cli.main import main
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.parse.mounts import Mounted
from kuke_ctr.recipes import unused_snapshots as recipe
from kuke_ctr.recipes.unused_snapshots import Unused, unused_snapshots
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.fake_ctr import FakeCtr
from tests.support.far_host import FarHost
from tests.support.storage_host import (
    CHAIN,
    MAIN,
    MAIN_BLOBS,
    MANIFEST,
    REF,
    Capture,
    changing,
    fill,
    snapshots,
)

ROOT = {"containerd.io/gc.root": "2026-11-24T22:13:31Z"}
OLD = datetime.now(UTC) - timedelta(hours=2)
SOON = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"


def info(
    fake: FakeCtr,
    key: str,
    labels: dict[str, str] | None = None,
    created: datetime = OLD,
    verb: str = "info",
) -> None:
    """What is known of a snapshot; nothing of it is mounted."""
    told = {
        "Name": key,
        "Labels": ROOT if labels is None else labels,
        "Created": f"{created:%FT%TZ}",
    }
    fake.answer(*MAIN, "snapshots", "info", key, stdout=json.dumps(told))
    line = f"mount -t overlay overlay /mnt -o upperdir=/s/{key},lowerdir=/s/1\n"
    fake.answer(*MAIN, "snapshots", "mounts", "/mnt", key, stdout=line)
    fake.answer(*MAIN, "snapshots", "rm", key)


@pytest.fixture
def host(storage_host: FakeCtr) -> FakeCtr:
    """An image, a container, and snapshots that look as if nobody used them."""
    rows = (
        *((CHAIN, "", "Committed"), ("web", CHAIN, "Active")),
        *(("base", "", "Committed"), ("child", "base", "Committed")),
        *(("old", CHAIN, "Active"), ("young", "base2", "Active"), ("base2", "", "Committed")),
    )
    storage_host.answer(*MAIN, "snapshots", "ls", stdout=snapshots(*rows))
    for key in ("base", "child", "old", "base2"):
        info(storage_host, key)
    info(storage_host, "young", created=datetime.now(UTC))
    return storage_host


def found() -> Unused:
    return unused_snapshots(Scope(Session(SharedOptions(), note).ctr, "kukeon-main"))


def keys(some: Unused) -> list[list[str]]:
    return [[one.key for one in part] for part in (some.unused, some.young, some.leased)]


def test_leftovers_are_unused_and_what_stands_below_the_used_is_not(host: FakeCtr) -> None:
    assert keys(found()) == [["base", "child", "old"], ["young"], []]


def test_a_mount_a_label_and_an_owner_keep_a_snapshot(
    host: FakeCtr, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = Mounted("0:1", "/", "/mnt", (), "overlay", ("upperdir=/s/old", "lowerdir=/s/1"))
    monkeypatch.setattr(recipe, "host_mounts", lambda ctr: [mounted])
    info(host, "child", {**ROOT, "containerd.io/gc.bref.image": "x"})
    assert keys(found())[0] == []


MOUNTED = "30 1 0:40 / /mnt rw - overlay overlay rw,lowerdir=/s/1,upperdir=/s/old\n"
READS = '[ "$1" = /proc/self/mountinfo ] || exec /bin/cat "$@"; '


def test_what_is_mounted_is_asked_of_the_host_itself(
    host: FakeCtr, far_host: FarHost, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "mounts").write_text(MOUNTED)
    far_host.program("cat", f"{READS}/bin/cat {tmp_path}/mounts; echo denied >&2; exit 1")
    there = ("-H", "web3", "-n", "kukeon-main")
    assert main([*there, "snapshots", "ls", "--unused", "-q"]) == 0
    assert capsys.readouterr().out == "base\nchild\n"
    assert main([*there, "snapshots", "rm", "old"]) == 2
    assert "mounted" in capsys.readouterr().err
    assert changing(host) == []


def test_nothing_is_unused_where_the_mounts_of_another_host_cannot_be_read(
    host: FakeCtr, far_host: FarHost, capsys: Capture
) -> None:
    far_host.program("cat", f"{READS}echo no such file >&2; exit 1")
    line = ["-H", "web3", "-n", "kukeon-main", "snapshots", "prune", "-y"]
    assert main(line) == 1
    assert "what is mounted on web3 cannot be read: no such file" in capsys.readouterr().err
    assert changing(host) == []


def test_a_lease_keeps_what_it_names_and_may_keep_what_nothing_else_does(host: FakeCtr) -> None:
    named = f"containerd.io/gc.expire={SOON},containerd.io/gc.ref.snapshot.overlayfs=child"
    fill(host, "kukeon-main", refs=((REF, MANIFEST),), content=MAIN_BLOBS, kept={"l": named})
    assert keys(found()) == [["old"], ["young"], []]
    info(host, "old", {})
    assert keys(found()) == [[], ["young"], ["old"]]
    past = named.replace(SOON, "2020-01-01T00:00:00Z")
    fill(host, "kukeon-main", refs=((REF, MANIFEST),), content=MAIN_BLOBS, kept={"l": past})
    assert keys(found()) == [["base", "child", "old"], ["young"], []]


@pytest.mark.parametrize(
    "words", [("leases", "ls"), ("content", "ls"), ("containers", "ls", "-q"), ("snapshots", "ls")]
)
def test_what_cant_be_found_out_stops_it(host: FakeCtr, words: tuple[str, ...]) -> None:
    host.answer(*MAIN, *words, stderr="ctr: no\n", exit_code=1)
    with pytest.raises(KukeCtrError):
        found()


def test_prune_lists_asks_and_removes_children_first(host: FakeCtr, capsys: Capture) -> None:
    assert main(["snapshots", "ls", "--unused", "-q", "-r", "main"]) == 0
    out, err = capsys.readouterr()
    assert out == "base\nchild\nold\n"
    assert "1 snapshot is younger than an hour" in err
    assert "`kuke-ctr snapshots info young --namespace kukeon-main`" in err
    assert main(["snapshots", "prune", "-r", "main"]) == 2
    assert "base (Committed), child (Committed), old (Active)" in capsys.readouterr().err
    assert main(["snapshots", "prune", "-r", "main", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"env ctr -n kukeon-main snapshots rm {key}" for key in ("child", "old", "base")
    ]
    assert changing(host) == []
    gone = 'ctr: failed to remove "base": snapshot base does not exist: not found\n'
    host.answer(*MAIN, "snapshots", "rm", "base", stderr=gone, exit_code=1)
    assert main(["snapshots", "prune", "-r", "main", "-y"]) == 0
    out, err = capsys.readouterr()
    assert out == "child\nold\nbase\n"
    assert "containerd has already removed base" in err


def test_nothing_is_pruned_where_the_settings_point_to_a_foreign_namespace(
    host: FakeCtr, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "config.yaml"
    settings.write_text("realms: {docker: {namespace: moby}}\n")
    monkeypatch.setenv("KUKE_CTR_CONFIG", str(settings))
    assert main(["snapshots", "prune", "--yes", "-r", "docker"]) == 2
    assert "moby belongs to no realm" in capsys.readouterr().err
    assert changing(host) == []


def test_info_names_the_users(host: FakeCtr, capsys: Capture) -> None:
    info(host, "web")
    assert main(["snapshots", "info", "web", "-r", "main"]) == 0
    users = json.loads(capsys.readouterr().out)["UsedBy"]
    assert [(user["Kind"], user["Name"]) for user in users] == [("container", "web")]
    assert main(["snapshots", "info", "base", "-r", "main"]) == 0
    users = json.loads(capsys.readouterr().out)["UsedBy"]
    assert [(user["Kind"], user["Name"]) for user in users] == [("snapshot", "child")]
    assert main(["snapshots", "info", "old", "-r", "main"]) == 0
    assert json.loads(capsys.readouterr().out)["UsedBy"] == []
