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
from kuke_ctr.commands.shared.frames import Frame, look_once
from kuke_ctr.commands.shared.output import ALOUD, note
from kuke_ctr.commands.shared.typed_line import TypedLine
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.processes.clock import milliseconds
from kuke_ctr.processes.descriptors import BLOCK, close_all
from kuke_ctr.processes.pipes import Pipes
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

        def look() -> None:
            news.listen()
            show(Session(plain, note, ALOUD))

        watched = _Watched(session, lambda: look_once(look, plain, sys.stdout, sys.stderr), news)
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

    def __init__(self, session: Session, look: Callable[[], Frame], news: _News) -> None:
        options = session.options
        self._form = choose_output(options.output, options.quiet)
        self._seconds = options.watch or 0.0
        self._look = look
        self._news = news
        self._good = Frame((), (), None)
        self._take()
        if self._frame.error is not None:
            raise self._frame.error

    def in_place(self) -> None:
        """Show it on the terminal until q or Ctrl-C."""
        told: tuple[bytes, ...] = ()
        with LiveScreen() as screen:
            while True:
                if not sys.stderr.isatty() and self._frame.err != told:
                    told = self._frame.err
                    _write(sys.stderr.buffer, told)
                if not self._stays(screen):
                    return
                self._take()

    def as_it_comes(self) -> None:
        """Print it to a pipe or a file until Ctrl-C; BrokenPipeError once nobody reads it."""
        shown = Frame((), (), None)
        while True:
            frame = self._frame
            _write(sys.stderr.buffer, frame.err if frame.err != shown.err else ())
            if frame.error is None:
                _write(sys.stdout.buffer, list(self._new_lines(frame.out, shown.out)))
            shown = Frame(shown.out if frame.error else frame.out, frame.err, None)
            while self._wait():
                self._news.take()
                self._hurry()
            self._take()

    def _take(self) -> None:
        """Look again."""
        begun = time.monotonic()
        self._frame = self._look()
        if self._frame.error is None:
            self._good, self._good_at = self._frame, datetime.now()
        now = time.monotonic()
        self._until = now + self._seconds
        self._soonest = now + max(now - begun, _REST)  # one that takes long is half of the time

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
        lines: list[str] = [escape(head), ""]
        out, err = (self._text(lines) for lines in (self._good.out, self._frame.err))
        if self._frame.error is not None:
            return [*lines, *err, "", f"as read at {self._good_at:%H:%M:%S}:", *out]
        return [*lines, *out, *err]

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
