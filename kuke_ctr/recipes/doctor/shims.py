"""The shims of containers that containerd cannot ask: /proc knows them, ctr does not.

A shim that hangs keeps its container running, and no command of ctr or Kukeon gets through to it.
"""

import os
from collections.abc import Collection
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from kuke_ctr.processes.proc import PROC, status_of, words_of
from kuke_ctr.recipes.process_facts import is_younger

_PROGRAM = "containerd-shim"

STARTING = 60.0
"""Seconds: younger than this, a task or its shim may be about to start."""


class Shim(NamedTuple):
    """The process of a shim; `stopped`: by a signal, so that it can go on."""

    pid: int
    stopped: bool


def shims_of(
    wanted: Collection[tuple[str, str]], address: str | None, *, proc: Path = PROC
) -> dict[tuple[str, str], Shim]:
    """Namespace and id of containers -> their own shim, where there is one.

    Only those of the containerd with this address: another one may have the same names. A young
    shim is none: its container may be about to get its task.
    """
    found: dict[tuple[str, str], Shim] = {}
    for folder in proc.glob("[0-9]*") if wanted else ():
        program, *words = words_of(folder)
        if not program.rpartition("/")[2].startswith(_PROGRAM):
            continue
        options = dict(pairwise(words))
        key = (options.get("-namespace", ""), options.get("-id", ""))
        here = address is not None and _same(options.get("-address", ""), address)
        if key in wanted and here and not is_younger(int(folder.name), STARTING, proc):
            stopped = status_of(folder).get("State", "").startswith(("T", "t"))
            found[key] = Shim(int(folder.name), stopped)
    return found


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
