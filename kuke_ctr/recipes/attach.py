"""Attach to a task by the way that fits it, and tell how that ended."""

import os
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from kuke_ctr.backends.ctr import tasks
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.versions import waits_for_daemon
from kuke_ctr.errors import CtrFailed, KukeCtrError
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.descriptors import close_all
from kuke_ctr.recipes.attach_target import Look
from kuke_ctr.recipes.process_facts import daemon_pid
from kuke_ctr.terminals import kuketty
from kuke_ctr.terminals.attachment import AttachOptions, Ending, EndKind
from kuke_ctr.terminals.task_io import terminal_size
from kuke_ctr.terminals.user_terminal import window_size

_OWN_FAILURE = 1
"""What ctr exits with when it fails itself; a task's process may end with it as well."""


def plan(scope: Scope, found: Look, options: AttachOptions) -> None:
    """Tell what an attachment would run or speak to."""
    if found.socket is not None:
        scope.ctr.processes.tell.planned(_conversation(found.socket, options))
    else:
        scope.ctr.processes.run(tasks.attach(scope, found.name))


def attach(scope: Scope, found: Look, options: AttachOptions) -> Ending:
    """Attach: through kuketty's socket, or by `ctr tasks attach` on a terminal or on pipes.

    Raises KukeCtrError where the connection could not be made or was lost; the task is unharmed.
    """
    if found.socket is not None:
        return _through_socket(scope.ctr, found, found.socket, options)
    call = tasks.attach(scope, found.name)
    daemon = _daemon(scope.ctr)
    options = replace(options, daemon=daemon)
    try:
        if found.info.terminal:
            ending = _on_terminal(scope.ctr, call, _with_size(found, options))
        else:
            from kuke_ctr.terminals.attach_ways import relay_pipes

            ending = relay_pipes(lambda: scope.ctr.processes.open_pipes(call), options)
    finally:
        close_all(daemon)
    _check(scope, found.name, call, ending)
    return ending


def _daemon(ctr: Ctr) -> int:
    """A pidfd of containerd where this ctr must not outlive it, else -1."""
    pid = daemon_pid(ctr.socket or None)
    if not pid or waits_for_daemon(ctr):
        return -1
    with suppress(OSError):
        return os.pidfd_open(pid)
    return -1


def _with_size(found: Look, options: AttachOptions) -> AttachOptions:
    """Where we have no terminal, the task's own keeps the size that it has."""
    pid = found.task.pid if found.task is not None else 0
    return replace(options, size=terminal_size(pid) if pid else None, sig_proxy=False)


def _on_terminal(ctr: Ctr, call: Call, options: AttachOptions) -> Ending:
    from kuke_ctr.terminals.attach_ways import attach_pty

    endings: list[Ending] = []

    def run(call: Call) -> Result:
        started = time.monotonic()
        ending = attach_pty(call, options)
        endings.append(ending)
        code = -9 if ending.status is None else ending.status
        return Result(call.argv, code, b"", ending.said, time.monotonic() - started)

    # -1: a recording tells that there were bytes, which nobody counted
    ctr.processes.run_by(call._replace(stdin=-1, stdout=-1), run)
    return endings[0]


def _through_socket(ctr: Ctr, found: Look, path: Path, options: AttachOptions) -> Ending:
    from kuke_ctr.terminals.attach_ways import attach_socket

    if ctr.processes.trace:
        ctr.processes.tell.traced(f"+ {_conversation(path, options)}")
    take_input = options.take_input
    try:
        return attach_socket(
            lambda: kuketty.attach(path, take_input=take_input), _as_it_is(path, options)
        )
    except KukeCtrError as error:
        if error.hint is None:
            raise
        raise error.but(hint=error.hint.replace(kuketty.WAY_OUT, _way_out(found))) from None


def _way_out(found: Look) -> str:
    if found.unasked:
        return (
            f"the cell may have stopped; {found.line('logs', found.name)} shows the output of "
            f"{found.name} so far, and as root kuke-ctr can ask containerd"
        )
    return (
        f"{found.line('logs', found.name)} shows its output so far, "
        f"{found.line('exec', '-t', found.name, 'sh')} opens a new shell in it"
    )


def _as_it_is(path: Path, options: AttachOptions) -> AttachOptions:
    """Where we have no window, the terminal keeps the size that it has."""
    options = replace(options, sig_proxy=False)
    if window_size((options.stdin, options.stdout, options.stderr)) is not None:
        return options
    seen = kuketty.screen(path)
    return options if seen is None else replace(options, size=(seen.rows, seen.columns))


def _conversation(path: Path, options: AttachOptions) -> str:
    """What is said to kuketty, for a person: there is no program that one could run."""
    method = "Attach" if options.take_input else "Subscribe"
    return f"kuketty {path} TerminalController.{method}"


def _check(scope: Scope, name: str, call: Call, ending: Ending) -> None:
    """Raise where ctr's end was not the task's: its 1 may mean either."""
    if ending.kind is EndKind.LOST:
        raise CtrFailed(
            f"{ending.why}; {name} is probably still running",
            hint=f"{scope.line('tasks', 'ls')} shows its state, {scope.line('attach', name)} "
            "attaches again",
            command=call.argv,
        )
    last = ending.said.rstrip().rpartition(b"\n")[2]
    if ending.status != _OWN_FAILURE or not last.startswith(b"ctr: "):
        return
    try:
        task = tasks.find(scope, name)
    except KukeCtrError:  # the daemon has gone, and took ctr with it
        pass
    else:
        if task is None:
            return
    raise scope.ctr.failure(Result(call.argv, _OWN_FAILURE, b"", last, 0.0))
