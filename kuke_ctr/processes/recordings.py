"""Record and replay of process calls: a folder with one JSON file for each call.

A file holds {version, argv, stdin, stdout, stderr, exit_code, tty, note, seconds} and, where they
apply, `timed_out` (true: the time limit ended the call) and `sizes`. A stream that went by
descriptor, or that could not be masked, is stored as "" (stdin: null), and `sizes` has its bytes:
{"stdout": 2097152}, or null for a pipe. Bytes that are not UTF-8 survive as lone surrogates.

What is masked: what `calls.mask` masks in the argv, and in what `containers info` (or nerdctl's
`inspect`) printed the values of the environment.
"""

import errno
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from kuke_ctr.errors import Forbidden, KukeCtrError, Unreadable, UsageError
from kuke_ctr.processes.calls import Call, Result, mask, shown, time_limit, write_all

SHORT_STDIN = 4096
"""A stdin text up to this many bytes is stored, a longer one is a size."""

LONGEST_NAME = 60
"""The characters that the name of a file has at most, its number and `.json` included."""

_NUMBERED = re.compile(r"(\d+)-.*\.json")
_PROGRAM_WORDS = 3
_NOT_COMPARED = (
    *("-a", "--address", "-H", "--host", "--timeout", "--connect-timeout"),
    *("--data-root", "--cni-path", "--cni-netconfpath"),
)
_NAMESPACE = ("-n", "--namespace")

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def call_key(argv: Sequence[str]) -> tuple[str, ...]:
    """What a call is found by: the argv without the program's path, address and time limits.

    `k3s ctr -a /run/x.sock --namespace main images ls` and `ctr -n main images ls` are the same.
    """
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
    return (*key, *words)


def _split_program(argv: Sequence[str]) -> tuple[str, list[str]]:
    """The program (`ctr` or `nerdctl`) and the words after it: `k3s ctr` are two words."""
    for i, word in enumerate(argv[:_PROGRAM_WORDS]):
        if word.startswith("-"):
            break
        if (name := word.rpartition("/")[2]) in ("ctr", "nerdctl"):
            return name, list(argv[i + 1 :])
    program = "nerdctl" if argv and "nerdctl" in argv[0].rpartition("/")[2] else "ctr"
    return program, list(argv[1:])


class Recorder:
    """Writes every call into a folder, as one file that only its owner may read.

    `version` tells the version of the program that is recorded; it is asked once, and late.
    Raises UsageError for a folder that holds recordings already, unless `append`.
    """

    def __init__(
        self, folder: Path, *, append: bool, keep_env: bool, version: Callable[[], str]
    ) -> None:
        self._folder = folder
        self._keep_env = keep_env
        self._ask_version = version
        self._version: str | None = None
        with _explained(folder, "record into"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            names = os.listdir(folder)  # noqa: PTH208 (names are enough)
        numbers = [int(found[1]) for name in names if (found := _NUMBERED.fullmatch(name))]
        if numbers and not append:
            raise UsageError(
                f"the folder {folder} holds recordings already",
                hint="take another folder, or add to this one with --record-append",
            )
        self._last = max(numbers, default=0)

    def write(self, call: Call, result: Result, *, timed_out: bool = False) -> None:
        """Write one call; `timed_out` where the time limit ended it."""
        recording = self._recording(call, result)
        if timed_out:
            recording["timed_out"] = True
        text = json.dumps(recording, indent=1)
        with _explained(self._folder, "record into"):
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
        elif stdout and not self._keep_env and _shows_environment(call.argv):
            stdout = mask_environment(stdout)
            if stdout is None:
                sizes["stdout"] = len(result.stdout)
                note = "stdout is not JSON: not stored, since its environment can't be masked"
        return {
            "version": self._version_text(),
            "argv": list(mask(call.argv)),
            "stdin": stdin,
            "stdout": stdout or "",
            "stderr": _text(result.stderr),
            "exit_code": result.exit_code,
            "tty": False,
            "note": note,
            "seconds": round(result.seconds, 3),
            **({"sizes": sizes} if sizes else {}),
        }

    def _version_text(self) -> str:
        if self._version is None:
            self._version = ""  # asking may be a recorded call itself
            try:
                self._version = self._ask_version()
            except KukeCtrError:
                self._version = ""
        return self._version

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


class _explained:  # noqa: N801 (reads as a statement)
    """Turns an OSError about a folder of recordings into one sentence."""

    def __init__(self, folder: Path, what: str) -> None:
        self._folder = folder
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, OSError):
            return
        message = f"can't {self._what} {self._folder}: {error.strerror or error}"
        if isinstance(error, PermissionError):
            raise Forbidden(message, hint="choose a folder of your own") from None
        if isinstance(error, FileNotFoundError | FileExistsError | NotADirectoryError):
            raise UsageError(message, hint="it has to be a folder") from None
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "choose a folder on a disk with free space" if full else None
        raise KukeCtrError(message, hint=hint) from None


@dataclass(slots=True)
class _Answers:
    """The recorded answers of one call; the last one is given again and again."""

    recordings: list[dict[str, Json]] = field(default_factory=list)
    given: int = 0

    def next(self) -> dict[str, Json]:
        recording = self.recordings[min(self.given, len(self.recordings) - 1)]
        self.given += 1
        return recording


