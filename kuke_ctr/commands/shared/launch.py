"""What attach, exec and run share: their exit code is that of the process in the container."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from kuke_ctr.backends.ctr.failures.starting import start_failure
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.errors import (
    NO_READER,
    Declined,
    KukeCtrError,
    NotStarted,
    OwnFailure,
    TimeLimit,
    UsageError,
    words_of,
)
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.patience import patient
from kuke_ctr.recipes import start
from kuke_ctr.recipes.start import Outcome
from kuke_ctr.records import TaskStatus
from kuke_ctr.session import OpenRealm, Session
from kuke_ctr.terminals.attachment import AttachOptions
from kuke_ctr.terminals.foreground import UserStreams
from kuke_ctr.terminals.user_terminal import is_terminal


@contextmanager
def own_failures() -> Iterator[None]:
    """Failures inside become OwnFailure (125), but for wrong usage (2), the time limit (124) and
    Ctrl-C, for a program that is not there or can't be run, and for a reader that has gone."""
    try:
        yield
    except (UsageError, TimeLimit, Declined, NotStarted, BrokenPipeError):
        raise
    except KukeCtrError as error:
        raise OwnFailure.of(error) from error
    except OSError as error:
        raise OwnFailure(words_of(error)) from error


def require_terminal(tty: bool, force: bool) -> None:
    """Raise UsageError for -t where our stdin is no terminal, unless that was meant."""
    if tty and not force and not is_terminal(0):
        raise UsageError(
            "-t needs a terminal, and stdin is not one",
            hint="leave -t out (-i alone keeps stdin connected), or add --force-tty",
        )


def print_id(identifier: str, what: str, hint: str) -> None:
    """Print the id of what was started, now: KukeCtrError where stdout does not take it."""
    try:
        print(identifier, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python would try again at its end
        raise KukeCtrError(
            f"{what} is running, but its id could not be written to stdout: {error.strerror}",
            hint=hint,
        ) from None


@dataclass(frozen=True, slots=True)
class Launch:
    """A call of ctr that starts the task of a container; `command` is empty for its own."""

    session: Session
    realm: OpenRealm
    call: Call
    container: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody stays with it: not at all, on a terminal, with stdin."""

    detach: bool
    tty: bool
    interactive: bool


def launch(
    what: Launch,
    how: Manner,
    *,
    undo: Callable[[BaseException | None], None],
    discard: Callable[[], None] | None = None,
) -> int:
    """Start it, stay with it to its end unless detached; the exit code.

    Where it did not start, `undo` takes away what was made for it, and the reason, which it gets,
    is raised.
    `discard` (--rm) removes one that has ended, and ends one whose output has no reader any more.
    """
    if what.session.options.dry_run:
        what.realm.ctr.processes.run(what.call)
        return 0
    with ExitStack() as stack:
        if not how.detach:
            stack.enter_context(patient())
        try:
            outcome = _detached(what, how.tty) if how.detach else _attended(what, how)
        except BaseException as error:
            with patient():
                undo(error)
            raise
        if not outcome.finished:
            _put_in_order(what, outcome, undo, discard)
    if how.detach:
        line, container = what.realm.scope.line, what.container
        print_id(
            container,
            f"the container {container}",
            f"{line('tasks', 'ls')} shows it; "
            f"{line('rm', '--force', container)} kills and removes it",
        )
    return outcome.exit_code


def start_in_background(what: Launch, tty: bool, undo: Callable[[], None]) -> None:
    """Start it and leave it; where it did not start, `undo` is called and the reason raised."""
    if what.session.options.dry_run:
        what.realm.ctr.processes.run(what.call)
        return
    try:
        _detached(what, tty)
    except BaseException:
        with patient():
            undo()
        raise


def _detached(what: Launch, tty: bool) -> Outcome:
    ctr, limit = what.realm.ctr, what.session.options.timeout or None
    if tty:  # ctr wants a terminal for -t even if it leaves at once
        nothing = os.open(os.devnull, os.O_RDWR)
        try:
            options = AttachOptions(nothing, nothing, take_input=False, timeout=limit)
            outcome = start.on_terminal(ctr, what.call, options, what.command)
        finally:
            os.close(nothing)
        return outcome
    result = ctr.processes.run(what.call._replace(timeout=limit))
    if result.exit_code != 0:
        raise start_failure(result.stderr, what.call, what.command) or ctr.failure(result)
    ctr.pass_on(result.stderr)
    return Outcome(0)


def _attended(what: Launch, how: Manner) -> Outcome:
    ctr, limit = what.realm.ctr, what.session.options.timeout or None
    if how.tty:
        options = AttachOptions(timeout=limit, last_typed=b"\x04")
        return start.on_terminal(ctr, what.call, options, what.command)
    streams = UserStreams(take_input=how.interactive, timeout=limit)
    started = start.task_started(what.realm.scope, what.container)
    return start.on_pipes(ctr, what.call, streams, started, what.command)


def status_of(what: Launch) -> str | None:
    """The status of its task: ABSENT, and None where that can't be known."""
    ctr = start.quiet_if_gone(what.realm.ctr)
    return start.task_status(Scope(ctr, what.realm.namespace), what.container)


def _put_in_order(
    what: Launch,
    outcome: Outcome,
    undo: Callable[[BaseException | None], None],
    discard: Callable[[], None] | None,
) -> None:
    """ctr is gone, the process perhaps not. What has run stays, as it does after its end."""
    status = status_of(what)
    ended = status in (start.ABSENT, TaskStatus.STOPPED)
    if status in (start.ABSENT, TaskStatus.CREATED) and not outcome.ran:
        undo(None)
    elif discard is not None and (ended or outcome.exit_code == NO_READER):
        discard()
    else:
        _left(what, outcome, status, rm=discard is not None)


def _left(what: Launch, outcome: Outcome, status: str | None, *, rm: bool) -> None:
    line = what.realm.scope.line
    goes_on = {
        None: "may still be running",
        TaskStatus.STOPPED: "has ended",
        start.ABSENT: "has ended",
    }.get(status, "is still running")
    way = f"{line('tasks', 'ls')} shows its state"
    if goes_on == "is still running":
        way = f"{line('tasks', 'attach', what.container)} attaches to it again"
    removed = "; --rm no longer applies to it" if rm else ""
    start.tell(
        f"kuke-ctr: {outcome.why or 'kuke-ctr has left'}; {what.container} {goes_on}{removed}: "
        f"{way}"
    )
