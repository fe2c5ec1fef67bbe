"""An id that is taken: the hint fits the state, and can be pasted."""

import json

import pytest

from kuke_ctr.recipes.taken import taken
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import N

HERE = "--namespace kukeon-main"
GONE = "ctr: process does not exist: not found\n"


def hint_of(name: str, snapshotter: str | None = None) -> str:
    scope = Session(SharedOptions(namespace="kukeon-main")).realm().scope
    error = taken(scope, name, snapshotter)
    assert f"{name} already exists" in error.message
    assert "nothing was changed" in error.message
    return error.hint or ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "web",
            f"its task is RUNNING; choose another name, or kill and remove this one: `kuke-ctr "
            f"rm --force web {HERE}`",
        ),
        ("frozen", "its task is PAUSED; choose another name"),
        (
            "ended",
            f"its process has ended; choose another name, or `kuke-ctr rm ended {HERE}` removes it",
        ),
        (
            "idle",
            f"choose another name, or `kuke-ctr start idle {HERE}` starts this one, or "
            f"`kuke-ctr rm idle {HERE}` removes it",
        ),
        ("silent", f"choose another name; `kuke-ctr tasks ls {HERE}` shows what containerd knows"),
    ],
)
def test_a_container_that_is_in_the_way(runtime_host: FakeCtr, name: str, said: str) -> None:
    runtime_host.answer(*N, "tasks", "ps", "idle", stderr=GONE, exit_code=1)
    assert hint_of(name).startswith(said)


def test_a_container_of_kukeon_is_never_to_be_removed(runtime_host: FakeCtr) -> None:
    labels = {"kukeon.io/cell": "shop", "kukeon.io/realm": "main"}
    info = json.dumps({"ID": "ended", "Labels": labels, "Spec": {}})
    runtime_host.answer(*N, "containers", "info", "ended", stdout=info)
    hint = hint_of("ended")
    assert "Kukeon's cell shop; to start the cell: `kuke start shop --realm main`" in hint
    assert "rm" not in hint


@pytest.mark.parametrize(
    ("snapshotter", "line"),
    [
        (None, f"`kuke-ctr snapshots rm left {HERE}`"),
        ("native", f"`kuke-ctr snapshots rm left --snapshotter native {HERE}`"),
    ],
)
def test_a_snapshot_that_was_left(
    runtime_host: FakeCtr, snapshotter: str | None, line: str
) -> None:
    assert hint_of("left", snapshotter).startswith(line)
