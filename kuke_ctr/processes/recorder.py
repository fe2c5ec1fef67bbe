"""Writes calls down, one file for each (`recordings.py` has the format)."""

import json
import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.processes.calls import Call, Result, mask, of_nerdctl, write_all
from kuke_ctr.processes.environments import Json, shows_environment
from kuke_ctr.processes.others_files import refuse_others
from kuke_ctr.processes.recordings import LONGEST_NAME, NUMBERED, call_key, explained

MaskEnv = Callable[[Sequence[str], str], str | None]
"""Takes the argv of a call and what it printed."""

_NERDCTLS = "nerdctl version "
"""What `nerdctl --version` says before its version."""

SHORT_STDIN = 4096
"""A stdin text up to this many bytes is stored, a longer one is a size."""


class Recorder:
    """Writes every call into a folder, as one file that only its owner may read.

    `version` tells the version of the program that is recorded; it is asked until it is known.
    `mask_env` masks environments in what a call printed; None for what can't be masked.
    Raises UsageError for a folder that holds recordings already, unless `append`, and Forbidden for
    one that another user has left in a place like /tmp.
    """

    def __init__(
        self, folder: Path, *, append: bool, mask_env: MaskEnv, version: Callable[[], str | None]
    ) -> None:
        self._folder = folder
        self._mask_env = mask_env
        self._ask_version = version
        self._version: str | None = None
        self._nerdctls = ""
        refuse_others(folder)
        with explained(folder, "record into"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            names = os.listdir(folder)  # noqa: PTH208 (names are enough)
        numbers = [int(found[1]) for name in names if (found := NUMBERED.fullmatch(name))]
        if numbers and not append:
            raise UsageError(
                f"the directory {folder} already has recordings",
                hint="name another directory, or add to this one with --record-append",
            )
        self._last = max(numbers, default=0)

    def write(self, call: Call, result: Result, *, timed_out: bool = False) -> None:
        """Write one call; `timed_out` where the time limit ended it."""
        recording = self._recording(call, result)
        if timed_out:
            recording["timed_out"] = True
        text = json.dumps(recording, indent=1)
        with explained(self._folder, "record into"):
            self._write_new(_slug(call.argv), text.encode() + b"\n")

    def _recording(self, call: Call, result: Result) -> dict[str, Json]:
        sizes: dict[str, Json] = {}
        stdin = None
        if isinstance(call.stdin, int):
            sizes["stdin"] = _file_size(call.stdin)
        elif call.stdin is not None and len(call.stdin) > SHORT_STDIN:
            sizes["stdin"] = len(call.stdin)
        elif call.stdin is not None:
            stdin = _text(call.stdin)
        stdout: str | None = _text(result.stdout)
        note = ""
        if call.stdout is not None:
            stdout, sizes["stdout"] = None, _file_size(call.stdout)
        elif stdout and shows_environment(call.argv):
            stdout = self._mask_env(call.argv, stdout)
            if stdout is None:
                sizes["stdout"] = len(result.stdout)
                note = (
                    "stdout was not stored: it is not JSON, so its environment variables could "
                    "not be masked"
                )
        return {
            "version": self._version_of(call, result),
            "argv": list(mask(call.argv)),
            **({"host": str(call.far)} if call.far is not None else {}),
            "stdin": stdin,
            "stdout": stdout or "",
            "stderr": _text(result.stderr),
            "exit_code": result.exit_code,
            "tty": False,
            "note": note,
            "seconds": round(result.seconds, 3),
            **({"sizes": sizes} if sizes else {}),
        }

    def _version_of(self, call: Call, result: Result) -> str:
        """The version of the program of a call; nerdctl is asked for its own before it is used."""
        if not of_nerdctl(call.argv):
            return self._version_text()
        said = _text(result.stdout).strip()
        if said.startswith(_NERDCTLS):
            self._nerdctls = said.removeprefix(_NERDCTLS)
        return self._nerdctls

    def _version_text(self) -> str:
        if self._version is None:
            self._version = ""  # asking may be a recorded call itself
            try:
                self._version = self._ask_version()
            except KukeCtrError:
                self._version = ""
        return self._version or ""

    def _write_new(self, slug: str, data: bytes) -> None:
        while True:
            self._last += 1
            stem = f"{self._last:03}-{slug}"[: LONGEST_NAME - len(".json")]
            path = self._folder / f"{stem}.json"
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                break
            except FileExistsError:  # another kuke-ctr appends to the same folder
                continue
        try:
            write_all(descriptor, data)
        except OSError:
            path.unlink(missing_ok=True)  # half a recording is no recording
            raise
        finally:
            os.close(descriptor)


def _slug(argv: Sequence[str]) -> str:
    """The noun and the verb, in characters that every file system takes."""
    words = call_key(argv)[1:]
    if words[:1] == ("-n",):
        words = words[2:]
    text = "-".join(word.strip("-") for word in words[:2])
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("._-") or "call"


def _file_size(descriptor: int) -> int | None:
    """The bytes that a file holds; None for a pipe (-1), whose bytes nobody counted."""
    if descriptor < 0:
        return None
    status = os.fstat(descriptor)
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")
