"""tasks start of a container whose task has ended."""

import json

import pytest

from tests.support.fake_ctr import FakeCtr
from tests.support.runtime_host import Capture, N, changes, run


@pytest.mark.parametrize("name", ["ended", "idle", "web"])
def test_a_container_of_kukeon_is_started_by_kuke(
    runtime_host: FakeCtr, capsys: Capture, name: str
) -> None:
    """Without a task, too: its spec may join the network of quite another process."""
    labels = {"kukeon.io/cell": "shop", "kukeon.io/realm": "main"}
    info = json.dumps({"ID": name, "Labels": labels, "Spec": {}})
    runtime_host.answer(*N, "containers", "info", name, stdout=info)
    code, _, err = run(f"tasks start -d {name}", capsys)
    assert code == 125
    assert "to start the cell: `kuke start shop --realm main`" in err
    assert "kuke-ctr tasks" not in err
    assert changes(runtime_host) == []


def test_of_any_other_one_the_old_task_is_deleted_first(
    runtime_host: FakeCtr, capsys: Capture
) -> None:
    code, _, err = run("tasks start -d ended", capsys)
    assert code == 125
    here = "--namespace kukeon-main"
    assert f"`kuke-ctr tasks rm ended {here} && kuke-ctr tasks start ended {here}`" in err
