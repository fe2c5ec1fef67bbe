"""What containerd has, or has not, on this host: images, containers, content, snapshots."""

from kuke_ctr.backends.ctr.failures.table import Failed, Row, Table
from kuke_ctr.errors import Forbidden, NotFound, Reason, TimeLimit
from kuke_ctr.names import is_foreign

_OF_HOST = ("namespaces", "plugins")
_WITHOUT_LIST = ("", "events", "info", "version")


def listing_of(failed: Failed) -> str:
    """What shows the things that there are, of the kind that was named."""
    noun = failed.asked.noun
    if noun in _WITHOUT_LIST:
        return ""
    if noun in _OF_HOST:
        return f"{failed.asked.host_line(noun, 'ls')} shows what exists"
    return f"{failed.line('images' if noun == 'run' else noun, 'ls')} shows what exists"


def snapshotters(failed: Failed) -> str:
    """What shows the snapshotters."""
    plugins = failed.asked.host_line("plugins", "ls", "type==io.containerd.snapshotter.v1")
    return f"{plugins} lists the snapshotters"


NO_SNAPSHOTTER = Row(r"snapshotter not loaded", snapshotters, reason=Reason.SNAPSHOTTER_NOT_LOADED)


def _free_space(failed: Failed) -> str:
    """What shows what could be removed: nobody should remove the first thing that a hint names."""
    images = failed.line("images", "ls")
    if is_foreign(failed.asked.namespace or ""):
        return f"the disk is full; {images} shows the images; their own program can remove them"
    layers = failed.line("content", "prune", "--dry-run")
    return f"the disk is full; {images} shows the images, {layers} what else could be removed"


NO_SPACE = Row(r"no space left on device", _free_space, reason=Reason.NO_SPACE)
NO_PLATFORM = Row(
    r"no match for platform|no manifest found for platform",
    lambda failed: (
        f"{failed.line('images', 'inspect', failed.asked.name)} shows the platforms of the image"
    ),
    NotFound,
    Reason.NO_PLATFORM,
)


def _what_it_is(failed: Failed) -> str:
    if failed.asked.command == "images mount":  # its last word is the directory
        return ""
    return f"{failed.line('images', 'inspect', failed.asked.name)} shows what it is"


_NOT_AN_IMAGE = Row(
    r"mismatched image rootfs|unsupported media ?type|unexpected media ?type"
    r"|unknown image config media type",
    _what_it_is,
    message="this is not a container image, perhaps a Helm chart or another artifact",
)

LOCAL = Table(
    (
        NO_SNAPSHOTTER,
        _NOT_AN_IMAGE,
        Row(r"filters: parse error", reason=Reason.WRONG_FILTER),
        NO_PLATFORM,
        Row(
            r"content digest \w+:[0-9a-f]+: not found$",
            listing_of,
            NotFound,
            Reason.MISSING_CONTENT,
        ),
        Row(r": already exists$", reason=Reason.ALREADY_EXISTS),
        Row(r"not found$", listing_of, NotFound),
        Row(r"permission denied", "run the same command with --sudo", Forbidden),
        Row(
            r"context deadline exceeded",
            "containerd may be hanging; --timeout sets how long to wait, for example --timeout 5m",
            TimeLimit,
        ),
        NO_SPACE,
    )
)
"""Of every call that no table before has explained."""
