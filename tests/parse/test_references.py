"""What refers to what: gc labels and image documents."""

import json

import pytest

from kuke_ctr.parse.references import (
    Reference,
    children_of,
    content_references,
    is_document,
    named_in,
    snapshot_references,
)

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")


def test_the_labels_of_a_manifest_name_its_config_and_its_layers() -> None:
    labels = (
        f"containerd.io/distribution.source.docker.io=library/busybox,team/app,"
        f"containerd.io/gc.ref.content.config={A},containerd.io/gc.ref.content.l.0={B},"
        f"containerd.io/gc.ref.content.l.12={C}"
    )
    assert list(content_references(labels)) == [
        Reference(A, "config"),
        Reference(B, "layer"),
        Reference(C, "layer"),
    ]


@pytest.mark.parametrize(
    ("key", "role"),
    [(".0", "config"), (".1", "layer"), (".10", "layer"), (".m.0", "manifest"), ("", "content")],
)
def test_old_and_other_labels_have_their_roles(key: str, role: str) -> None:
    label = f"containerd.io/gc.ref.content{key}={A}"
    assert list(content_references(label)) == [Reference(A, role)]


def test_a_label_for_a_snapshot_names_snapshotter_and_key() -> None:
    labels = (
        f"containerd.io/gc.ref.snapshot.overlayfs={A},x=y,containerd.io/gc.ref.snapshot.native/2=k"
    )
    assert list(snapshot_references(labels)) == [("overlayfs", A), ("native", "k")]
    assert list(content_references(labels)) == []


def test_a_manifest_lists_config_and_layers_and_an_index_manifests() -> None:
    manifest = {"config": {"digest": A}, "layers": [{"digest": B, "mediaType": "t"}]}
    index = {"manifests": [{"digest": C}, {"no": "digest"}, "junk"]}
    assert children_of(json.dumps(manifest)) == [Reference(A, "config"), Reference(B, "layer", "t")]
    assert children_of(json.dumps(index)) == [Reference(C, "manifest")]


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"config": 3, "layers": "x"}', "null"])
def test_what_is_no_document_lists_nothing(text: str) -> None:
    assert children_of(text) == []


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("application/vnd.oci.image.index.v1+json", True),
        ("application/vnd.docker.distribution.manifest.list.v2+json", True),
        ("application/vnd.docker.distribution.manifest.v2+json", True),
        ("application/vnd.oci.image.layer.v1.tar+gzip", False),
        ("application/vnd.oci.image.config.v1+json", False),
    ],
)
def test_only_indexes_and_manifests_are_documents(media_type: str, expected: bool) -> None:
    assert is_document(media_type) is expected


def test_of_a_document_of_another_kind_whatever_looks_like_a_digest_counts() -> None:
    old = json.dumps({"fsLayers": [{"blobSum": A}, {"blobSum": B}, {"blobSum": A}]})
    assert [one.digest for one in named_in(old)] == [A, B]
    manifest = json.dumps({"layers": [{"digest": A}], "annotations": {"base": B}})
    assert [one.digest for one in named_in(manifest)] == [A]
