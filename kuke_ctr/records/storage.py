"""Records of what containerd stores: images' content, snapshots, content, leases."""

from kuke_ctr.records import Record


class ImageCheck(Record):
    """A row of `ctr images check`: how much of an image is here, for this host's platform.

    `status` is complete, incomplete, unavailable (its manifest, or one for this host, is missing)
    or error. `blobs_required` and `required_bytes` are null where that can't be known; both sizes
    come from rounded text. `problem` is what ctr said about the image on stderr.
    """

    identifier = "ref"
    table = ("ref", "digest", "status", "blobs", "size", "unpacked")
    wide = ("ref", "media_type", "digest", "status", "blobs", "size", "unpacked", "problem")

    ref: str
    media_type: str
    digest: str
    status: str
    blobs: str
    blobs_present: int | None
    blobs_required: int | None
    size: str
    size_bytes: int | None
    required_bytes: int | None
    size_approximate: bool
    unpacked: bool
    problem: str | None


class Snapshot(Record):
    """A row of `ctr snapshots ls`; `parent` is null for one that stands on nothing."""

    identifier = "key"
    table = ("key", "parent", "kind")
    wide = table

    key: str
    parent: str | None
    kind: str


class SnapshotUsage(Record):
    """A row of `ctr snapshots usage`: what the snapshot adds to its parent.

    With `-b`, which kuke-ctr gives to ctr, `size_bytes` is exact and `size` is our text for it.
    """

    identifier = "key"
    table = ("key", "size", "inodes")
    wide = ("key", "size", "size_bytes", "inodes")

    key: str
    size: str
    size_bytes: int | None
    size_approximate: bool
    inodes: int


class SnapshotNode(Record):
    """A snapshot in its tree: `depth` 0 stands on nothing, `children` are keys."""

    identifier = "key"
    table = ("key", "kind", "depth")
    wide = ("key", "parent", "kind", "depth", "children")

    key: str
    parent: str | None
    kind: str
    depth: int
    children: tuple[str, ...]


class Blob(Record):
    """A row of `ctr content ls`; ctr rounds the size, and says the age in words."""

    identifier = "digest"
    table = ("digest", "size", "age")
    wide = ("digest", "size", "age", "labels")

    digest: str
    size: str
    size_bytes: int | None
    size_approximate: bool
    age: str
    labels: dict[str, str]
    labels_text: str


class ActiveIngest(Record):
    """A row of `ctr content active`: a blob that is being written; the size is what is there."""

    identifier = "ref"
    table = ("ref", "size", "age")
    wide = table

    ref: str
    size: str
    size_bytes: int | None
    size_approximate: bool
    age: str


class Lease(Record):
    """A row of `ctr leases ls`."""

    identifier = "id"
    table = ("id", "created_at", "labels")
    wide = table

    id: str
    created_at: str
    labels: dict[str, str]
    labels_text: str


class Archive(Record):
    """A file that `images export` has written."""

    identifier = "path"
    table = ("path", "size", "images")
    wide = ("path", "size", "size_bytes", "images")

    path: str
    size: str
    size_bytes: int
    images: tuple[str, ...]
