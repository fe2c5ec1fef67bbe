"""What `ctr content ls` and `ctr content active` print: tables with tabs between their cells."""

from collections.abc import Iterable, Iterator

from kuke_ctr.parse.layout import DIGEST, DIGITS, FILLED, LABELS, SIZE, Column, Form
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.parse.units import labels_of, size_in_bytes
from kuke_ctr.records import ActiveIngest, Blob, Refused

_AGE = Form(rf"(?:Less than a|About an?|{DIGITS}) (?:second|minute|hour|day|week|month|year)s?")


def _blob(cells: list[str], extra: dict[str, str]) -> Blob:
    digest, size, age, labels = cells
    return Blob(
        digest=digest,
        size=size,
        size_bytes=size_in_bytes(size),
        size_approximate=True,
        age=age,
        labels=labels_of(labels),
        labels_text=labels,
        extra=extra,
    )


def _ingest(cells: list[str], extra: dict[str, str]) -> ActiveIngest:
    ref, size, age = cells
    return ActiveIngest(
        ref=ref,
        size=size,
        size_bytes=size_in_bytes(size),
        size_approximate=True,
        age=age,
        extra=extra,
    )


TABLE = Table(
    (
        Column("DIGEST", DIGEST),
        Column("SIZE", SIZE),
        Column("AGE", _AGE),
        Column("LABELS", LABELS),
    ),
    _blob,
    closed=False,
)
ACTIVE = Table((Column("REF", FILLED), Column("SIZE", SIZE), Column("AGE", _AGE)), _ingest)


def parse_content(lines: Iterable[str]) -> Iterator[Blob | Refused]:
    """The blobs of `ctr content ls`: DIGEST SIZE AGE LABELS; decimal units, `-` is no label."""
    return read_table(TABLE, lines)


def parse_active(lines: Iterable[str]) -> Iterator[ActiveIngest | Refused]:
    """The ingests of `ctr content active`: REF SIZE AGE."""
    return read_table(ACTIVE, lines)
