"""`--watch`: a list that is read again and again.

On a terminal it stands in place, on the alternate screen; in a pipe what is new is printed as it
comes. The list itself knows nothing of it: it is the same command each time.
"""

import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import BinaryIO

from kuke_ctr.backends.ctr import events
from kuke_ctr.columns import cut, terminal_width
from kuke_ctr.commands.shared.frames import Frame, look_once
from kuke_ctr.commands.shared.output import ALOUD, note
from kuke_ctr.commands.shared.typed_line import TypedLine
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.processes.clock import milliseconds
from kuke_ctr.processes.descriptors import BLOCK, close_all
from kuke_ctr.processes.pipes import Pipes
from kuke_ctr.processes.runner import Heed
from kuke_ctr.processes.shell_words import shell_line
from kuke_ctr.render import Output, choose_output, escape
from kuke_ctr.session import Session
from kuke_ctr.terminals.live_screen import LiveScreen, Woken, can_be_live

_SETTLE = 0.2
"""Seconds between an event and a look: mostly several come together."""

_REST = 0.3
"""Seconds between two looks at least, however many events there are."""

_ASK_AGAIN = 5.0
"""Seconds before events are asked for again, where containerd gave none."""

_PATIENCE = 10.0
_TIMES = 5
"""Seconds that a later call may take where --timeout does not say, and how often as long as the
first look: a daemon that hangs is to be told soon."""

_BY_LINE = (Output.JSONL, Output.CSV, Output.NAME)
_AS_IT_IS = (Output.TABLE, Output.WIDE)
"""Forms whose lines are safe on a terminal, colours among them."""


def watch(session: Session, show: Callable[[Session], None], *, of_realms: bool) -> None:
    """Run `show` with a new session again and again, until the user leaves.

    A failure of the first time ends it; later ones are shown, and it goes on. `of_realms`: events
    of the realms' namespaces shorten the wait. A recording and a dry run are looked at once.
    """
    options = session.options
    if options.record is not None:
        raise UsageError(
            "--watch and --record cannot be combined", hint="record one list, without --watch"
        )
    plain = options._replace(watch=None)

    if options.dry_run or options.replay is not None:
        show(Session(plain, note, ALOUD))
        return
    tells = Session(plain, tell=ALOUD) if of_realms else None
    with closing(_News(tells)) as news:

        def look(limit: float | None, heed: Heed) -> Frame:
            again = Session(plain._replace(timeout=limit), note, ALOUD)

            def show_it() -> None:
                news.listen()
                again.ctr.processes.heed = heed
                show(again)

            return look_once(show_it, again, sys.stdout, sys.stderr)

        watched = _Watched(session, look, news)
        if can_be_live():
            watched.in_place()
        else:
            watched.as_it_comes()


class _News:
    """Events of some realms (None: of none): they only say that it is time for a look."""

    def __init__(self, session: Session | None) -> None:
        self._session = session
        self._pipes: Pipes | None = None
        self._ask_at = 0.0

    @property
    def descriptor(self) -> int:
        """What can be read once there are some; -1 where nobody tells."""
        return self._pipes.stdout if self._pipes is not None else -1

    def listen(self) -> None:
        """Ask for events, if nobody does; where they can't be had the interval has to do."""
        if self._session is None or self._pipes is not None or time.monotonic() < self._ask_at:
            return
        self._ask_at = time.monotonic() + _ASK_AGAIN
        try:
            spaces = [realm.namespace for realm in self._session.realms(lenient=True)]
            self._pipes = events.start(self._session.ctr, spaces) if spaces else None
        except KukeCtrError:  # whoever looks will say it
            return

    def take(self) -> None:
        """Take those that have come; a ctr that has ended is let go."""
        if not os.read(self.descriptor, BLOCK):
            self.close()

    def close(self) -> None:
        """End the ctr that tells."""
        if self._pipes is not None:
            self._pipes.kill()
            close_all(self._pipes.stdout, self._pipes.stderr)
            self._pipes = None


