"""A host whose tasks are in every state, for tests of what changes them."""

import json
import shlex

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr

Capture = pytest.CaptureFixture[str]


N = ("-n", "kukeon-main")


CHANGING = ("create", "label", "rm", "kill", "pause", "resume", "checkpoint")


def tasks_table(*rows: tuple[str, str]) -> str:
    width = max((len(name) for name, _ in rows), default=4) + 4
    lines = [f"{'TASK':<{width}}PID     STATUS    "]
    lines += [f"{name:<{width}}{1000 + i:<8}{status}" for i, (name, status) in enumerate(rows)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def runtime_host(fake_ctr: FakeCtr, monkeypatch: pytest.MonkeyPatch) -> FakeCtr:
    """A host with a task in every state, and a container without one."""
    monkeypatch.setattr("kuke_ctr.recipes.task_control.drops", lambda pid, number: False)
    fake_ctr.answer("namespaces", "ls", "-q", stdout="default\nkukeon-main\nmoby\n")
    names = ("web", "frozen", "ended", "fresh", "silent", "idle")
    states = ("RUNNING", "PAUSED", "STOPPED", "CREATED", "UNKNOWN")
    fake_ctr.answer(*N, "tasks", "ls", stdout=tasks_table(*zip(names, states, strict=False)))
    fake_ctr.answer(*N, "containers", "ls", "-q", stdout="".join(f"{n}\n" for n in names))
    for name in names:
        info = json.dumps({"ID": name, "Labels": {}, "Spec": {}})
        fake_ctr.answer(*N, "containers", "info", name, stdout=info)
    return fake_ctr


def changes(runtime_host: FakeCtr) -> list[str]:
    """The changing calls that ran."""
    return [
        shlex.join(call)
        for call in runtime_host.calls
        if any(word in CHANGING for word in call) and "ls" not in call
    ]


def run(line: str, capsys: Capture) -> tuple[int, str, str]:
    code = main(["-r", "main", *shlex.split(line)])
    return code, *capsys.readouterr()


def contents(runtime_host: FakeCtr, namespace: str, **lines: str) -> None:
    """What a namespace holds: the output of each `ls -q`, and of one snapshotter."""
    plugins = (
        "TYPE                            ID           PLATFORMS      STATUS    \n"
        "io.containerd.snapshotter.v1    overlayfs    linux/amd64    ok        \n"
        "io.containerd.snapshotter.v1    zfs          linux/amd64    skip      \n"
    )
    kind = "type==io.containerd.snapshotter.v1"
    runtime_host.answer("plugins", "ls", kind, stdout=plugins)
    for noun in ("images", "containers", "tasks", "content", "leases"):
        runtime_host.answer("-n", namespace, noun, "ls", "-q", stdout=lines.get(noun, ""))
    header = "KEY PARENT KIND \n"
    words = ("snapshots", "--snapshotter", "overlayfs", "ls")
    runtime_host.answer("-n", namespace, *words, stdout=header + lines.get("snapshots", ""))
