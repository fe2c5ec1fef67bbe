"""The demo host has what the README works with: `web` with a log, `shell` with a terminal."""

import os
import shlex
import subprocess  # noqa: TID251 (kuke-ctr as the user of the demo calls it)
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.lib import quickstart, venv

README = (venv.TOP / "README.md").read_text()
WORK = [
    shlex.split(line, comments=True)[1:]
    for line in README[README.index("## Work") : README.index("## Test")].splitlines()
    if line.startswith("    kuke-ctr ")
]


@pytest.fixture
def demo(
    programs_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Path]:
    """The folder of a demo of this test; it is stopped afterwards."""
    programs_of("native")
    folder = tmp_path / ".demo"
    monkeypatch.setattr(quickstart, "DEMO", folder)
    monkeypatch.setattr(quickstart, "RUN_PATH", folder / "run")
    # the environment of the tests, and not one that is installed anew
    monkeypatch.setattr(venv, "ensure", lambda: Path(sys.executable).parent)
    monkeypatch.setattr(venv, "VENV", Path(sys.executable).parents[1])
    yield folder
    quickstart.stop()
    assert not folder.exists()


# the demo's containerd is meant to outlive the process that has started it
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_demo(
    demo: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert quickstart.start() == 0
    said = capfd.readouterr().out
    exported = dict(
        line.strip().removeprefix("export ").split("=", 1)
        for line in said.splitlines()
        if line.startswith("  export ")
    )
    assert exported["KUKE_CTR_REALM"] == "main"
    path = exported.pop("PATH").replace("$PATH", os.environ["PATH"])

    def kuke_ctr(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["kuke-ctr", *words],
            env={**os.environ, **exported, "PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert kuke_ctr("tasks", "ls", "-q").stdout.split() == ["shell", "web"]
    log = kuke_ctr("logs", "web")
    assert (log.returncode, log.stdout.count(":") >= 2) == (0, True), log
    answered = kuke_ctr(
        "attach", "shell", "--send", "echo $((6*7))\\n", "--expect", "42", "--timeout", "20s"
    )
    assert answered.returncode == 0, answered
    monkeypatch.chdir(demo)
    for words in WORK:
        # one that needs a terminal or does not end is only planned
        stays = {"-it", "-f", "attach"} & set(words)
        done = kuke_ctr(*(["--dry-run"] if stays else []), *words)
        assert done.returncode == 0, done
    assert quickstart.start() == 0
    assert "the demo is up already" in capfd.readouterr().out
