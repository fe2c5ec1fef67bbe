"""What ctr writes into its tables, and tables of every shape, read as plain cells."""

from collections.abc import Iterable, Iterator, Sequence

from kuke_ctr.parse.layout import (
    DIGEST,
    FILLED,
    LABELS,
    NUMBER,
    SIZE,
    TEXT,
    Column,
    Form,
)
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.records import Refused
from tests.support.tabwriter import ctr_table

Cells = tuple[str, ...]


def _cells(cells: list[str], extra: dict[str, str]) -> Cells:
    return (*cells, *extra.values())


AGE = Form(r"(?:About an?|Less than a|\d+) (?:second|minute|hour|day|week|month|year)s?")
TIME = Form(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)", proves=True)
KIND = Form(r"Active|View|Committed")

TABLES: dict[str, Table[Cells]] = {
    "content ls": Table(
        (
            Column("DIGEST", DIGEST),
            Column("SIZE", SIZE),
            Column("AGE", AGE),
            Column("LABELS", LABELS),
        ),
        _cells,
        closed=False,
    ),
    "content active": Table(
        (Column("REF", FILLED), Column("SIZE", SIZE), Column("AGE", AGE)), _cells
    ),
    "leases ls": Table(
        (Column("ID", FILLED), Column("CREATED AT", TIME), Column("LABELS", LABELS)), _cells
    ),
    "snapshots ls": Table(
        (Column("KEY", FILLED), Column("PARENT", TEXT), Column("KIND", KIND)), _cells
    ),
    "snapshots usage": Table(
        (Column("KEY", FILLED), Column("SIZE", SIZE), Column("INODES", NUMBER)), _cells
    ),
}


def read(noun: str, lines: Iterable[str]) -> Iterator[Cells | Refused]:
    return read_table(TABLES[noun], lines)


def images(rows: Sequence[Cells]) -> list[str]:
    """What `ctr images ls` prints for these cells."""
    header = "REF\tTYPE\tDIGEST\tSIZE\tPLATFORMS\tLABELS\t"
    return ctr_table(header, ["\t".join(row) + "\t" for row in rows])


def namespaces(rows: Sequence[Cells]) -> list[str]:
    return ctr_table("NAME\tLABELS\t", ["\t".join(row) + "\t" for row in rows])


def containers(rows: Sequence[Cells]) -> list[str]:
    header = "CONTAINER\tIMAGE\tRUNTIME\t"
    return ctr_table(header, ["\t".join(row) + "\t" for row in rows], minwidth=4, padding=4)


def tasks(rows: Sequence[Cells]) -> list[str]:
    return ctr_table("TASK\tPID\tSTATUS\t", ["\t".join(row) for row in rows], minwidth=4, padding=4)


def content(rows: Sequence[Cells]) -> list[str]:
    header = "DIGEST\tSIZE\tAGE\tLABELS"
    return ctr_table(header, ["\t".join(row) for row in rows], padchar="\t")


def ingests(rows: Sequence[Cells]) -> list[str]:
    """What `ctr content active` prints."""
    return ctr_table("REF\tSIZE\tAGE\t", ["\t".join(row) + "\t" for row in rows], padchar="\t")


def leases(rows: Sequence[Cells]) -> list[str]:
    return ctr_table("ID\tCREATED AT\tLABELS\t", ["\t".join(row) + "\t" for row in rows])


def snapshots(rows: Sequence[Cells]) -> list[str]:
    return ctr_table("KEY\tPARENT\tKIND\t", ["\t".join(row) + "\t" for row in rows])
