"""What `ctr leases ls` prints."""

from collections.abc import Iterable, Iterator

from kuke_ctr.parse.layout import FILLED, LABELS, Column, Form
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.parse.times import RFC3339
from kuke_ctr.parse.units import labels_of
from kuke_ctr.records import Lease, Refused


def _lease(cells: list[str], extra: dict[str, str]) -> Lease:
    name, created_at, labels = cells
    return Lease(
        id=name,
        created_at=created_at,
        labels=labels_of(labels),
        labels_text=labels,
        extra=extra,
    )


TABLE = Table(
    (
        Column("ID", FILLED),
        Column("CREATED AT", Form(RFC3339, proves=True)),
        Column("LABELS", LABELS),
    ),
    _lease,
)


def parse_leases(lines: Iterable[str]) -> Iterator[Lease | Refused]:
    """The leases of `ctr leases ls`: ID, CREATED AT, LABELS; times in the time zone of ctr."""
    return read_table(TABLE, lines)
