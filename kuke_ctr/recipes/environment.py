"""The environment of a new container: what `ps` may show of it, and what it must not."""

import os
import re
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.descriptors import nameless_file
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.shell_words import shell_word

_MOST = 1 << 20
"""Bytes of a file; the kernel takes 128 KiB for a variable."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Environment:
    """`shown` are NAME=VALUE for argv; `hidden` the descriptor of a file with the others, or -1."""

    shown: tuple[str, ...]
    hidden: int

    @property
    def flags(self) -> tuple[str, ...]:
        """ctr's flags. The file has no name; while we run, ctr finds it among our descriptors."""
        file = ("--env-file", f"/proc/{os.getpid()}/fd/{self.hidden}") if self.hidden >= 0 else ()
        return (*file, *(word for one in self.shown for word in ("--env", one)))


def environment_of(
    given: Sequence[str], files: Sequence[str], ours: Mapping[str, str]
) -> Environment:
    """The container's environment: `NAME=VALUE`, `NAME` (the value from ours), and files of both.

    In a file, empty lines and `#` comments are left out. UsageError for what can't be passed on.
    """
    hidden: list[str] = []
    for file in files:
        for number, line in _lines(file):
            try:
                hidden.append(_from_ours(line, ours))
            except UsageError as error:
                raise UsageError(
                    f"--env-file {file}, line {number}: {error.message}", hint=error.hint
                ) from None
    hidden += [_from_ours(one, ours) for one in given if "=" not in one]
    text = "".join(f"{line}\n" for line in hidden if line)
    shown = tuple(one for one in given if "=" in one)
    for one in shown:
        if not _NAME.fullmatch(one.partition("=")[0]):
            raise UsageError(
                f"--env {one.partition('=')[0]!r} is not the name of a variable",
                hint="NAME or NAME=VALUE",
            )
    return Environment(shown, nameless_file(text.encode(errors="surrogateescape")) if text else -1)


def environment_for(far: Far | None, given: Sequence[str], files: Sequence[str]) -> Environment:
    """The same for a container on this host or a far one, with the variables of this process.

    UsageError also for values that ctr would read from a file of this host, on another one.
    """
    environment = environment_of(given, files, os.environ)
    if environment.hidden >= 0 and far is not None:
        raise UsageError(
            f"a ctr on {far} cannot read values from this host: --env NAME and --env-file are not "
            "possible with --host",
            hint="--env NAME=VALUE is, and shows the value in `ps` there",
        )
    return environment


def _lines(file: str) -> list[tuple[int, str]]:
    """The lines that count, numbered from 1. As docker reads them: a byte order mark is left out,
    and what is not UTF-8 is refused (UsageError) instead of changed on its way."""
    try:
        with Path(file).open("rb") as stream:
            data = stream.read(_MOST + 1)
    except OSError as error:
        raise UsageError(
            f"--env-file {file}: {error.strerror}", hint="the file needs lines NAME=VALUE or NAME"
        ) from None
    if len(data) > _MOST:
        raise UsageError(f"--env-file {file} has more than {_MOST >> 20} MiB")
    lines = enumerate(data.removeprefix(BOM_UTF8).split(b"\n"), start=1)
    found = [(number, _text(file, number, line)) for number, line in lines]
    return [(number, line) for number, line in found if line and not line.startswith("#")]


def _text(file: str, number: int, line: bytes) -> str:
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise UsageError(
            f"--env-file {file}, line {number} is not UTF-8",
            hint=f"convert the file, for example: iconv -f LATIN1 -t UTF-8 {shell_word(file)}",
        ) from None
    return text.lstrip()


def _from_ours(line: str, ours: Mapping[str, str]) -> str:
    """NAME=VALUE; empty where NAME alone is not set here, as docker leaves it out."""
    name, equals, _ = line.partition("=")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name[:60]!r} is not the name of a variable", hint="NAME or NAME=VALUE")
    if "\0" in line:
        raise UsageError(
            f"the value of {name[:60]} contains a NUL byte",
            hint="no variable can hold one; is it a text file?",
        )
    if equals:
        return line
    value = ours.get(name)
    if value is not None and "\n" in value:
        raise UsageError(
            f"the value of {name} has several lines, and ctr accepts one line for each variable",
            hint="put the value into a file, and mount that with --mount",
        )
    return "" if value is None else f"{name}={value}"
