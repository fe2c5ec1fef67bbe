"""The process around the command line: Ctrl-C before it begins, streams that nobody opened."""

import subprocess  # noqa: TID251
import sys

import pytest

_CTRL_C_DURING = """
import importlib.abc, os, signal, sys

class CtrlC(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, CtrlC())
from kuke_ctr.__main__ import run
sys.exit(run())
"""


@pytest.mark.parametrize("module", ["typer", "kuke_ctr.render", "kuke_ctr.commands.schema"])
def test_ctrl_c_during_the_imports_is_130_without_a_traceback(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CTRL_C_DURING.format(module=module), "schema", "images"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr in ("", "kuke-ctr: interrupted\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_under_the_output_is_one_sentence(unbuffered: str) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "kuke_ctr", "schema", "images"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={"PYTHONUNBUFFERED": unbuffered, "PYTHONPATH": ":".join(sys.path)},
        )
    assert done.returncode == 1
    assert done.stderr == "kuke-ctr: the system refused: No space left on device\n"
