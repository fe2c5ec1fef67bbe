"""A run path of Kukeon's with logs, for tests of `logs`."""

import json
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from scripts.lib.kukeon import write_record
from tests.support.fake_ctr import FakeCtr

Capture = pytest.CaptureFixture[bytes]


NS = "kukeon-main"


ID = "space_stack_my-cell_app"


@pytest.fixture
def log_run_path(tmp_path: Path) -> Path:
    """A run path with a realm `main` and a cell of three containers."""
    path = tmp_path / "kukeon"
    write_record(path, "main", NS)
    cell = path / "data/main/space/stack/my-cell"
    cell.mkdir(parents=True)
    names = {"app": {}, "shell": {"attachable": True}, "root": {"root": True}}
    containers = [
        {"id": name, "containerdId": f"space_stack_my-cell_{name}", **more}
        for name, more in names.items()
    ]
    (cell / "metadata.json").write_text(json.dumps({"spec": {"containers": containers}}))
    (cell / "app").mkdir()
    (cell / "app" / "log").write_bytes(b"one\ntwo\n\xffthree\n")
    (cell / "shell" / "tty").mkdir(parents=True)
    (cell / "shell" / "tty" / "capture").write_bytes(b"/ # \x1b[6n\x1b[32mgreen\r\n")
    return path


def answers(
    ctr: FakeCtr,
    container: str = "c1",
    *,
    task: str | None = None,
    labels: dict[str, str] | None = None,
    mounts: object = None,
) -> None:
    info = {"ID": container, "Labels": labels, "Spec": {"mounts": mounts}}
    ctr.answer("-n", NS, "containers", "info", container, stdout=json.dumps(info))
    ctr.answer("-n", NS, "containers", "ls", "-q", stdout=f"{container}\n")
    ctr.answer("namespaces", "ls", "-q", stdout=f"{NS}\n")
    row = "{:<8}{:<8}{}".format("TASK", "PID", "STATUS    ") + "\n"
    if task is not None:
        pid, status = task.split()
        wide = len(container) + 4
        row = f"{'TASK':<{wide}}{'PID':<11}STATUS    \n{container:<{wide}}{pid:<11}{status}\n"
    ctr.answer("-n", NS, "tasks", "ls", stdout=row)


def run(log_run_path: Path, *words: str) -> int:
    return main(["logs", *words, "--run-path", str(log_run_path)])
