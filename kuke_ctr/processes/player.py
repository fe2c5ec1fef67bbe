"""Answers calls from a folder of recordings (`recordings.py` has the format)."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kuke_ctr.errors import Unreadable, UsageError
from kuke_ctr.processes.calls import Call, Result, mask, shown, time_limit, write_all
from kuke_ctr.processes.recordings import NUMBERED, call_key, explained
from kuke_ctr.processes.regular_files import read_regular

_LAST_SIGNAL, _HIGHEST_CODE = 64, 255
_MOST = 256 << 20
"""Bytes of a recording: the longest lists have some MiB."""


def _bytes(text: Any) -> Any:
    """Lone surrogates stand for bytes that were not UTF-8; those that can't are a ValueError."""
    return text.encode(errors="surrogateescape") if isinstance(text, str) else text


_Stream = Annotated[bytes, BeforeValidator(_bytes)]


class Recording(BaseModel):
    """What a file holds, as far as a replay uses it. A description ends `FIELD is not ...`."""

    model_config = ConfigDict(strict=True, frozen=True)

    argv: list[str] = Field(min_length=1, description="a list of words")
    host: str = Field(default="", description="the name of a host")
    stdout: _Stream = Field(description="a text")
    stderr: _Stream = Field(description="a text")
    exit_code: int = Field(
        ge=-_LAST_SIGNAL,
        le=_HIGHEST_CODE,
        description=f"a number from -{_LAST_SIGNAL} to {_HIGHEST_CODE}",
    )
    seconds: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="a number")
    timed_out: bool = Field(default=False, description="true or false")
    sizes: dict[str, int | None] = Field(default={}, description="an object of numbers")
    note: str = Field(default="", description="a text")


@dataclass(slots=True)
class _Answers:
    """The recorded answers of one call; the last one is given again and again."""

    recordings: list[Recording] = field(default_factory=list)
    given: int = 0

    def next(self) -> Recording:
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
        self._hosts: dict[str, dict[tuple[str, ...], _Answers]] = {}
        for recording in _read_folder(folder):
            answers = self._hosts.setdefault(recording.host, {})
            key = call_key(tuple(recording.argv))
            answers.setdefault(key, _Answers()).recordings.append(recording)

    def expect(self, calls: Sequence[Call]) -> None:
        """Nothing to do: a recording has all that there will ever be."""

    def answer(self, call: Call, *, late_too: bool = False) -> Result:
        """What the recorded call gave; a recorded output goes to `call.stdout` where that is set.

        Raises Unreadable for a call that was not recorded, TimeLimit where the call ran into it.
        """
        answers = self._answers_of(call)
        if answers is None:
            raise self._not_recorded(call)
        recording = answers.next()
        if recording.timed_out:
            raise time_limit(call)
        return Result(
            argv=call.argv,
            exit_code=recording.exit_code,
            stdout=self._stdout(call, recording),
            stderr=recording.stderr,
            seconds=recording.seconds,
        )

    def _answers_of(self, call: Call) -> _Answers | None:
        key = call_key(call.argv)
        known = (self._hosts[host] for host in self._meant(call) if host in self._hosts)
        return next((found[key] for found in known if key in found), None)

    @property
    def host(self) -> str | None:
        """The far host that all calls ran on; None for this one, and for several."""
        (first, *others) = self._hosts
        return first if first and not others else None

    def _meant(self, call: Call) -> tuple[str, ...]:
        """The hosts whose recordings answer: its own, and those that name none."""
        return (str(call.far), "") if call.far is not None else ("",)

    def _stdout(self, call: Call, recording: Recording) -> bytes:
        if call.stdout is not None:
            write_all(call.stdout, recording.stdout)
            return b""
        if "stdout" in recording.sizes:
            raise Unreadable(
                f"the recording has only the size, not the content, of what `{shown(call.argv)}` "
                "printed",
                hint=recording.note or None,
                command=mask(call.argv),
            )
        return recording.stdout

    def _not_recorded(self, call: Call) -> Unreadable:
        import difflib

        lines = {shown(key): None for answers in self._hosts.values() for key in answers}
        wanted = shown(call_key(call.argv))
        nearest = difflib.get_close_matches(wanted, lines, n=1, cutoff=0.0)
        return Unreadable(
            f"the recording {self._folder} does not have the call `{wanted}`",
            hint=f"the most similar call in it: `{nearest[0]}`",
            command=mask(call.argv),
            ran=False,
        )


def _read_folder(folder: Path) -> Iterator[Recording]:
    with explained(folder, "replay"):
        names = [name for name in os.listdir(folder) if name.endswith(".json")]  # noqa: PTH208
    if not names:
        raise UsageError(
            f"the directory {folder} has no recordings", hint="--record makes a recording"
        )
    for name in sorted(names, key=_number_first):
        with explained(folder, "replay"):
            data = _bytes_of(folder / name)
        yield _read_recording(folder / name, data)


def _bytes_of(path: Path) -> bytes:
    try:
        return read_regular(path, _MOST, "a recording")
    except UsageError as error:  # a FIFO, a device, a folder
        why = error.message
    except PermissionError:
        raise
    except OSError as error:
        why = f"cannot read {path}: {error.strerror}"
    raise Unreadable(why, hint=f"move {path.name} out of the recordings")


def _number_first(name: str) -> tuple[float, str]:
    """Sorts 1000-x.json after 999-x.json, and files without a number last."""
    found = NUMBERED.fullmatch(name)
    return (int(found[1]) if found else float("inf"), name)


def _read_recording(path: Path, data: bytes) -> Recording:
    try:
        return Recording.model_validate(json.loads(data))
    except ValidationError as error:
        wrong = _what_is_wrong(error)
    except (ValueError, RecursionError) as error:
        wrong = f"it is broken JSON ({error})"
    raise Unreadable(f"{path} is not a recording: {wrong}") from None


def _what_is_wrong(error: ValidationError) -> str:
    place = error.errors(include_url=False, include_input=False)[0]["loc"]
    if not place:
        return "it is not an object"
    return f"`{place[0]}` is not {Recording.model_fields[str(place[0])].description}"