class Player:
    """Answers calls from a folder of recordings; equal calls in the order in which they were made.

    Raises UsageError for a folder that isn't there or holds no recordings, Unreadable for a file
    that is not a recording.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._answers: dict[tuple[str, ...], _Answers] = {}
        for recording in _read_folder(folder):
            argv = recording["argv"]
            assert isinstance(argv, list)
            key = call_key([str(word) for word in argv])
            self._answers.setdefault(key, _Answers()).recordings.append(recording)

    def answer(self, call: Call) -> Result:
        """What the recorded call gave; a recorded output goes to `call.stdout` where that is set.

        Raises Unreadable for a call that was not recorded, TimeLimit where the call ran into it.
        """
        answers = self._answers.get(call_key(call.argv))
        if answers is None:
            raise self._not_recorded(call)
        recording = answers.next()
        if recording.get("timed_out"):
            raise time_limit(call)
        stdout = self._stdout(call, recording)
        seconds, exit_code = recording.get("seconds", 0), recording["exit_code"]
        return Result(
            argv=call.argv,
            exit_code=exit_code if isinstance(exit_code, int) else 0,
            stdout=stdout,
            stderr=_bytes(recording["stderr"]),
            seconds=seconds if isinstance(seconds, int | float) else 0.0,
        )

    def _stdout(self, call: Call, recording: dict[str, Json]) -> bytes:
        stdout = _bytes(recording["stdout"])
        sizes = recording.get("sizes")
        if call.stdout is not None:
            write_all(call.stdout, stdout)
            return b""
        if isinstance(sizes, dict) and "stdout" in sizes:
            raise Unreadable(
                f"the recording has only the size of what `{shown(call.argv)}` printed",
                hint=str(recording.get("note") or "") or None,
                command=mask(call.argv),
            )
        return stdout

    def _not_recorded(self, call: Call) -> Unreadable:
        import difflib

        lines = {shown(key): None for key in self._answers}
        wanted = shown(call_key(call.argv))
        nearest = difflib.get_close_matches(wanted, lines, n=1, cutoff=0.0)
        return Unreadable(
            f"the recording {self._folder} has no call `{wanted}`",
            hint=f"the nearest one that it has is `{nearest[0]}`",
            command=mask(call.argv),
            ran=False,
        )


def _read_folder(folder: Path) -> Iterator[dict[str, Json]]:
    with _explained(folder, "replay"):
        names = [name for name in os.listdir(folder) if name.endswith(".json")]  # noqa: PTH208
    if not names:
        raise UsageError(
            f"the folder {folder} holds no recordings", hint="--record makes such a folder"
        )
    for name in sorted(names, key=_number_first):
        with _explained(folder, "replay"):
            data = (folder / name).read_bytes()
        yield _read_recording(folder / name, data)


def _number_first(name: str) -> tuple[float, str]:
    """Sorts 1000-x.json after 999-x.json, and files without a number last."""
    found = _NUMBERED.fullmatch(name)
    return (int(found[1]) if found else float("inf"), name)


def _read_recording(path: Path, data: bytes) -> dict[str, Json]:
    try:
        recording: Json = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path} is not a recording: it is broken JSON ({error})") from None
    wrong = _what_is_wrong(recording)
    if wrong or not isinstance(recording, dict):
        raise Unreadable(f"{path} is not a recording: {wrong}")
    return recording


def _what_is_wrong(recording: Json) -> str | None:
    if not isinstance(recording, dict):
        return "it is not an object"
    argv = recording.get("argv")
    if not isinstance(argv, list) or not argv or not all(isinstance(word, str) for word in argv):
        return "`argv` is not a list of words"
    for name in ("stdout", "stderr"):
        if not isinstance(recording.get(name), str):
            return f"`{name}` is not a text"
    code = recording.get("exit_code")
    if not isinstance(code, int) or isinstance(code, bool):
        return "`exit_code` is not a number"
    return None


def _shows_environment(argv: Sequence[str]) -> bool:
    """Whether the call is `containers info` in any of its spellings, or nerdctl's `inspect`."""
    words = [word for word in call_key(argv) if not word.startswith("-")]
    return "inspect" in words or any(
        noun in ("containers", "container", "c") and verb == "info"
        for noun, verb in pairwise(words)
    )


def mask_environment(text: str) -> str | None:
    """The JSON text with `NAME=***` in every list `env`, written as Go does; None if not JSON."""
    try:
        document: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    masked = json.dumps(_masked(document), indent=4, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        masked = masked.replace(character, f"\\u{ord(character):04x}")
    return masked + "\n" * text.endswith("\n")


def _masked(value: Json) -> Json:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: [_name_only(each) for each in item]
        if key.lower() == "env" and isinstance(item, list)
        else _masked(item)
        for key, item in value.items()
    }


def _name_only(variable: Json) -> Json:
    return f"{variable.partition('=')[0]}=***" if isinstance(variable, str) else None


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


def _bytes(text: Json) -> bytes:
    return str(text).encode(errors="surrogateescape")
