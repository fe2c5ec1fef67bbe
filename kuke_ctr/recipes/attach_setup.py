"""A container that kuketty still sets up: wait until its terminal answers, and say what it does.

Before kuketty holds the terminal it fetches repositories and runs the stages of `tty.onInit` that
are for the creation. Its socket may exist by then, but answers nobody. That it is this, and no
kuketty that hangs, is said by the end of kuketty.log; where that can't be read, by the cell's
record, as long as there is no `capture`.
"""

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from kuke_ctr.errors import TIME_PASSED, CtrFailed, Forbidden, KukeCtrError, NotFound
from kuke_ctr.parse.kuketty_log import Progress, State, progress_of
from kuke_ctr.processes.calls import in_seconds
from kuke_ctr.processes.clock import FOREVER, milliseconds
from kuke_ctr.processes.descriptors import close_all
from kuke_ctr.recipes.attach_target import Look
from kuke_ctr.recipes.log_file import LogFile, open_log
from kuke_ctr.recipes.process_facts import seen_by_us
from kuke_ctr.terminals import kuketty
from kuke_ctr.terminals.attachment import AttachOptions, Ending, EndKind
from kuke_ctr.terminals.leaving import LEAVING
from kuke_ctr.terminals.relay import Signals

_LOG = "kuketty.log"
_CAPTURE = "capture"
_END_OF_LOG = 1 << 14
"""Bytes of the log that are read; its last line has few."""

_LOOK_EVERY = 0.3
"""Seconds between two looks at the log."""

_AT_ONCE = 0.1
"""Seconds in which a kuketty that is there answers, whatever its log says: nothing is told then."""

_REFUSED_FOR = 5.0
"""Seconds in which nobody may listen on the socket: a container that starts again takes less."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of the setup: what kuketty.log says, or why it says nothing.

    `captured`: there is output of a terminal already, maybe of an earlier start.
    """

    progress: Progress | None
    unread: str
    captured: bool

    def going_on(self, declared: bool) -> bool:
        """Whether kuketty sets the container up; `declared`: the record has work for it."""
        if self.progress is not None:
            return self.progress.state is not State.OVER
        return declared and not self.captured

    @property
    def said(self) -> str:
        if self.progress is not None:
            return self.progress.text
        return (
            "the cell's record has repositories or stages for that, and no terminal output is "
            f"recorded yet; which one runs is not known ({self.unread})"
        )


def ready(
    found: Look, options: AttachOptions, tell: Tell, *, declared: Callable[[], bool]
) -> tuple[AttachOptions, Ending | None]:
    """Wait for a kuketty that sets its container up; at once where nothing says that it does.

    Gives the options for the attachment, and the end where the user left or the time limit passed
    before it. `declared` tells whether the cell's record has work for kuketty. Raises KukeCtrError
    where the setup failed.
    """
    if found.socket is None:
        return options, None
    folder = found.socket.parent
    seen = _look(folder)
    known = seen.progress is None and not seen.captured and declared()
    if not seen.going_on(known):
        return options, None
    with ExitStack() as stack:
        wait = _Wait(found, found.socket, options, stack)
        ending = wait.until_it_answers(seen, known, tell)
    waited = time.monotonic() - wait.began
    return replace(options, waited=waited), ending


def _look(folder: Path) -> _Seen:
    captured = os.path.lexists(folder / _CAPTURE)
    try:
        descriptor = open_log(LogFile(folder / _LOG, folder.parent))
    except (Forbidden, OSError) as error:
        said = error.message if isinstance(error, Forbidden) else f"{error.strerror}"
        return _Seen(None, said, captured)
    if descriptor is None:
        return _Seen(None, f"{folder / _LOG} does not exist yet", captured)
    try:
        start = max(os.fstat(descriptor).st_size - _END_OF_LOG, 0)
        text = os.pread(descriptor, _END_OF_LOG, start).decode(errors="replace")
    finally:
        close_all(descriptor)
    return _Seen(progress_of(text), f"{folder / _LOG} does not say", captured)


