"""What `ctr sandboxes ls` prints."""

from collections.abc import Iterable, Iterator

from kuke_ctr.parse.layout import WORD, Column, Form
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.parse.times import GO_TIME, from_go
from kuke_ctr.records import Refused, Sandbox


def _sandbox(cells: list[str], extra: dict[str, str]) -> Sandbox:
    name, created, runtime = cells
    return Sandbox(id=name, created_at=from_go(created) or created, runtime=runtime, extra=extra)


TABLE = Table(
    (
        Column("ID", WORD),
        Column("CREATED", Form(GO_TIME, proves=True)),
        Column("RUNTIME", WORD),
    ),
    _sandbox,
)


def parse_sandboxes(lines: Iterable[str]) -> Iterator[Sandbox | Refused]:
    """The sandboxes of `ctr sandboxes ls`: ID CREATED RUNTIME; times as ISO 8601, UTC."""
    return read_table(TABLE, lines)
