"""Random rows of ctr's tables, and how they are read back."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from kuke_ctr.parse.images import parse_images
from kuke_ctr.parse.namespaces import parse_namespaces
from kuke_ctr.records import Container, Image, Namespace, Refused, Task
from tests.support import tables
from tests.support.tables import Cells


def cells_of(row: Image | Container | Namespace | Task) -> Cells:
    """The cells as ctr printed them."""
    match row:
        case Image():
            platforms = ",".join(row.platforms) or "-"
            return row.ref, row.media_type, row.digest, row.size, platforms, row.labels_text
        case Container():
            return row.id, row.image or "-", row.runtime
        case Namespace():
            return row.name, row.labels_text
        case Task():
            return row.id, str(row.pid), row.status


Rows = list[Cells | Refused]


Extra = tuple[list[str], dict[str, str]]


def read_images(rows: Sequence[Cells]) -> Rows:
    return _plain(parse_images(tables.images(rows)))


def read_namespaces(rows: Sequence[Cells]) -> Rows:
    return _plain(parse_namespaces(tables.namespaces(rows)))


def _plain(rows: Iterator[Image | Container | Namespace | Task | Refused]) -> Rows:
    return [row if isinstance(row, Refused) else cells_of(row) for row in rows]


def image(ref: str, labels: str = "-") -> Cells:
    digest = f"sha256:{sha256(ref.encode()).hexdigest()}"
    return ref, "application/x", digest, "3.5 KiB", "linux/amd64", labels


def cells(values: list[str], extra: dict[str, str]) -> Extra | Refused:
    return values, extra
