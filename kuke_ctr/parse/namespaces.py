"""What `ctr namespaces ls` prints."""

from collections.abc import Iterable, Iterator

from kuke_ctr.parse.layout import LABELS, NAME, Column
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.parse.units import labels_of
from kuke_ctr.records import Namespace, Refused


def _namespace(cells: list[str], extra: dict[str, str]) -> Namespace:
    name, labels = cells
    return Namespace(name=name, labels=labels_of(labels), labels_text=labels, extra=extra)


TABLE = Table((Column("NAME", NAME), Column("LABELS", LABELS)), _namespace)


def parse_namespaces(lines: Iterable[str]) -> Iterator[Namespace | Refused]:
    """The namespaces of `ctr namespaces ls`: NAME LABELS; no label is a blank cell."""
    return read_table(TABLE, lines)
