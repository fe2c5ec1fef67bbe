"""Calls and results that the tests of record and replay write down and read back."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.environments import mask_environment
from kuke_ctr.processes.recorder import MaskEnv, Recorder

LS = Call(("ctr", "-n", "main", "images", "ls"))


def mask_all(argv: Sequence[str], text: str) -> str | None:
    """As a recorder masks unless --record-env is given."""
    del argv
    return mask_environment(text)


def recorder(folder: Path, *, append: bool = False, mask_env: MaskEnv = mask_all) -> Recorder:
    """A recorder of ctr 1.7.24."""
    return Recorder(folder, append=append, mask_env=mask_env, version=lambda: "1.7.24")


def gave(
    call: Call, stdout: bytes = b"", *, stderr: bytes = b"", exit_code: int = 0, seconds: float = 0
) -> Result:
    """What the call gave."""
    return Result(call.argv, exit_code, stdout, stderr, seconds)


def read(folder: Path) -> list[dict[str, Any]]:
    """The recordings in a folder, in their order."""
    return [json.loads(path.read_text()) for path in sorted(folder.iterdir())]


def recording(*argv: str, stdout: str = "", **more: object) -> str:
    """A file as somebody may write it by hand."""
    form = {"argv": argv, "stdout": stdout, "stderr": "", "exit_code": 0}
    return json.dumps({**form, **more})
