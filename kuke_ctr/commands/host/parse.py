"""kuke-ctr parse"""

import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from io import BufferedReader, TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, NamedTuple, TextIO

import typer

from kuke_ctr.backends.ctr.tables import listing
from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import FORMS, table_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note, print_lines, show_error, show_refused
from kuke_ctr.errors import Forbidden, Unreadable, UsageError
from kuke_ctr.parse.nouns import (
    RECORDS,
    Parser,
    first_line_of,
    full_noun,
    header_of,
    other_noun,
    parser_of,
)
from kuke_ctr.records import Listing, Record, Refused, RowsRefused
from kuke_ctr.render import Output, View, render
from kuke_ctr.session import Session

app = typer.Typer()

_WITHOUT_HEADER = ("events", "deprecations")
"""ctr prints nothing at all where there are none."""

_LOOKED_THROUGH = 200
"""Lines in which the begin of ctr's output is looked for."""

_SHOWN, _LONGEST = 3, 200


@app.command()
@takes(table_options(*FORMS))
def parse(
    session: Session,
    noun: Annotated[str, typer.Argument(metavar="NOUN", help=", ".join(RECORDS))],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file; - is stdin.")] = "-",
) -> None:
    """Read a table that ctr printed, for example on another host.

    `-` or no FILE reads stdin: `ssh host ctr images ls | kuke-ctr parse images`. Lines before the
    table (a warning, a prompt of sudo) are left out, and shown on stderr.

    Examples:

        kuke-ctr parse images images.txt
        kuke-ctr parse tasks -o json < tasks.txt

    Runs nothing. Records: those of the noun.
    """
    noun = full_noun(noun)
    parser = parser_of(noun)
    view = view_of(session, RECORDS[noun])
    with _open(file) as stream:
        given = _lines(stream, noun)
        _say_what_is_left_out(given.left_out)
        rows = _numbered(_rows(parser, given.lines, noun), given.before)
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


def _numbered(rows: Iterable[Record | Refused], before: int) -> Iterator[Record | Refused]:
    """The rows; the lines of the refused ones are counted from the begin of the input."""
    for row in rows:
        yield row._replace(line=row.line + before) if isinstance(row, Refused) else row


def _say_what_is_left_out(texts: Sequence[str]) -> None:
    for text in texts[:_SHOWN]:
        note(f"left out, before what ctr printed: {text[:_LONGEST]}")
    if len(texts) > _SHOWN:
        note(f"left out {len(texts) - _SHOWN} more lines before what ctr printed")


class _Given(NamedTuple):
    """The lines of ctr's output; before them there are `before` others. `left_out` is their text,
    and a prompt on the line of the header."""

    lines: Iterator[str]
    before: int = 0
    left_out: Sequence[str] = ()


def _lines(stream: TextIO, noun: str) -> _Given:
    """The lines without their newlines, from the first that ctr printed on.

    Where that is not found, nothing is left out: the parser knows what to say. Raises Unreadable
    for no lines, where ctr prints a header at least, and for another table.
    """
    first_line = first_line_of(noun)
    before: list[str] = []
    for line in islice(stream, _LOOKED_THROUGH):
        text = line.removesuffix("\n").removeprefix("\ufeff")
        found = first_line.search(text)
        if found is not None:
            start = found.start()
            rest = (line.removesuffix("\n") for line in stream)
            left_out = [one for one in (*before, text[:start]) if one.strip()]
            return _Given(chain([text[start:]], rest), len(before), left_out)
        before.append(text)
        _refuse_other(noun, text)
    if not before and noun not in _WITHOUT_HEADER:
        raise Unreadable(
            "the input is empty: it has no header line",
            hint="did the command before the pipe fail?",
        )
    return _Given(chain(before, (line.removesuffix("\n") for line in stream)))


def _refuse_other(noun: str, line: str) -> None:
    other = other_noun(noun, line)
    if other is not None:
        raise Unreadable(
            f"this is ctr's table of {other}, not of {noun}: its first line is {line.rstrip()!r}",
            hint=f"`kuke-ctr parse {other}` reads it",
        )


def _open(file: str) -> AbstractContextManager[TextIO]:
    """The text of the file, split at newlines only; bytes that are not UTF-8 survive."""
    if file == "-":
        if sys.stdin.isatty():
            print("reading ctr's output from the terminal; end it with Ctrl-D", file=sys.stderr)
        return nullcontext(_text(open(0, "rb", closefd=False)))
    try:
        return _text(Path(file).open("rb"))
    except PermissionError:
        raise Forbidden(
            f"permission denied reading {file}", hint="run the same command with sudo"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", hint="- is stdin") from None


def _text(raw: BufferedReader) -> TextIO:
    """As UTF-8, or as what PowerShell's `>` writes: UTF-16 with a byte order mark."""
    if raw.peek(2)[:2] in (BOM_UTF16_LE, BOM_UTF16_BE):
        return TextIOWrapper(raw, encoding="utf-16", errors="replace", newline="\n")
    return TextIOWrapper(raw, encoding="utf-8", errors="surrogateescape", newline="\n")


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
