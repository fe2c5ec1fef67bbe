"""What `ctr containers ls` prints."""

from collections.abc import Iterable, Iterator

from kuke_ctr.parse.layout import NAME, WORD, Column
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.records import Container, Refused


def _container(cells: list[str], extra: dict[str, str]) -> Container:
    name, image, runtime = cells
    return Container(
        id=name, image=None if image in ("", "-") else image, runtime=runtime, extra=extra
    )


TABLE = Table((Column("CONTAINER", NAME), Column("IMAGE"), Column("RUNTIME", WORD)), _container)


def parse_containers(lines: Iterable[str]) -> Iterator[Container | Refused]:
    """The containers of `ctr containers ls`: CONTAINER IMAGE RUNTIME; `-` is no image."""
    return read_table(TABLE, lines)
