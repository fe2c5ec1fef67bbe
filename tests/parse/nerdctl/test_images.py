"""Lines of `nerdctl images`, and native documents."""

import json

import pytest

from kuke_ctr.errors import Unreadable
from kuke_ctr.parse.nerdctl.images import (
    ImageRow,
    NativeImage,
    image_of,
    parse_image_rows,
    parse_native_images,
)
from kuke_ctr.records import Refused

DIGEST = f"sha256:{'ab' * 32}"
GOOD = {
    "Name": "docker.io/library/busybox:1.36",
    "Digest": DIGEST,
    "ID": DIGEST,
    "BlobSize": "1.9 MiB",
    "Size": "4.0 MiB",
    "Platform": "linux/amd64",
    "OfALaterVersion": {"x": [1]},
}


def read(**other: object) -> ImageRow | Refused:
    (row,) = parse_image_rows([json.dumps({**GOOD, **other})])
    return row


@pytest.mark.parametrize("size", ["1.9 MiB", "2.011MB", "512B", "783.0 B", "1kB", "1.21 GB"])
def test_both_forms_of_sizes_are_read(size: str) -> None:
    assert read(BlobSize=size) == ImageRow(GOOD["Name"], DIGEST, size, "linux/amd64")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Name", ""),
        ("Name", None),
        ("Digest", "sha256:12"),
        ("ID", "ab" * 6),
        ("BlobSize", "much"),
        ("BlobSize", 1900000),
        ("Platform", ["linux/amd64"]),
    ],
)
def test_a_row_that_does_not_fit_is_refused(key: str, value: object) -> None:
    row = read(**{key: value})
    assert isinstance(row, Refused)
    assert key in row.reason


@pytest.mark.parametrize("line", ["REPOSITORY    TAG", "[]", '{"Name":', '"x"', "{}", "NaN"])
def test_what_is_no_object_is_refused(line: str) -> None:
    (row,) = parse_image_rows([line])
    assert isinstance(row, Refused)
    assert row.line == 1


def native(**image: object) -> str:
    target = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": DIGEST, "size": 9}
    whole = {"Name": "a:1", "Labels": None, "Target": target, **image}
    config = {"os": "linux", "architecture": "arm64"}
    return json.dumps([{"Image": whole, "ImageConfig": config, "Later": 1}])


def test_the_native_document_has_media_type_and_labels() -> None:
    (image,) = parse_native_images(native(Labels={"team": "a,b"}))
    assert image.labels == {"team": "a,b"}
    assert image.platform == "linux/arm64"
    assert parse_native_images("") == []


@pytest.mark.parametrize("broken", [{"Labels": ["x"]}, {"Target": None}, {"Name": 1}])
def test_a_native_document_that_does_not_fit_is_an_error(broken: dict[str, object]) -> None:
    with pytest.raises(Unreadable, match="image inspect"):
        parse_native_images(native(**broken))


def test_the_size_is_that_of_this_hosts_platform() -> None:
    rows = [
        ImageRow("a:1", DIGEST, "1.0 MiB", "linux/amd64"),
        ImageRow("a:1", DIGEST, "2.0 MiB", "linux/arm64/v8"),
    ]
    here = NativeImage("a:1", "type", DIGEST, {"b": "2", "a": "1"}, "linux/arm64")
    image = image_of(rows, here)
    assert (image.size, image.platforms) == ("2.0 MiB", ("linux/amd64", "linux/arm64/v8"))
    assert image.labels_text == "a=1,b=2"
    assert image_of(rows, here._replace(platform="linux/riscv64")).size == "1.0 MiB"


@pytest.mark.parametrize("here", ["", "linux/riscv64", "linux/arm"])
def test_the_size_does_not_depend_on_the_order_of_the_lines(here: str) -> None:
    kinds = {"linux/arm/v7": "1.0 MiB", "linux/arm/v6": "2.0 MiB", "linux/s390x": "3.0 MiB"}
    rows = [ImageRow("a:1", DIGEST, size, platform) for platform, size in kinds.items()]
    native = NativeImage("a:1", "type", DIGEST, {}, here)
    sizes = {image_of(order, native).size for order in (rows, rows[::-1])}
    assert sizes == {"2.0 MiB"}
