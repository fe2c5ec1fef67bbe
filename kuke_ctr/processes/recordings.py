"""Record and replay of process calls: a folder with one JSON file for each call.

A file holds {version, argv, stdin, stdout, stderr, exit_code, tty, note, seconds} and, where they
apply, `timed_out` (true: the time limit ended the call), `host` (it ran there, through ssh) and
`sizes`. A stream that went by
descriptor, or that could not be masked, is stored as "" (stdin: null), and `sizes` has its bytes:
{"stdout": 2097152}, or null for a pipe. Bytes that are not UTF-8 survive as lone surrogates.

What is masked: what `calls.mask` masks in the argv, and in what `containers info` (or nerdctl's
`inspect`) printed the values of the environment; with --record-env only those that came from a
Secret of Kukeon's.
"""

import errno
import re
from collections.abc import Sequence
from pathlib import Path

from kuke_ctr.errors import Forbidden, KukeCtrError, UsageError
from kuke_ctr.processes.calls import mask, of_nerdctl

NUMBERED = re.compile(r"([0-9]{1,9})-.*\.json")
"""The name of a recording: its number comes first."""

LONGEST_NAME = 60
"""The characters that the name of a file has at most, its number and `.json` included."""

_PROGRAM_WORDS = 3
_NOT_COMPARED = (
    *("-a", "--address", "-H", "--host", "--timeout", "--connect-timeout"),
    *("--data-root", "--cni-path", "--cni-netconfpath"),
)
_NAMESPACE = ("-n", "--namespace")


def call_key(argv: Sequence[str]) -> tuple[str, ...]:
    """What a call is found by: the argv without the program's path, address and time limits.

    Nor the time of day after nerdctl's `logs --since`. `k3s ctr -a /run/x.sock --namespace main
    images ls` and `ctr -n main images ls` are the same.
    """
    if argv[:2] == ("sh", "-s"):  # a script of ours
        return tuple(argv)
    program, words = _split_program(mask(argv))
    key = [program]
    while words and words[0].startswith("-"):
        flag, equals, value = words.pop(0).partition("=")
        takes_value = flag in _NOT_COMPARED or flag in _NAMESPACE
        if takes_value and not equals and words:
            value = words.pop(0)
        if flag in _NAMESPACE:
            key += ["-n", value]
        elif not takes_value:
            key.append(flag + equals + value)
    if program == "nerdctl" and words[:1] == ["logs"] and "--since" in words:
        at = words.index("--since") + 1
        del words[at : at + 1]
    return (*key, *words)


def _split_program(argv: Sequence[str]) -> tuple[str, list[str]]:
    """The program (`ctr` or `nerdctl`) and the words after it: `k3s ctr` are two words."""
    for i, word in enumerate(argv[:_PROGRAM_WORDS]):
        if word.startswith("-"):
            break
        if (name := word.rpartition("/")[2]) in ("ctr", "nerdctl"):
            return name, list(argv[i + 1 :])
    program = "nerdctl" if argv and of_nerdctl(argv) else "ctr"
    return program, list(argv[1:])


class explained:  # noqa: N801 (reads as a statement)
    """Turns an OSError about a folder of recordings into one sentence."""

    def __init__(self, folder: Path, what: str) -> None:
        self._folder = folder
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, OSError):
            return
        message = f"cannot {self._what} {self._folder}: {error.strerror or error}"
        if isinstance(error, PermissionError):
            raise Forbidden(message, hint="choose a directory that you may write to") from None
        if isinstance(error, FileNotFoundError | FileExistsError | NotADirectoryError):
            raise UsageError(message, hint="it must be a directory") from None
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "choose a directory on a disk with free space" if full else None
        raise KukeCtrError(message, hint=hint) from None
