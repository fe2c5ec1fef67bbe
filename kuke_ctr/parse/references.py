"""What refers to what in containerd's store: by the gc labels, and by the image documents."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json import JSONDecodeError

from kuke_ctr.parse.json_text import read_json

GC_ROOT = "containerd.io/gc.root"
"""A blob or a snapshot with this label is never collected."""

BACK_REFERENCE = "containerd.io/gc.bref."
"""What a label starts with by which a blob or a snapshot names what needs it."""

GC_EXPIRE = "containerd.io/gc.expire"
"""Until then a thing with this label is not collected; on a lease, when it ends."""

GC_FLAT = "containerd.io/gc.flat"
"""On a lease: it keeps only what it names, and nothing that this refers to. BuildKit's have it."""

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)

_CONTENT = re.compile(
    r"containerd\.io/gc\.ref\.content(?P<key>[^=,]*)=(?P<digest>sha[0-9]+:[0-9a-f]+)"
)
_SNAPSHOT = re.compile(
    r"containerd\.io/gc\.ref\.snapshot\.(?P<snapshotter>[^=,/]+)(?:/[^=,]*)?=(?P<key>[^,]+)"
)
_DIGEST = re.compile(r"sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})")
_LAYER_KEY = re.compile(r"\.l\..*|\.0*[1-9][0-9]*")
"""What stands behind `containerd.io/gc.ref.content` in the label of a layer; old labels have just a
number, and 0 there is the config."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A blob that another one refers to; `role` is manifest, config, layer or content."""

    digest: str
    role: str
    media_type: str = ""


def is_document(media_type: str) -> bool:
    """Whether a media type is that of an index or a manifest."""
    return media_type in INDEXES or media_type in MANIFESTS


def content_references(labels: str) -> Iterator[Reference]:
    """The blobs that a printed list of labels refers to (`containerd.io/gc.ref.content...`)."""
    for found in _CONTENT.finditer(labels):
        key = found["key"]
        if _LAYER_KEY.fullmatch(key):
            role = "layer"
        elif key in (".config", ".0"):
            role = "config"
        elif key.startswith(".m."):
            role = "manifest"
        else:
            role = "content"
        yield Reference(found["digest"], role)


def snapshot_references(labels: str) -> Iterator[tuple[str, str]]:
    """Snapshotter and key of each snapshot that a printed list of labels refers to."""
    for found in _SNAPSHOT.finditer(labels):
        yield found["snapshotter"], found["key"]


def children_of(text: str) -> list[Reference]:
    """The blobs that an index or a manifest lists, all of them; none for what is neither.

    `parse.manifest` reads such documents to show them, and leaves out what does not fit. Here
    whatever is named counts, so that nothing is removed that somebody needs.
    """
    try:
        document = read_json(text)
    except JSONDecodeError:
        return []
    except ValueError:  # containerd's reader has other limits: whatever looks like a digest counts
        return [Reference(digest, "content") for digest in dict.fromkeys(_DIGEST.findall(text))]
    if not isinstance(document, dict):
        return []
    parts = (("manifests", "manifest"), ("layers", "layer"), ("blobs", "content"))
    listed = [(document.get(name), role) for name, role in parts]
    return [
        *_descriptors([document.get("config")], "config"),
        *(child for entries, role in listed for child in _descriptors(entries, role)),
    ]


def named_in(text: str) -> list[Reference]:
    """The same, and of a document of another kind whatever looks like a digest."""
    found = [Reference(digest, "content") for digest in dict.fromkeys(_DIGEST.findall(text))]
    return children_of(text) or found


def _descriptors(entries: object, role: str) -> Iterator[Reference]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("digest"), str):
            yield Reference(entry["digest"], role, str(entry.get("mediaType") or ""))