class _Wait:
    """A wait for the answer of a kuketty; the signals of the user end it."""

    def __init__(self, found: Look, socket: Path, options: AttachOptions, stack: ExitStack) -> None:
        self._found, self._socket, self._options, self._stack = found, socket, options, stack
        self.began = time.monotonic()
        limit = options.timeout
        self._deadline = FOREVER if limit is None else self.began + limit - options.waited
        self._signals = stack.enter_context(Signals(LEAVING))
        self._process = _process_of(found)
        stack.callback(lambda: close_all(self._process))
        self._knocking = ExitStack()
        stack.callback(self._knocking.close)
        self._asked = -1
        self._refused_at = 0.0

    def until_it_answers(self, seen: _Seen, declared: bool, tell: Tell) -> Ending | None:
        """Wait, and tell what is done as it changes; the end where the user leaves before."""
        name, said = self._found.name, ""
        start = f"{name} is being set up and its terminal does not answer yet (Ctrl-C leaves): "
        if self._knock(seen) and self._answered(_AT_ONCE):
            return None
        while seen.going_on(declared):
            if seen.said != said:
                tell((start if not said else f"{name}: ") + seen.said)
                said = seen.said
            if not self._knock(seen):
                return None
            ended = self._step()
            if ended is not None:
                return ended
            if self._answered():
                break
            seen = _look(self._socket.parent)
        tell(f"{name} is set up")
        return None

    def _knock(self, seen: _Seen) -> bool:
        """Ask, where nobody was asked yet; False where we may not: the attachment will say so.

        A socket that does not exist yet is waited for.
        """
        if self._asked >= 0:
            return True
        try:
            self._asked = self._knocking.enter_context(kuketty.knock(self._socket)).fileno()
        except Forbidden:
            return False
        except NotFound:
            self._refused_at = 0.0
        except CtrFailed as error:
            self._refused_at = self._refused_at or time.monotonic()
            if time.monotonic() > self._refused_at + _REFUSED_FOR:
                raise self._failed(seen, error) from None
        else:
            self._refused_at = 0.0
        return True

    def _step(self) -> Ending | None:
        poll = select.poll()
        for descriptor in (self._signals.descriptor, self._process, self._asked):
            if descriptor >= 0:
                poll.register(descriptor, select.POLLIN)
        poll.poll(milliseconds(min(time.monotonic() + _LOOK_EVERY, self._deadline)))
        for number in self._signals.taken():
            return self._left(number)
        if time.monotonic() >= self._deadline:
            limit = in_seconds(self._options.timeout or 0)
            return self._ending(EndKind.TIMEOUT, TIME_PASSED, f"the time limit of {limit} passed")
        if self._process >= 0 and _readable(self._process):
            raise self._failed(_look(self._socket.parent), None)
        return None

    def _answered(self, seconds: float = 0) -> bool:
        """Whether kuketty has said something; a connection that it lost is made anew."""
        if self._asked < 0 or not _readable(self._asked, seconds):
            return False
        with suppress(OSError):
            if os.read(self._asked, 1):
                return True
        self._knocking.close()
        self._asked = -1
        return False

    def _left(self, number: int) -> Ending:
        harmless = number == signal.SIGINT and not self._options.script
        why = f"detached by {signal.Signals(number).name} while it was being set up"
        return self._ending(EndKind.DETACHED, 0 if harmless else 128 + number, why, number)

    def _ending(self, kind: EndKind, exit_code: int, why: str, number: int | None = None) -> Ending:
        script = self._options.script
        awaited = script[0].expect if script else None
        return Ending(kind, exit_code, why, signal=number, awaited=awaited)

    def _failed(self, seen: _Seen, error: KukeCtrError | None) -> KukeCtrError:
        name = self._found.name
        what = error.message if error is not None else f"the process of {name} has ended"
        progress = seen.progress
        said = f" ({progress.text})" if progress is not None and progress.text else ""
        return CtrFailed(
            f"{name} was being set up{said}, and {what}",
            hint=f"{self._found.line('logs', name)} shows what kuketty has done",
        )


def _process_of(found: Look) -> int:
    """A pidfd of the container's process, which is kuketty; -1 where we can't see it."""
    pid = found.task.pid if found.task is not None else 0
    if pid > 0 and seen_by_us(found.scope.ctr.socket):
        with suppress(OSError):
            return os.pidfd_open(pid)
    return -1


def _readable(descriptor: int, seconds: float = 0) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