class _Watched:
    """A list that is read again and again, the first time at once: an error of that is raised."""

    def __init__(
        self,
        session: Session,
        look: Callable[[float | None, Heed], Frame],
        news: _News,
    ) -> None:
        options = session.options
        self._form = choose_output(options.output, options.quiet)
        self._seconds = options.watch or 0.0
        self._traces = options.trace > 0
        self._look = look
        self._limit = self._given_limit = options.timeout
        self._news = news
        self._told: tuple[bytes, ...] = ()
        self._good = Frame((), (), None)
        self._take()
        if self._frame.error is not None:
            raise self._frame.error

    def in_place(self) -> None:
        """Show it on the terminal until q or Ctrl-C."""
        with LiveScreen() as screen:
            while True:
                if not sys.stderr.isatty():
                    self._tell()
                if not self._stays(screen):
                    return
                self._take(screen.heed)

    def as_it_comes(self) -> None:
        """Print it to a pipe or a file until Ctrl-C; BrokenPipeError once nobody reads it."""
        shown: tuple[bytes, ...] = ()
        while True:
            self._tell()
            if self._frame.error is None:
                _write(sys.stdout.buffer, list(self._new_lines(self._frame.out, shown)))
                shown = self._frame.out
            while self._wait():
                self._news.take()
                self._hurry()
            self._take()

    def _tell(self) -> None:
        """Print the notes and errors of the last look to stderr, if they are new; traces always."""
        if self._traces or self._frame.err != self._told:
            self._told = self._frame.err
            _write(sys.stderr.buffer, self._told)

    def _take(self, heed: Heed = tuple) -> None:
        """Look again; a list that takes long is read half of the time at most."""
        begun = time.monotonic()
        self._frame = self._look(self._limit, heed)
        now = time.monotonic()
        took = now - begun
        if self._frame.error is None:
            self._good, self._good_at = self._frame, datetime.now()
            if self._given_limit is None:  # it is known now how long an answer takes
                self._limit = max(_PATIENCE, _TIMES * took)
        self._until = now + max(self._seconds, took)
        self._soonest = now + max(_REST, took)

    def _hurry(self) -> None:
        """There are news: look soon."""
        soon = max(time.monotonic() + _SETTLE, self._soonest)
        self._until = min(self._until, soon)

    def _stays(self, screen: LiveScreen) -> bool:
        """Show what was read until it is time for another look; False where the user leaves."""
        screen.draw(self._page())
        while True:
            woken = screen.wait(self._until, self._news.descriptor)
            if woken is Woken.NEWS:
                self._news.take()
                self._hurry()
            elif woken is Woken.RESIZED:  # the list is fitted to the width when it is read
                screen.draw(self._page())
                self._until = min(self._until, time.monotonic() + _SETTLE)
            else:
                return woken is Woken.TIME

    def _page(self) -> list[str]:
        line = shell_line(("kuke-ctr", *TypedLine.words))
        head = f"{datetime.now():%H:%M:%S}  every {self._seconds:g} s, q quits: {line}"
        out, err = (self._text(lines) for lines in (self._good.out, self._frame.err))
        if self._frame.error is not None:
            out = [*err, "", f"as read at {self._good_at:%H:%M:%S}:", *out]
            err = []
        room = terminal_width()
        lines = [escape(head), "", *out, *err]
        return lines if room is None else [cut(line, room) for line in lines]

    def _text(self, lines: Sequence[bytes]) -> list[str]:
        """Lines that a terminal shows; but for its own tables, nothing in them moves the cursor."""
        encoding = sys.stdout.encoding or "utf-8"
        texts = (line.decode(encoding, "surrogateescape").expandtabs() for line in lines)
        return list(texts if self._form in _AS_IT_IS else map(escape, texts))

    def _wait(self) -> bool:
        """Wait for news (True), or until it is time. BrokenPipeError: nobody reads stdout."""
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)  # errors only
        if self._news.descriptor >= 0:
            poll.register(self._news.descriptor, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(milliseconds(self._until))}
        if sys.stdout.fileno() in ready:
            raise BrokenPipeError
        return bool(ready)

    def _new_lines(self, out: Sequence[bytes], before: Sequence[bytes]) -> Iterator[bytes]:
        """Of lines that stand for themselves those that were not there; else all, if any is new."""
        if self._form in _BY_LINE:
            known = set(before)
            yield from (line for line in out if line not in known)
        elif out != before:
            if before and self._form is not Output.JSON:
                yield b"---" if self._form is Output.YAML else b""
            yield from out


def _write(stream: BinaryIO, lines: Sequence[bytes]) -> None:
    for line in lines:
        stream.write(line + b"\n")
    stream.flush()
