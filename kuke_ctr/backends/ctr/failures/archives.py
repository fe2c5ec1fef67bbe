"""`images import` and `images export`: what is wrong with an archive."""

from kuke_ctr.backends.ctr.failures.local import NO_PLATFORM, NO_SNAPSHOTTER, NO_SPACE, snapshotters
from kuke_ctr.backends.ctr.failures.table import Failed, Row, Table
from kuke_ctr.errors import CtrFailed, NotFound, Reason

_WRITERS = "`docker save` and `images export` write such archives"
_CUT = "was it copied completely?"


def _pull_again(failed: Failed) -> str:
    shows = f"{failed.line('images', 'check')} shows which image is incomplete"
    if failed.asked.given("--all-platforms"):
        return f"leave --all-platforms out, or pull the image with --all-platforms first; {shows}"
    return (
        "`content prune` and --discard-unpacked-layers remove layers; "
        f"{failed.line('images', 'pull', failed.asked.name)}, or an import of its archive, brings "
        f"them back; {shows}"
    )


def _one_platform(failed: Failed) -> str:
    if failed.asked.given("--platform"):
        return _CUT
    return (
        "an archive may have only some of an image's platforms: name one with --platform, for "
        f"example --platform linux/amd64; else: {_CUT}"
    )


IMPORT = Table(
    (
        Row(
            r"failed to extract layer .*(?:invalid (?:tar )?header|number mismatch|unexpected EOF)",
            "whoever made the archive has to give the layer its right media type "
            "(tar, tar+gzip or tar+zstd)",
            message="a layer of the image is damaged, or packed in another way than its media type "
            "says",
        ),
        Row(
            r"wrong diff id|mismatched (?:diff ?id|rootfs)|number of layers and diffIDs",
            "whoever made the archive has to make it again",
            message="the configuration of the image does not fit its layers",
        ),
        Row(
            r"unrecognized image format",
            f"{_WRITERS}; an archive of a container's files is not one",
            message="this is not an image archive, or it is empty",
        ),
        Row(
            r"invalid tar header",
            f"{_WRITERS}; unpack what is compressed: `gunzip -c FILE | kuke-ctr images import -`",
            message="this is not an image archive",
        ),
        Row(
            r"missing index\.json|invalid character|unexpected end of JSON",
            _WRITERS,
            message="the archive is damaged: its index cannot be read",
        ),
        Row(
            r"unexpected EOF|short read|failed size validation",
            _CUT,
            message="the archive ends too early",
        ),
        Row(
            r"content digest (?P<digest>\w+:[0-9a-f]+): not found",
            "leave --all-platforms out: an archive may have only some of an image's platforms",
            CtrFailed,
            Reason.MISSING_CONTENT,
            message="the archive does not have all platforms of the image",
            given=("--all-platforms",),
        ),
        Row(
            r"content digest (?P<digest>\w+:[0-9a-f]+): not found",
            _one_platform,
            CtrFailed,
            Reason.MISSING_CONTENT,
            message="the archive lacks a part of the image, or that part is damaged",
        ),
        Row(
            r"unexpected commit digest",
            _CUT,
            message="the archive is damaged: a part of it has another digest",
        ),
        Row(
            r"image might be filtered out",
            "choose a platform that the archive has, or import all with --all-platforms",
            NotFound,
            Reason.NO_PLATFORM,
            message="the archive has no image for this platform",
            given=("--platform",),
        ),
        Row(
            r"image might be filtered out",
            "--all-platforms imports the images for other platforms too",
            NotFound,
            Reason.NO_PLATFORM,
            message="the archive has no image for this host's platform, or none at all",
            absent=("--all-platforms",),
        ),
        Row(r"image might be filtered out", kind=NotFound, message="the archive contains no image"),
        NO_PLATFORM,
        NO_SNAPSHOTTER,
        Row(r"no unpack platforms defined", snapshotters, given=("--snapshotter",)),
        Row(
            r"no unpack platforms defined",
            "--no-unpack imports without unpacking; --local lets ctr unpack",
            message="containerd cannot unpack for this platform",
        ),
        Row(
            r'requires "--local" flag', "add --local: containerd's transfer service cannot do this"
        ),
        NO_SPACE,
    ),
    ("images import",),
)

EXPORT = Table(
    (
        Row(
            r"^write (?:.*): no space left on device",
            "that disk is full; free space there, or choose another place",
        ),
        Row(
            r"content digest (?P<digest>\w+:[0-9a-f]+): not found",
            _pull_again,
            NotFound,
            Reason.MISSING_CONTENT,
            message="a part of the image is not in this namespace",
        ),
        NO_PLATFORM,
    ),
    ("images export",),
)
