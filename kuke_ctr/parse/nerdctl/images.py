"""What `nerdctl images --format json` and `nerdctl image inspect --mode native` print."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.nerdctl.lines import (
    Misfit,
    Object,
    filled_at,
    labels_at,
    objects_in,
    read_lines,
    text_at,
)
from kuke_ctr.parse.units import size_in_bytes
from kuke_ctr.records import Image, Refused

_DIGEST = re.compile(r"sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})")


class ImageRow(NamedTuple):
    """A line: an image, for one of the platforms whose content is here. `size` is as printed."""

    name: str
    digest: str
    size: str
    platform: str


class NativeImage(NamedTuple):
    """What containerd itself knows of an image: its record, without its content.

    `platform` is that of its configuration for this host, empty without one.
    """

    name: str
    media_type: str
    digest: str
    labels: Mapping[str, str]
    platform: str = ""


def parse_image_rows(lines: Iterable[str]) -> Iterator[ImageRow | Refused]:
    """The lines of `nerdctl images --no-trunc --format json`, one for each platform of an image."""
    return read_lines(lines, _row)


def _row(found: Object) -> ImageRow:
    size = filled_at(found, "BlobSize")
    if size_in_bytes(size) is None:
        raise Misfit(f"its BlobSize {size!r} is not a size")
    if _digest(found, "Digest") != filled_at(found, "ID"):
        raise Misfit("its ID is not its whole digest")
    return ImageRow(
        filled_at(found, "Name"),
        _digest(found, "Digest"),
        size,
        text_at(found, "Platform"),
    )


def parse_native_images(text: str) -> list[NativeImage]:
    """The images of `nerdctl image inspect --mode native`; Unreadable.

    nerdctl 2.x adds every other image with the same digest, and prints nothing for one that is not
    there.
    """
    command = "nerdctl image inspect --mode native"
    try:
        return [_native(one) for one in objects_in(text, command)]
    except Misfit as error:
        raise Unreadable(f"`{command}` printed an image that cannot be read: {error}") from None


def _native(found: Object) -> NativeImage:
    image = found.get("Image")
    if not isinstance(image, dict) or not isinstance(image.get("Target"), dict):
        raise Misfit("it has no Image with a Target")
    target: Object = image["Target"]
    media_type, digest = filled_at(target, "mediaType"), _digest(target, "digest")
    config = found.get("ImageConfig")
    parts = [config.get("os"), config.get("architecture")] if isinstance(config, dict) else []
    return NativeImage(
        filled_at(image, "Name"),
        media_type,
        digest,
        labels_at(image),
        "/".join(str(part) for part in parts) if all(parts) else "",
    )


def _digest(found: Object, key: str) -> str:
    digest = filled_at(found, key)
    if not _DIGEST.fullmatch(digest):
        raise Misfit(f"its {key} is not a digest")
    return digest


def image_of(rows: Sequence[ImageRow], native: NativeImage | None) -> Image:
    """The record of an image, from its lines and its native document.

    Without a document, `media_type` and the labels are empty: for who does not show them.

    `size` is that of this host's platform, as in ctr, else of the first in the alphabet: the order
    of the lines changes. `platforms` are those whose content is here: nerdctl does not show others.
    """
    if native is None:
        native = NativeImage(rows[0].name, "", rows[0].digest, {})
    here = native.platform
    mine = [row for row in rows if row.platform == here or row.platform.startswith(f"{here}/")]
    size = min(mine or rows, key=lambda row: row.platform).size
    labels = ",".join(f"{key}={value}" for key, value in sorted(native.labels.items()))
    return Image(
        ref=native.name,
        media_type=native.media_type,
        digest=native.digest,
        size=size,
        size_bytes=size_in_bytes(size),
        size_approximate=True,
        platforms=tuple(sorted({row.platform for row in rows if row.platform})),
        labels=dict(native.labels),
        labels_text=labels or "-",
    )
