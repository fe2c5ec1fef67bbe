"""The record of `images find`: an image, and where it is."""

from kuke_ctr.records import Record


class FoundImage(Record):
    """An image in one of containerd's namespaces; `realm` is left out where that is no realm's.

    `status`, `blobs` and `complete` are what `ctr images check` says for this host's platform; they
    are null where it says nothing. `size_bytes` comes from rounded text.
    """

    identifier = "ref"
    table = ("namespace", "ref", "digest", "size", "status")
    wide = ("namespace", "ref", "media_type", "digest", "size", "platforms", "status", "blobs")

    namespace: str
    ref: str
    media_type: str
    digest: str
    size: str
    size_bytes: int | None
    size_approximate: bool
    platforms: tuple[str, ...]
    status: str | None
    blobs: str | None
    complete: bool | None
