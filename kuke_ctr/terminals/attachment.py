"""What a user wants of an attachment to a task, and how it ends: plain values."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.others_files import refuse_others
from kuke_ctr.terminals.detach_keys import DEFAULT_KEYS, parse_keys

DETACH_KEYS = parse_keys(DEFAULT_KEYS)


@dataclass(frozen=True, slots=True)
class Step:
    """Wait for a regular expression in the output, then send a text (None: nothing)."""

    expect: bytes
    send: bytes | None = None


@dataclass(frozen=True, slots=True)
class AttachOptions:
    """What the user wants of an attachment.

    `size` (rows, columns) counts where no terminal of ours has one. `timeout` is in seconds, of
    which `waited` have passed before the attachment. With a `script`, stdin is not read and the
    attachment ends with its last step. `save` must not exist.
    `last_typed` is typed when a stdin that is no terminal ends. `daemon` is a pidfd
    of the containerd that the client must not outlive, or -1. `input_ended` is called when a stdin
    that is read ends: no client can pass that on.
    """

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2
    take_input: bool = True
    keys: bytes = DETACH_KEYS
    sig_proxy: bool = False
    size: tuple[int, int] | None = None
    save: Path | None = None
    timeout: float | None = None
    waited: float = 0.0
    script: tuple[Step, ...] = ()
    daemon: int = -1
    last_typed: bytes = b""
    input_ended: Callable[[], None] = lambda: None


class EndKind(StrEnum):
    """How an attachment ended: the task (or its client) did, or we left it, and why.

    LOST is a client that was killed, or a terminal that hung up: the task may well run on.
    """

    ENDED = "ended"
    DETACHED = "detached"
    EXPECTED = "expected"
    TIMEOUT = "timeout"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an attachment.

    `exit_code` is what kuke-ctr exits with (docs/output.md), `why` some words for a person,
    `signal` the one that made us leave. `status` is the exit status of the client, which is that of
    the task's process, or ctr's own 1. `seen` is what a script matched, or the last of the output
    where it waited in vain for `awaited`; `said` is the last of stderr. `printed`: the task has
    printed something. `process` is the id in the names of the client's FIFOs, None where none were
    seen.
    """

    kind: EndKind
    exit_code: int
    why: str
    signal: int | None = None
    status: int | None = None
    seen: bytes = b""
    awaited: bytes | None = None
    said: bytes = b""
    printed: bool = False
    process: str | None = None


def refuse_existing(path: Path) -> None:
    """Raise UsageError for a file that is there: what somebody saved once is never overwritten.

    Forbidden where another user has left it, or its folder, in a place like /tmp.
    """
    refuse_others(path)
    if os.path.lexists(path):
        raise UsageError(
            f"{path} exists already", hint="name a new file, or remove the old one first"
        )
