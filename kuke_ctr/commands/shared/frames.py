"""One look of a command that is run again and again: what it prints is taken, and shown later."""

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple, TextIO

import typer

from kuke_ctr.commands.shared.hints import scoped
from kuke_ctr.commands.shared.output import show_error
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.session import Session


class Frame(NamedTuple):
    """What one look printed, in lines without their ends; `error` is what it failed with.

    The error is among the lines of stderr, too.
    """

    out: tuple[bytes, ...]
    err: tuple[bytes, ...]
    error: KukeCtrError | None


class Taken(io.TextIOWrapper):
    """A stream in memory that says of itself what the real one says: terminal, width, encoding."""

    def __init__(self, like: TextIO) -> None:
        self._bytes = io.BytesIO()
        super().__init__(
            self._bytes,
            encoding=like.encoding,
            errors=like.errors,
            newline="\n",
            write_through=True,
        )
        self._like = like

    def isatty(self) -> bool:
        """As the real one."""
        return self._like.isatty()

    def fileno(self) -> int:
        """Of the real one: for its width."""
        return self._like.fileno()

    @property
    def taken(self) -> tuple[bytes, ...]:
        """The lines that were written."""
        return tuple(self._bytes.getvalue().splitlines())


def look_once(look: Callable[[], None], session: Session, out: TextIO, err: TextIO) -> Frame:
    """Run a command whose streams would be these; a failure is a part of what it shows.

    `typer.Exit` is the exit code of a command that has said already what was wrong. UsageError and
    the like are failures as any other; Interrupted is raised.
    """
    stdout, stderr = Taken(out), Taken(err)
    failed = None
    with redirect_stdout(stdout), redirect_stderr(stderr):
        try:
            look()
        except typer.Exit:
            pass
        except KukeCtrError as error:
            failed = scoped(error, session.options)
            show_error(failed)
    return Frame(stdout.taken, stderr.taken, failed)
