"""What `ctr namespaces ls` prints."""

from collections.abc import Iterable, Iterator, Mapping

from kuke_ctr.parse.table import WORD, Column, Table, read_table
from kuke_ctr.parse.units import labels_of
from kuke_ctr.records import Namespace, Refused


def _namespace(cells: Mapping[str, str], extra: dict[str, str]) -> Namespace:
    labels = cells["LABELS"]
    return Namespace(name=cells["NAME"], labels=labels_of(labels), labels_text=labels, extra=extra)


_TABLE = Table((Column("NAME", WORD), Column("LABELS")), _namespace)


def parse_namespaces(lines: Iterable[str]) -> Iterator[Namespace | Refused]:
    """The namespaces of `ctr namespaces ls`: NAME LABELS; no label is a blank cell."""
    return read_table(_TABLE, lines)
