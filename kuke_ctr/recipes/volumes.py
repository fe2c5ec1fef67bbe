"""Bind mounts of a new container, as docker writes them and as ctr does."""

import os
from collections.abc import Sequence

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.far import Far
from kuke_ctr.recipes.paths import absolute


def mount_of(volume: str, far: Far | None = None) -> str:
    """ctr's --mount for docker's `SRC:DST[:ro]`, on this host or another one; UsageError."""
    source, colon, rest = volume.partition(":")
    target, _, mode = rest.partition(":")
    if not colon or mode not in ("", "ro", "rw") or not target.startswith("/"):
        raise UsageError(
            f"--volume {volume!r} is not SRC:DST or SRC:DST:ro",
            hint="SRC is a path on this host, DST an absolute path in the container: -v "
            "/etc:/host:ro",
        )
    if not source.startswith(("/", ".")):
        raise UsageError(
            f"--volume {volume!r}: ctr has no named volumes",
            hint="SRC must be a path on this host",
        )
    path = str(absolute(source, "--volume", far))
    if "," in path or "," in target:
        raise UsageError(
            f"--volume {volume!r} has a comma, which separates the fields of ctr's --mount",
            hint="rename the directory, or mount its parent",
        )
    return f"type=bind,src={path},dst={target},options=rbind:{mode or 'rw'}"


def absolute_source(mount: str, far: Far | None = None) -> str:
    """ctr's --mount with an absolute source: the runtime looks for others in its own folder.

    Only of a bind mount, or where no type is given and the source is written as a path. UsageError
    for a relative one on another host.
    """
    fields = [field.partition("=") for field in mount.split(",")]
    kinds = [value for name, _, value in fields if name == "type"]
    return ",".join(
        f"{name}={absolute(value, '--mount', far)}"
        if name in ("src", "source") and value and (kinds[-1:] or ["bind"]) == ["bind"]
        else f"{name}{equals}{value}"
        for name, equals, value in fields
    )


def require_sources(mounts: Sequence[str]) -> None:
    """Raise UsageError for a bind mount of something that this host has not."""
    for mount in mounts:
        fields = dict(field.split("=", 1) for field in mount.split(",") if "=" in field)
        source = fields.get("src") or fields.get("source") or ""
        if fields.get("type") == "bind" and source.startswith("/") and not os.path.lexists(source):
            raise UsageError(
                f"{source} does not exist on this host",
                hint="create it first; unlike docker, ctr does not create it",
            )
