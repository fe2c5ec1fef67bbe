"""What a registry keeps that is no container image: Helm charts, signatures, modules, web pages."""

from typing import NamedTuple

from kuke_ctr.parse.json_text import read_json
from kuke_ctr.parse.references import INDEXES, MANIFESTS

_CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
_EMPTY = "application/vnd.oci.empty.v1+json"
_LAYERS = (
    "application/vnd.oci.image.layer.",
    "application/vnd.docker.image.rootfs.",
    "application/vnd.docker.container.image.rootfs.",
)
_KINDS = (
    ("helm", "a Helm chart"),
    ("cosign", "a signature of cosign"),
    ("sigstore", "a signature of sigstore"),
    ("notary", "a signature of Notary"),
    ("in-toto", "an attestation"),
    ("spdx", "a list of software (SBOM)"),
    ("cyclonedx", "a list of software (SBOM)"),
    ("wasm", "a WebAssembly module"),
    ("buildkit.cacheconfig", "a build cache"),
    ("docker.plugin", "a plugin of docker"),
    ("text/html", "a web page"),
)


class Artifact(NamedTuple):
    """What something is instead of an image: in words, and the media type that tells."""

    kind: str
    media_type: str


def artifact_of(document: bytes, media_type: str) -> Artifact | None:
    """What a manifest is about where that is no container image; None for one, and for an index.

    `media_type` is that of the manifest, as `ctr images ls` prints it. What can't be read is taken
    for an image: whatever reads it next says what is wrong.
    """
    if media_type in INDEXES:
        return None
    if media_type not in MANIFESTS:
        return _artifact(media_type)
    try:
        manifest = read_json(document.decode(errors="replace"))
    except ValueError:
        return None
    if not isinstance(manifest, dict):
        return None
    config = _type_in(manifest.get("config"))
    layers = manifest.get("layers")
    first = _type_in(layers[0]) if isinstance(layers, list) and layers else ""
    if config in _CONFIGS:
        return _artifact(first) if first and not first.startswith(_LAYERS) else None
    declared = manifest.get("artifactType")
    named = declared if isinstance(declared, str) else ""
    return _artifact(named or (config if config not in ("", _EMPTY) else first) or config)


def _artifact(media_type: str) -> Artifact:
    found = (kind for word, kind in _KINDS if word in media_type)
    return Artifact(next(found, "an artifact"), media_type or "unknown")


def _type_in(descriptor: object) -> str:
    value = descriptor.get("mediaType") if isinstance(descriptor, dict) else None
    return value if isinstance(value, str) else ""
