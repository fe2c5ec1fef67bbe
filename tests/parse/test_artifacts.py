"""What a manifest is about: a container image, or something else that a registry keeps."""

import json

import pytest

from kuke_ctr.parse.artifacts import artifact_of
from kuke_ctr.parse.references import INDEXES, MANIFESTS

OCI, DOCKER = MANIFESTS
IMAGE = "application/vnd.oci.image.config.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def manifest(config: str, *layers: str, **more: object) -> bytes:
    parts = [{"mediaType": kind} for kind in layers]
    return json.dumps({"config": {"mediaType": config}, "layers": parts, **more}).encode()


@pytest.mark.parametrize(
    ("config", "layers", "kind", "media_type"),
    [
        ("application/vnd.cncf.helm.config.v1+json", ("x",), "a Helm chart", None),
        ("application/vnd.wasm.config.v0+json", ("x",), "a WebAssembly module", None),
        ("application/vnd.docker.plugin.v1+json", (LAYER,), "a plugin of docker", None),
        ("application/vnd.buildkit.cacheconfig.v0", (LAYER,), "a build cache", None),
        ("application/vnd.acme.config", (LAYER,), "an artifact", None),
        (
            IMAGE,
            ("application/vnd.dev.cosign.simplesigning.v1+json",),
            "a signature of cosign",
            "application/vnd.dev.cosign.simplesigning.v1+json",
        ),
        (IMAGE, ("application/vnd.in-toto+json",), "an attestation", None),
        (EMPTY, ("text/plain",), "an artifact", "text/plain"),
        (EMPTY, (), "an artifact", EMPTY),
        ("", (), "an artifact", "unknown"),
    ],
)
def test_an_artifact_is_told_by_its_media_type(
    config: str, layers: tuple[str, ...], kind: str, media_type: str | None
) -> None:
    found = artifact_of(manifest(config, *layers), OCI)
    assert found is not None
    assert found.kind == kind
    assert media_type is None or found.media_type == media_type


def test_what_calls_itself_an_artifact_is_one() -> None:
    found = artifact_of(manifest(EMPTY, "text/plain", artifactType="application/spdx"), OCI)
    assert found == ("a list of software (SBOM)", "application/spdx")


@pytest.mark.parametrize(
    ("document", "media_type"),
    [
        (manifest(IMAGE, f"{LAYER}+gzip"), OCI),
        (manifest(IMAGE, f"{LAYER}+gzip+encrypted"), OCI),
        (manifest(IMAGE, "application/vnd.oci.image.layer.nondistributable.v1.tar"), OCI),
        (manifest(IMAGE), OCI),
        (
            manifest(
                "application/vnd.docker.container.image.v1+json",
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
            ),
            DOCKER,
        ),
        (
            manifest(
                "application/vnd.docker.container.image.v1+json",
                "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
            ),
            DOCKER,
        ),
        (b"{}", INDEXES[0]),
        (b"no JSON", OCI),
        (b"[1]", OCI),
    ],
)
def test_an_image_is_none(document: bytes, media_type: str) -> None:
    assert artifact_of(document, media_type) is None


def test_a_web_page_that_became_an_image_is_told() -> None:
    assert artifact_of(b"<html>", "text/html; charset=utf-8") == (
        "a web page",
        "text/html; charset=utf-8",
    )
