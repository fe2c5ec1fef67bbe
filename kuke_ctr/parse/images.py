"""What `ctr images ls` prints."""

from collections.abc import Iterable, Iterator

from kuke_ctr.parse.layout import DIGEST, FILLED, LABELS, MEDIA_TYPE, SIZE, WORD, Column
from kuke_ctr.parse.table import Table, read_table
from kuke_ctr.parse.units import labels_of, platforms_of, size_in_bytes
from kuke_ctr.records import Image, Refused


def _image(cells: list[str], extra: dict[str, str]) -> Image:
    ref, media_type, digest, size, platforms, labels = cells
    return Image(
        ref=ref,
        media_type=media_type,
        digest=digest,
        size=size,
        size_bytes=size_in_bytes(size),
        size_approximate=True,
        platforms=platforms_of(platforms),
        labels=labels_of(labels),
        labels_text=labels,
        extra=extra,
    )


TABLE = Table(
    (
        Column("REF", FILLED),
        Column("TYPE", MEDIA_TYPE),
        Column("DIGEST", DIGEST),
        Column("SIZE", SIZE),
        Column("PLATFORMS", WORD),
        Column("LABELS", LABELS),
    ),
    _image,
)


def parse_images(lines: Iterable[str]) -> Iterator[Image | Refused]:
    """The images of `ctr images ls`: REF TYPE DIGEST SIZE PLATFORMS LABELS; `-` is no label."""
    return read_table(TABLE, lines)
