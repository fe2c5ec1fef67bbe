"""The record of `images inspect`: an image with everything that it is made of."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from kuke_ctr.records import Record


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class NodeKind(StrEnum):
    """What a manifest is; `attestation` is what BuildKit says about another one."""

    INDEX = "index"
    MANIFEST = "manifest"
    ATTESTATION = "attestation"
    OTHER = "other"


class ImageLayer(_Part):
    """A layer as its manifest names it: `size_bytes` is exact, as packed.

    `diff_id` is the digest of its unpacked tar, `created_by` the step of the build that made it;
    null where the configuration does not say.
    """

    media_type: str
    digest: str
    size_bytes: int
    compression: str | None
    present: bool
    diff_id: str | None
    created_by: str | None
    annotations: dict[str, str]


class HistoryStep(_Part):
    """A step of the build; `empty_layer` is true for one that made no layer."""

    created: str | None
    created_by: str | None
    author: str | None
    comment: str | None
    empty_layer: bool


class ImageConfig(_Part):
    """An image's configuration; but for the blob itself null and empty where it does not say."""

    media_type: str
    digest: str
    size_bytes: int
    present: bool
    platform: str | None = None
    created: str | None = None
    author: str | None = None
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: tuple[str, ...] = ()
    working_dir: str | None = None
    user: str | None = None
    stop_signal: str | None = None
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    diff_ids: tuple[str, ...] = ()
    history: tuple[HistoryStep, ...] = ()


class ImageNode(_Part):
    """An index with its `manifests`, or a manifest with its `config` and `layers`.

    `size_bytes` is the exact size of this document alone, null where neither it nor a descriptor
    of it is here. `present` is false where the document is not here, `pulled` also where it has
    come alone, without its configuration: that is how ctr leaves other platforms' manifests.
    `problems` are sentences about this document.
    """

    kind: NodeKind
    media_type: str
    digest: str
    size_bytes: int | None
    present: bool
    pulled: bool
    platform: str | None
    artifact_type: str | None
    subject: str | None
    annotations: dict[str, str]
    config: ImageConfig | None
    layers: tuple[ImageLayer, ...]
    manifests: tuple["ImageNode", ...]
    problems: tuple[str, ...]


class ImageDetails(Record):
    """An image with all that it is made of: what `images inspect` prints.

    `size_bytes` is the exact size of the blobs that are here, each counted once. `platforms` are
    those that were pulled. `missing` are the digests whose absence makes the image incomplete:
    other platforms that nobody pulled do not. `complete` is false where there are some, or
    problems.
    """

    identifier = "ref"
    table = ("ref", "digest", "platforms", "complete")
    wide = ("ref", "media_type", "digest", "platforms", "size_bytes", "complete", "missing")

    ref: str
    media_type: str
    digest: str
    labels: dict[str, str]
    platforms: tuple[str, ...]
    size_bytes: int
    complete: bool
    missing: tuple[str, ...]
    problems: tuple[str, ...]
    target: ImageNode
