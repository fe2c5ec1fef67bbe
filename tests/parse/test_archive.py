"""What a file is by its first bytes, and which images of an archive have names."""

import bz2
import gzip
import json
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.parse.archive import (
    BZIP2,
    GZIP,
    INDEX,
    MANIFEST,
    XZ,
    ZSTD,
    Compression,
    Named,
    compression_of,
    names_of,
    not_an_archive,
)

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("data", "compression"),
    [
        (gzip.compress(b"x", mtime=0), GZIP),
        (lzma.compress(b"x"), XZ),
        (bz2.compress(b"x"), BZIP2),
        (b"\x28\xb5\x2f\xfd\x20\x01", ZSTD),
        (b"plain", None),
        (b"", None),
    ],
)
def test_a_compression_is_known_by_its_magic(data: bytes, compression: Compression | None) -> None:
    assert compression_of(data) is compression


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"", "an empty file"),
        (b"  \n<!doctype html><html>", "an HTML page"),
        (b"<html>", "an HTML page"),
        (b"PK\x03\x04...", "a zip file"),
        (b"\x7fELF\x02", "a program"),
        (b'{"errors": []}', "a JSON document"),
        (gzip.compress(b"x", mtime=0), None),
        (b"{".ljust(257, b"\0") + b"ustar\x0000", None),
        (b"name of a file of an old tar".ljust(512, b"\0"), None),
    ],
)
def test_what_is_no_archive_is_named(head: bytes, what: str | None) -> None:
    assert not_an_archive(head) == what


def index(*annotations: dict[str, str] | None) -> bytes:
    entries = [{"digest": DIGEST, "annotations": one} for one in annotations]
    return json.dumps({"manifests": entries}).encode()


@pytest.mark.parametrize(
    ("documents", "found"),
    [
        ([(INDEX, index({"io.containerd.image.name": "r/a:1"}))], Named(("r/a:1",), known=True)),
        (
            [(INDEX, index({"org.opencontainers.image.ref.name": "latest"}))],
            Named((), ("latest",), known=True),
        ),
        (
            [(INDEX, index({"org.opencontainers.image.ref.name": "r/a:1"}))],
            Named(("r/a:1",), known=True),
        ),
        ([(INDEX, index(None))], Named((), (), ("sha256:abababababab",), known=True)),
        (
            [(MANIFEST, json.dumps([{"Config": "c.json", "RepoTags": None}]).encode())],
            Named((), (), ("c",), known=True),
        ),
        (
            [(MANIFEST, b"[]"), (INDEX, index({"io.containerd.image.name": "r/a:1"}))],
            Named(("r/a:1",), known=True),
        ),
        ([], Named()),
        ([(INDEX, b"no JSON")], Named(known=True)),
    ],
)
def test_the_names_are_those_of_the_documents(
    documents: list[tuple[str, bytes]], found: Named
) -> None:
    assert names_of(documents) == found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.sampled_from([INDEX, MANIFEST]), JSON)
def test_no_document_is_a_bug(name: str, document: object) -> None:
    names_of([(name, json.dumps(document).encode())])
    names_of([(name, json.dumps({"manifests": document}).encode())])
    names_of([(name, json.dumps([document]).encode())])


@given(st.binary())
def test_no_bytes_are_a_bug(data: bytes) -> None:
    not_an_archive(data)
    compression_of(data)
    names_of([(INDEX, data), (MANIFEST, data)])
