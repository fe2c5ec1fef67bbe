"""What `ctr containers ls` prints."""

from collections.abc import Iterable, Iterator, Mapping

from kuke_ctr.parse.table import WORD, Column, Table, read_table
from kuke_ctr.records import Container, Refused


def _container(cells: Mapping[str, str], extra: dict[str, str]) -> Container:
    image = cells["IMAGE"]
    return Container(
        id=cells["CONTAINER"],
        image=None if image in ("", "-") else image,
        runtime=cells["RUNTIME"],
        extra=extra,
    )


_TABLE = Table((Column("CONTAINER", WORD), Column("IMAGE"), Column("RUNTIME", WORD)), _container)


def parse_containers(lines: Iterable[str]) -> Iterator[Container | Refused]:
    """The containers of `ctr containers ls`: CONTAINER IMAGE RUNTIME; `-` is no image."""
    return read_table(_TABLE, lines)
