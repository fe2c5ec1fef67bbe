"""Records as table, wide, json, jsonl, yaml, csv or name; errors as lines on stderr."""

import codecs
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from kuke_ctr.columns import GAP, fitted, terminal_width, width
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.processes.shell_words import unsafe
from kuke_ctr.records import Record

ENCODABLE = "kuke-ctr"
"""The errors handler of stdout: bytes that were not UTF-8 pass, lines of a tree become ASCII, other
characters that the encoding lacks become escapes."""

_ASCII = {"\u2502": "|", "\u251c": "|", "\u2514": "`", "\u2500": "-", "\u2026": "..."}


def _encodable(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return b"".join(map(_bytes_for, text)), error.end


def _bytes_for(character: str) -> bytes:
    if "\udc80" <= character <= "\udcff":
        return character.encode("ascii", "surrogateescape")
    return _ASCII.get(character, character).encode("ascii", "backslashreplace")


codecs.register_error(ENCODABLE, _encodable)


class Output(StrEnum):
    """The forms of `-o`."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    JSONL = "jsonl"
    YAML = "yaml"
    CSV = "csv"
    NAME = "name"
    RAW = "raw"


WHOLE = (Output.JSON, Output.YAML, Output.CSV)
"""Forms that a program reads as a whole: with a refused row they print nothing but --partial."""

STATUS_COLOURS = {
    "RUNNING": "32",
    "CREATED": "36",
    "PAUSED": "33",
    "STOPPED": "31",
    "UNKNOWN": "31",
    "complete": "32",
    "incomplete": "31",
    "unavailable": "31",
    "error": "31",
}

_NOT_OF_A_ROW = ("host", "realm", "extra")
"""Fields that every record has, and that a document has only where they are filled."""

_SHORT_DIGEST = len("sha256:") + 12
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))


class View(NamedTuple):
    """How records of one class are shown: the form, the columns (fields), the order."""

    output: Output
    fields: tuple[str, ...]
    identifier: str
    chosen: bool = False
    sort_by: str | None = None
    headers: bool = True


class Receiver(Protocol):
    """Takes what a command found, in place of printing it."""

    def rows(self, view: View, rows: Sequence[Record]) -> None:
        """Records, and how they are to be shown."""

    def document(self, value: object) -> None:
        """One document."""

    def failed(self, error: KukeCtrError) -> None:
        """What could not be found out."""


def needed(record: type[Record], view: View) -> frozenset[str]:
    """The fields whose values the view shows or sorts by: the others need not be found out."""
    sorts = () if view.sort_by is None else (view.sort_by.removeprefix("-"),)
    if view.output is Output.NAME:
        return frozenset((view.identifier, *sorts))
    documents = (Output.JSON, Output.JSONL, Output.YAML)
    whole = view.output in documents and not view.chosen
    return frozenset((*(record.model_fields if whole else view.fields), *sorts))


def escape(text: str) -> str:
    """The text with every character that a terminal obeys, or does not show, as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return unsafe().sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    if "\udc80" <= char <= "\udcff":  # a byte that was not UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()


def make_view(
    record: type[Record],
    *,
    output: str | None,
    quiet: bool = False,
    columns: Sequence[str] = (),
    sort_by: str | None = None,
    headers: bool = True,
    with_realm: bool = False,
    with_host: bool = False,
) -> View:
    """The view that the options mean; UsageError for a form or a column that there is not."""
    form = choose_output(output, quiet)
    places = tuple(name for name, wanted in (("host", with_host), ("realm", with_realm)) if wanted)
    fields = [name for name in record.model_fields if name not in _NOT_OF_A_ROW]
    fields = [*places, *fields]
    known = [*fields, *record.derived]
    for column in (*columns, *([sort_by.removeprefix("-")] if sort_by is not None else ())):
        if column not in known:
            raise UsageError(f"unknown column {column!r}", hint=f"columns: {', '.join(known)}")
    wide = form is Output.WIDE
    shown = tuple(columns) or (record.wide if wide else record.table)
    if form is Output.CSV and not columns:
        shown = tuple(fields)
    elif not columns:
        shown = (*places, *shown)
    return View(form, shown, record.identifier, bool(columns), sort_by, headers)


def choose_output(output: str | None, quiet: bool) -> Output:
    """The form that `-o` and `-q` mean together."""
    if output is None:
        return Output.NAME if quiet else Output.TABLE
    try:
        form = Output(output)
    except ValueError:
        hint = f"formats: {', '.join(Output)}"
        raise UsageError(f"unknown output format {output!r}", hint=hint) from None
    if quiet and form is not Output.NAME:
        raise UsageError(
            f"-q and -o {output} cannot be combined",
            hint="-q is the same as -o name; use one of them",
        )
    return form


def render(records: Iterable[Record], view: View) -> Iterator[str]:
    """The lines of the view, without their newlines; jsonl and name come as the records come."""
    if view.sort_by is not None:
        records = ordered(records, view.sort_by)
    match view.output:
        case Output.JSON:
            yield to_json([document(record, view) for record in records], indent=2)
        case Output.JSONL:
            for record in records:
                yield to_json(document(record, view))
        case Output.YAML:
            yield to_yaml([document(record, view) for record in records])
        case Output.CSV:
            yield from _csv(records, view)
        case Output.NAME:
            name = attrgetter(view.identifier)
            for record in records:
                yield escape(str(name(record)))
        case _:
            yield from _table(records, view)


def ordered(records: Iterable[Record], sort_by: str) -> list[Record]:
    """Sorted by a field, `-field` downwards; what has no value comes last."""
    field = sort_by.removeprefix("-")

    def key(record: Record) -> int | float | str:
        value = getattr(record, f"{field}_bytes", None) if field == "size" else None
        value = getattr(record, field) if value is None else value
        return value if isinstance(value, int | float) else cell(field, value, record)

    with_value = [record for record in records if getattr(record, field) is not None]
    without = [record for record in records if getattr(record, field) is None]
    return sorted(with_value, key=key, reverse=sort_by.startswith("-")) + without


def document(record: Record, view: View | None = None) -> dict[str, object]:
    """The record as a plain document; `host`, `realm` and `extra` only with something in them."""
    found = record.model_dump(mode="json")
    if view is not None and view.chosen:
        return {field: _of(record, field, found) for field in view.fields}
    for field in _NOT_OF_A_ROW:
        if not found[field]:
            del found[field]
    return found


def _of(record: Record, field: str, found: Mapping[str, object]) -> object:
    """A value of a document; a derived column is none of its keys."""
    return getattr(record, field) if field in record.derived else found.get(field)


def to_json(value: object, indent: int | None = None) -> str:
    """JSON text; bytes that were not UTF-8 stand as the lone surrogates `\\udc80` to `\\udcff`."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return json.dumps(value, indent=indent) if _has_surrogate(text) else text


def to_yaml(value: object) -> str:
    """YAML text; bytes that were not UTF-8 as in JSON."""
    import yaml

    quick = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 10_000}
    try:
        text: str = yaml.dump(value, Dumper=quick, **options)
    except UnicodeEncodeError:  # libyaml takes no surrogates
        text = yaml.dump(value, Dumper=yaml.SafeDumper, **options)
    return text.rstrip("\n")


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _csv(records: Iterable[Record], view: View) -> Iterator[str]:
    import csv
    import io

    def line(cells: Sequence[str]) -> str:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(cells)
        return buffer.getvalue().removesuffix("\n")

    if view.headers:
        yield line(view.fields)
    for record in records:
        found = document(record)
        yield line([_plain(field, _of(record, field, found), record) for field in view.fields])


def _plain(field: str, value: object, record: Record) -> str:
    return "" if value is None else text_of(field, value, record)


def text_of(field: str, value: object, record: Record) -> str:
    """A value in one cell: lists joined by commas, labels as ctr printed them."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        if any(isinstance(one, Mapping) for one in value):
            return to_json(value)
        return ",".join(map(str, value))
    if isinstance(value, Mapping):
        printed = getattr(record, f"{field}_text", None)
        return printed if value and printed else ",".join(f"{k}={v}" for k, v in value.items())
    return str(value)


def cell(field: str, value: object, record: Record, *, short: bool = False) -> str:
    """What a table shows: `-` for nothing, control characters escaped, digests cut if `short`.

    An age has its greatest unit alone.
    """
    if field == "age" and isinstance(value, int):
        return age_text(value)
    text = "" if value is None else text_of(field, value, record)
    if text and field in record.headings:
        text = _in_units(field, value, short=record.short_units) or text
    if field == "digest" and short:
        text = text[:_SHORT_DIGEST]
    return escape(text) or "-"


def age_text(seconds: int) -> str:
    """`3d`: so many seconds in their greatest unit."""
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{max(0, seconds)}s"


def _in_units(field: str, value: object, *, short: bool) -> str | None:
    """An amount as a person reads it: `4.0 KiB`, `99.5`, `2:03.10`; None for what is none."""
    if isinstance(value, float) and field.endswith("_percent"):
        return f"{value:.1f}"
    if isinstance(value, float) and field.endswith("_seconds"):
        return f"{value // 60:.0f}:{value % 60:05.2f}"
    if isinstance(value, int) and field.endswith("_bytes"):
        from kuke_ctr.parse.units import in_short_units, in_units

        return in_short_units(value) if short else in_units(value)
    return None


def _table(records: Iterable[Record], view: View) -> Iterator[str]:
    rows: list[Sequence[str]] = []
    headings: Mapping[str, str] = {}
    for record in records:
        headings = record.headings
        rows.append(row_of(record, view))
    if not rows:
        return
    if view.headers:
        rows.insert(
            0, [headings.get(field, field.upper().replace("_", " ")) for field in view.fields]
        )
    room = terminal_width() if view.output is Output.TABLE else None
    if room is not None:
        names = [field in (view.identifier, "host", "realm") for field in view.fields]
        digests = [field in ("digest", "parent") for field in view.fields]
        rows = [*fitted(rows, names, digests, room)]
    yield from align(rows, view.fields)


def row_of(record: Record, view: View) -> tuple[str, ...]:
    """The cells of a table's row."""
    short = view.output is Output.TABLE
    return tuple(cell(field, getattr(record, field), record, short=short) for field in view.fields)


def align(rows: Sequence[Sequence[str]], fields: Sequence[str] = ()) -> Iterator[str]:
    """The rows as lines with padded columns, two spaces apart; statuses coloured on a terminal."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    colour = "status" in fields and use_colour()
    for row in rows:
        cells = []
        for index, (text, space) in enumerate(zip(row, widths, strict=True)):
            padding = " " * (space - width(text))
            if colour and fields[index] == "status" and text in STATUS_COLOURS:
                text = f"\x1b[{STATUS_COLOURS[text]}m{text}\x1b[0m"  # noqa: PLW2901
            cells.append(text + padding)
        yield (" " * GAP).join(cells).rstrip()


def use_colour() -> bool:
    """Whether stdout is a terminal that shows colours, and nobody said NO_COLOR."""
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )
