"""Indexes, manifests and configurations: good ones are read, bad ones never do harm."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.parse.manifest import (
    MOST_CHILDREN,
    Descriptor,
    compression_of,
    read_config,
    read_document,
)
from kuke_ctr.parse.references import INDEXES, MANIFESTS
from kuke_ctr.records.image_details import NodeKind

DIGEST = "sha256:" + "ab" * 32
INDEX = Descriptor(INDEXES[0], DIGEST)
MANIFEST = Descriptor(MANIFESTS[0], DIGEST)

KEYS = st.sampled_from(
    [
        *("manifests", "layers", "config", "digest", "mediaType", "size", "platform", "os"),
        *("annotations", "subject", "architecture", "rootfs", "diff_ids", "history", "Env"),
        *("Cmd", "Labels", "ExposedPorts", "artifactType", "created", "x"),
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(DIGEST),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


@given(ANYTHING | st.dictionaries(KEYS, ANYTHING))
def test_any_json_is_read_and_what_does_not_fit_is_said(value: object) -> None:
    for descriptor in (INDEX, MANIFEST):
        document = read_document(encoded(value), descriptor)
        for one in (*document.manifests, *document.layers):
            assert one.digest == DIGEST
        if not isinstance(value, dict):
            assert document.problems
    config = read_config(encoded(value))
    assert all(isinstance(one, str) for one in config.environment)
    assert isinstance(value, dict) or config.problems


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    read_document(data, INDEX)
    read_config(data)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "invalid JSON"),
        (b"{", "invalid JSON"),
        (b"\xff\xfe", "invalid JSON"),
        (b"[" * 200_000, "invalid JSON"),
        (b'{"manifests":' * 50_000 + b"1" + b"}" * 50_000, "invalid JSON"),
        (b'{"size": ' + b"9" * 10_000 + b"}", "invalid JSON"),
        (b"null", "null"),
        (b"[]", "not a JSON object"),
        (b'{"manifests": {}}', "manifests is not valid .expected: list"),
        (b'{"manifests": [1]}', r"manifests\[0\] is not a JSON object"),
        (b'{"manifests": [{"digest": "sha256:x"}]}', r"manifests\[0\].digest is not valid"),
        (b'{"manifests": [{"digest": "../../etc/passwd"}]}', "is not valid"),
        (b'{"annotations": {"a": 1}}', "annotations is not valid .expected: "),
    ],
)
def test_a_bad_index_is_a_problem_in_words(data: bytes, says: str) -> None:
    document = read_document(data, INDEX)
    assert document.manifests == ()
    assert document.problems
    assert re.search(says, "; ".join(document.problems))


def test_a_size_has_to_be_a_number_that_can_be_one() -> None:
    for size in (-1, 1.5, True, "7", [7]):
        data = encoded({"manifests": [{"digest": DIGEST, "size": size}]})
        document = read_document(data, INDEX)
        assert document.manifests[0].size is None
        assert document.problems == ("manifests[0].size is not valid (expected: size)",)


def test_a_list_without_end_is_cut() -> None:
    data = encoded({"layers": [{"digest": DIGEST, "size": 1}] * (MOST_CHILDREN + 1)})
    document = read_document(data, MANIFEST)
    assert len(document.layers) == MOST_CHILDREN
    assert any(f"{MOST_CHILDREN + 1} entries" in one for one in document.problems)


def test_the_media_type_that_points_to_it_decides_what_a_document_is() -> None:
    both = encoded(
        {
            "mediaType": MANIFESTS[0],
            "manifests": [{"digest": DIGEST}],
            "layers": [{"digest": DIGEST}],
            "config": {"digest": DIGEST},
        }
    )
    index, manifest = read_document(both, INDEX), read_document(both, MANIFEST)
    assert (len(index.manifests), len(index.layers), index.config) == (1, 0, None)
    assert (len(manifest.manifests), len(manifest.layers)) == (0, 1)
    other = read_document(both, Descriptor("text/html", DIGEST))
    assert (other.kind, other.manifests, other.layers) == (NodeKind.OTHER, (), ())


def test_an_attestation_is_told_by_its_annotation() -> None:
    annotations = {"vnd.docker.reference.type": "attestation-manifest"}
    about = Descriptor(MANIFESTS[0], DIGEST, annotations=annotations)
    assert read_document(b"{}", about).kind is NodeKind.ATTESTATION
    assert read_document(b'{"config": {"digest": ""}}', MANIFEST).kind is NodeKind.MANIFEST


@pytest.mark.parametrize(
    ("media_type", "compression"),
    [
        ("application/vnd.oci.image.layer.v1.tar", "none"),
        ("application/vnd.oci.image.layer.v1.tar+gzip", "gzip"),
        ("application/vnd.oci.image.layer.v1.tar+zstd", "zstd"),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "gzip"),
        ("application/vnd.docker.image.rootfs.diff.tar", "none"),
        ("application/vnd.docker.image.rootfs.diff.tar.gzip", "gzip"),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "gzip"),
        ("application/vnd.in-toto+json", None),
        ("", None),
    ],
)
def test_the_compression_of_a_layer_is_in_its_media_type(
    media_type: str, compression: str | None
) -> None:
    assert compression_of(media_type) == compression
