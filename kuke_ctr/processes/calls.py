"""What one process call is, and what it gave: plain values that recordings and processes share."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from kuke_ctr.errors import TimeLimit
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.shell_words import shell_line, shell_word

PIPES, TERMINAL = "pipes", "terminal"
"""How somebody talks to a process whose output is not just collected."""


class Call(NamedTuple):
    """One process to run.

    `argv` is complete: the program's words, ctr's global flags, the command. `timeout` is seconds
    (None: no limit). `stdin` is a descriptor, a short text, or None for /dev/null; `stdout` a
    descriptor that takes the output, or None to collect it. `socket` is the path that is tried with
    connect(2) beforehand. A `probe` only finds something out: it runs under --dry-run too.
    `namespace` is the one in argv, `typed` the options by which the user named the host, for hints.
    For the trace, `reads` and `writes` are the names of the files that `stdin` and `stdout` are,
    and `source` the words of a program whose output is stdin; a `silent` call is such a program.
    `far` is the host on which it runs, None for this one: `argv` is the same for both. `via` are
    the words of the ssh that runs it there, once the door knows them, `feeder` of the one that
    brings its input.
    """

    argv: tuple[str, ...]
    timeout: float | None = 60.0
    stdin: int | bytes | None = None
    stdout: int | None = None
    socket: str | None = None
    probe: bool = False
    namespace: str | None = None
    typed: tuple[str, ...] = ()
    reads: str | None = None
    writes: str | None = None
    source: tuple[str, ...] = ()
    silent: bool = False
    far: Far | None = None
    via: tuple[str, ...] = ()
    feeder: tuple[str, ...] = ()

    @property
    def process(self) -> tuple[str, ...]:
        """The argv of the process on this host."""
        return self.via or self.argv

    @property
    def line(self) -> str:
        """The call as a line for a shell, which does the same there; secrets masked."""
        source = f"{shown(self.source)} | " if self.source else ""
        files = (f" {sign} {shell_word(name)}" for sign, name in self._files if name is not None)
        return f"{source}{shell_line(self.typed_argv)}{''.join(files)}"

    @property
    def typed_argv(self) -> tuple[str, ...]:
        """What a person types here for the same: the argv, through ssh for another host; masked."""
        command = mask(self.argv)
        return command if self.far is None else self.far.typed(command)

    @property
    def _files(self) -> tuple[tuple[str, str | None], ...]:
        return (("<", self.reads), (">", self.writes))


class Result(NamedTuple):
    """What a call gave. `planned` is true where --dry-run printed it and nothing ran.

    `ended` is when its process ended, in seconds of the monotonic clock; 0 where there was none.
    """

    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: bytes
    seconds: float
    planned: bool = False
    ended: float = 0.0


_USER = ("--user", "-user", "-u", "--u")
"""ctr takes a long flag with one dash as well, and a short one with two."""


_OF_CONTAINERS = {"run", "containers", "container", "c", "tasks", "task", "t"}
_OF_REGISTRIES = {"images", "image", "i", "content"}
_GLOBAL = ("-n", "--namespace", "-namespace", "-a", "--address", "-address")


def mask(argv: Sequence[str]) -> tuple[str, ...]:
    """The argv with whatever follows `:` in the value of a `--user`/`-u` hidden.

    A container's user and group (`run --user 1000:100`) are no secret, and no flag that nerdctl is
    given has one.
    """
    if of_nerdctl(argv):
        return tuple(argv)
    words = list(argv)
    for i, word in enumerate(argv):
        flag, equals, value = word.partition("=")
        if flag not in _USER or _is_of_container(words[:i]):
            continue
        if equals:
            words[i] = f"{flag}={_mask_user(value)}"
        elif i + 1 < len(words):
            words[i + 1] = _mask_user(words[i + 1])
    return tuple(words)


def _is_of_container(before: Sequence[str]) -> bool:
    """Whether a user after these words is one in a container: a namespace may be named images."""
    words = {word for last, word in zip(("", *before), before, strict=False) if last not in _GLOBAL}
    return not _OF_CONTAINERS.isdisjoint(words) and _OF_REGISTRIES.isdisjoint(words)


def _mask_user(value: str) -> str:
    name, colon, _ = value.partition(":")
    return f"{name}:***" if colon else value


def shown(argv: Sequence[str]) -> str:
    """The argv as a line for a shell, secrets masked: what `-x` prints and an error names."""
    return shell_line(mask(argv))


def time_limit(call: Call) -> TimeLimit:
    """The error for a call that its time limit ended."""
    within = "in time" if call.timeout is None else f"within {in_seconds(call.timeout)}"
    who, hint = _silent(call)
    return TimeLimit(
        f"{who} did not answer {within}",
        hint=f"{hint}; --timeout sets another limit",
        command=call.typed_argv,
    )


_TOOLS = ("cat", "find", "ls", "mkdir", "rm", "sh", "tail", "uname")
"""The programs on another host that ask no containerd."""


def _silent(call: Call) -> tuple[str, str]:
    """Who did not answer, and what may be the cause."""
    if call.far is not None and call.argv[0] in _TOOLS:
        return "the host", f"ssh or the login shell there is slow: `{call.far.line(('true',))}`"
    who = "nerdctl" if of_nerdctl(call.argv) else "ctr"
    hanging = "containerd may be hanging (`systemctl status containerd`)"
    return who, hanging if call.far is None else f"{hanging} or stopped, or ssh is slow"


def of_nerdctl(argv: Sequence[str]) -> bool:
    """Whether a call is one of nerdctl, by the name of its program."""
    return "nerdctl" in argv[0].rpartition("/")[2]


def in_seconds(number: float) -> str:
    """For messages: `1 second`, `0.5 seconds`."""
    return f"{number:g} second{'' if number == 1 else 's'}"


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it: os.write may take less."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
