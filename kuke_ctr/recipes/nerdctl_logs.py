"""The output of a container that nerdctl made, which keeps it in files of its own form."""

import os
import select
import time
from collections.abc import Callable
from datetime import UTC, datetime

from kuke_ctr.backends.ctr import containers
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.nerdctl import logs
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.processes.calls import Call, Result, time_limit
from kuke_ctr.processes.clock import FOREVER, milliseconds
from kuke_ctr.processes.descriptors import close_all
from kuke_ctr.processes.pipes import Pipes
from kuke_ctr.recipes.nerdctls_own import data_root

Write = Callable[[bytes], None]

_BLOCK = 65536


def log_call(nerdctl: Nerdctl, scope: Scope, name: str, *, lines: int | None, follow: bool) -> Call:
    """The call that prints the last lines of a container, or all (None), and what comes.

    It must be one that nerdctl made (`made_by_nerdctl`): `ctr containers info` says where that
    nerdctl keeps its files. NotFound.
    """
    info = containers.facts(scope, name)
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    root = data_root(info, scope.namespace)
    return logs.call(
        nerdctl, scope.namespace, name, data_root=root, lines=lines, follow=follow, now=now
    )


def copy_log(
    nerdctl: Nerdctl, call: Call, out: Write, err: Write, *, output: int, seconds: float | None
) -> None:
    """Write what the container printed: its stdout and its stderr, as nerdctl keeps them apart.

    `seconds` end it without an error. BrokenPipeError once nobody reads the descriptor `output`;
    TimeLimit; what nerdctl fails with.
    """
    processes = nerdctl.processes
    if processes.replays or processes.records:  # what goes through pipes is not recorded
        said = processes.run(call)
        out(said.stdout)
        err(said.stderr)
        if said.exit_code != 0:
            raise nerdctl.failure(said)
        return
    limit = seconds if seconds is not None else call.timeout
    pipes = processes.open_pipes(call)
    try:
        until = FOREVER if limit is None else time.monotonic() + limit
        last = _relay(pipes, {pipes.stdout: out, pipes.stderr: err}, output, until)
        if last is None:
            if seconds is None:
                raise time_limit(call)
            return
        code = pipes.wait()
        if code != 0:
            raise nerdctl.failure(Result(call.argv, code, b"", last, 0.0))
    finally:
        pipes.kill()
        close_all(pipes.stdout, pipes.stderr)


def _relay(pipes: Pipes, writes: dict[int, Write], output: int, until: float) -> bytes | None:
    """Copy until both streams end; the last of stderr then, None where the time is over."""
    poll = select.poll()
    for descriptor in writes:
        poll.register(descriptor, select.POLLIN)
    poll.register(output, 0)
    left, last = set(writes), b""
    while left:
        if time.monotonic() >= until:
            return None
        for descriptor, _ in poll.poll(milliseconds(until)):
            if descriptor == output:
                raise BrokenPipeError
            data = os.read(descriptor, _BLOCK)
            if not data:
                poll.unregister(descriptor)
                left.discard(descriptor)
            else:
                writes[descriptor](data)
            if descriptor == pipes.stderr:
                last = (last + data)[-_BLOCK:]
    return last
