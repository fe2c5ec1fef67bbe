"""kuke-ctr parse"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import Annotated, TextIO

import typer

from kuke_ctr.backends.ctr.tables import listing
from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import FORMS, list_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import print_lines, show_error, show_refused
from kuke_ctr.errors import Forbidden, Unreadable, UsageError
from kuke_ctr.parse.nouns import RECORDS, Parser, full_noun, header_of, other_noun, parser_of
from kuke_ctr.records import Listing, Record, Refused, RowsRefused
from kuke_ctr.render import Output, View, render
from kuke_ctr.session import Session

app = typer.Typer()

_WITHOUT_HEADER = ("events", "deprecations")
"""ctr prints nothing at all where there are none."""


@app.command()
@takes(list_options(*FORMS))
def parse(
    session: Session,
    noun: Annotated[str, typer.Argument(metavar="NOUN", help=", ".join(RECORDS))],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file; - is stdin.")] = "-",
) -> None:
    """Read a table that ctr printed, for example on another host.

    `-` or no FILE reads stdin: `ssh host ctr images ls | kuke-ctr parse images`.

    Examples:

        kuke-ctr parse images images.txt
        kuke-ctr parse tasks -o json < tasks.txt

    Runs nothing. Records: those of the noun.
    """
    noun = full_noun(noun)
    parser = parser_of(noun)
    view = view_of(session, RECORDS[noun])
    with _open(file) as stream:
        rows = _rows(parser, _lines(stream, noun), noun)
        if view.output in (Output.JSONL, Output.NAME) and view.sort_by is None:
            _stream(rows, view)
        else:
            found = listing(rows)
            show(session, view, found.records, [_refused(found)] if found.refused else [])


def _rows(parser: Parser, lines: Iterator[str], noun: str) -> Iterator[Record | Refused]:
    """What the parser reads; its hint to use `-o raw` is for who has a ctr to ask."""
    try:
        yield from parser(lines)
    except Unreadable as error:
        hint = "is this everything that ctr printed, from the first line on?"
        header = header_of(noun)
        if header is not None:
            hint = f"the first line of ctr's table of {noun} is: {header}"
        raise Unreadable(error.message, hint=hint) from None


def _refused(found: Listing[Record]) -> RowsRefused:
    return RowsRefused(found).but(hint="-o table, -o jsonl or --partial print the other rows")


def _lines(stream: TextIO, noun: str) -> Iterator[str]:
    """The lines without their newlines.

    Raises Unreadable for no lines, where ctr prints a header at least, and for another table.
    """
    first = next(stream, None)
    if first is None:
        if noun in _WITHOUT_HEADER:
            return iter(())
        raise Unreadable(
            "the input is empty: it has no header line",
            hint="did the command before the pipe fail?",
        )
    other = other_noun(noun, first)
    if other is not None:
        raise Unreadable(
            f"this is ctr's table of {other}, not of {noun}: its first line is {first.rstrip()!r}",
            hint=f"`kuke-ctr parse {other}` reads it",
        )
    return (line.removesuffix("\n") for line in chain([first], stream))


def _open(file: str) -> AbstractContextManager[TextIO]:
    """The text of the file, split at newlines only; bytes that are not UTF-8 survive."""
    if file == "-":
        if sys.stdin.isatty():
            print("reading ctr's output from the terminal; end it with Ctrl-D", file=sys.stderr)
        return nullcontext(
            open(0, encoding="utf-8", errors="surrogateescape", newline="\n", closefd=False)
        )
    try:
        return Path(file).open(encoding="utf-8", errors="surrogateescape", newline="\n")
    except PermissionError:
        raise Forbidden(
            f"permission denied reading {file}", hint="run the same command with sudo"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", hint="- is stdin") from None


def _stream(rows: Iterable[Record | Refused], view: View) -> None:
    """Print each row as it is read, in bounded memory."""
    refused: tuple[Refused, ...] = ()
    count = 0

    def good() -> Iterator[Record]:
        nonlocal refused, count
        for row in rows:
            if isinstance(row, Refused):
                refused, count = (row,), count + 1  # one will do: their texts may be many
                show_refused(row)
            else:
                yield row

    print_lines(render(good(), view))
    if refused:
        error = _refused(Listing((), refused * count))
        show_error(error)
        raise typer.Exit(error.exit_code)
