"""What `ctr plugins ls` prints."""

from collections.abc import Iterable, Iterator

from kuke_ctr.parse.layout import WORD, Column, Form
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.parse.units import platforms_of
from kuke_ctr.records import Plugin, Refused


def _plugin(cells: list[str], extra: dict[str, str]) -> Plugin:
    kind, name, platforms, status = cells
    return Plugin(type=kind, id=name, platforms=platforms_of(platforms), status=status, extra=extra)


TABLE = Table(
    (
        Column("TYPE", WORD),
        Column("ID", WORD),
        Column("PLATFORMS", WORD),
        Column("STATUS", Form(r"ok|skip|error", proves=True)),
    ),
    _plugin,
)


def parse_plugins(lines: Iterable[str]) -> Iterator[Plugin | Refused]:
    """The plugins of `ctr plugins ls`: TYPE ID PLATFORMS STATUS; `-` is no platform."""
    return read_table(TABLE, lines)
