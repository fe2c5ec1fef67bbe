"""What is printed: lines on stdout; notes, refused rows and errors on stderr."""

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from kuke_ctr.errors import Explained
from kuke_ctr.processes.shell_words import shell_line
from kuke_ctr.processes.tell import Teller
from kuke_ctr.records import Refused
from kuke_ctr.render import escape


def note(text: str) -> None:
    """One line on stderr; control characters shown escaped, newlines too: names may have some."""
    print(escape(text), file=sys.stderr)


def _say(stream: TextIO | None, line: str) -> None:
    """Print a line, in the very bytes of the command where the stream takes bytes."""
    if stream is None:  # closed by whoever started us
        return
    stream.flush()
    if hasattr(stream, "buffer"):
        stream.buffer.write(os.fsencode(line) + b"\n")
    else:
        stream.write(f"{line}\n")
    stream.flush()


ALOUD = Teller(
    planned=lambda line: _say(sys.stdout, line), traced=lambda line: _say(sys.stderr, line)
)
"""What a dry run plans is its result, a trace is a remark."""


def print_lines(lines: Iterable[str]) -> None:
    """Write lines to stdout; bytes that were not UTF-8 leave as they came."""
    stream = sys.stdout
    for line in lines:
        stream.write(line + "\n")


def show_refused(refused: Refused) -> None:
    """A row that could not be read, on stderr."""
    print(
        f"kuke-ctr: cannot read line {refused.line} ({refused.reason}): {escape(refused.text)}",
        file=sys.stderr,
    )


def show_error(error: Explained) -> None:
    """What happened, what to do next, and the command that was run, on stderr."""
    lines = [f"kuke-ctr: {escape(error.message)}"]
    if error.hint is not None:
        lines.append(f"hint: {escape(error.hint)}")
    if error.command is not None:
        lines.append(f"{'ran' if error.ran else 'not run'}: {shell_line(error.command)}")
    print("\n".join(lines), file=sys.stderr)
