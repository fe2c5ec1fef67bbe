"""What `ctr images ls` prints."""

import re
from collections.abc import Iterable, Iterator, Mapping

from kuke_ctr.parse.table import DIGEST, MEDIA_TYPE, SIZE, WORD, Column, Table, read_table
from kuke_ctr.parse.units import labels_of, platforms_of, size_in_bytes
from kuke_ctr.records import Image, Refused


def _image(cells: Mapping[str, str], extra: dict[str, str]) -> Image:
    return Image(
        ref=cells["REF"],
        media_type=cells["TYPE"],
        digest=cells["DIGEST"],
        size=cells["SIZE"],
        size_bytes=size_in_bytes(cells["SIZE"]),
        size_approximate=True,
        platforms=platforms_of(cells["PLATFORMS"]),
        labels=labels_of(cells["LABELS"]),
        labels_text=cells["LABELS"],
        extra=extra,
    )


_TABLE = Table(
    (
        Column("REF", r".+"),
        Column("TYPE", MEDIA_TYPE),
        Column("DIGEST", DIGEST),
        Column("SIZE", SIZE),
        Column("PLATFORMS", WORD),
        Column("LABELS", r".+"),
    ),
    _image,
    proof=re.compile(rf"(?<= )({MEDIA_TYPE}) +({DIGEST}) +({SIZE}) +({WORD}) "),
)


def parse_images(lines: Iterable[str]) -> Iterator[Image | Refused]:
    """The images of `ctr images ls`: REF TYPE DIGEST SIZE PLATFORMS LABELS; `-` is no label."""
    return read_table(_TABLE, lines)
