"""The OCI spec in what `ctr containers info ID` prints; what does not fit is left out."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kuke_ctr.records.container_details import MountDetails, ProcessDetails


class Spec(NamedTuple):
    """A spec: `namespaces` are its Linux namespaces, each with the path that it joins or None."""

    process: ProcessDetails
    mounts: tuple[MountDetails, ...]
    namespaces: tuple[tuple[str, str | None], ...]
    cgroup: str | None


def read_spec(document: object) -> Spec:
    """The spec in the JSON document of a container."""
    spec = _mapping(_mapping(document).get("Spec"))
    process = _mapping(spec.get("process"))
    linux = _mapping(spec.get("linux"))
    return Spec(
        ProcessDetails(
            args=_texts(process.get("args")),
            cwd=_text(process.get("cwd")),
            user=_user(_mapping(process.get("user"))),
            terminal=process.get("terminal") is True,
            env=_texts(process.get("env")),
        ),
        tuple(_mounts(spec.get("mounts"))),
        tuple(_namespaces(linux.get("namespaces"))),
        _text(linux.get("cgroupsPath")),
    )


def text_in(document: object, key: str) -> str | None:
    """A text of the document's own, None where there is none or an empty one."""
    return _text(_mapping(document).get(key))


def _mounts(value: object) -> Iterator[MountDetails]:
    for each in value if isinstance(value, list) else ():
        one = _mapping(each)
        destination = _text(one.get("destination"))
        if destination is not None:
            yield MountDetails(
                destination=destination,
                type=_text(one.get("type")),
                source=_text(one.get("source")),
                options=_texts(one.get("options")),
            )


def _namespaces(value: object) -> Iterator[tuple[str, str | None]]:
    for each in value if isinstance(value, list) else ():
        kind = _text(_mapping(each).get("type"))
        if kind is not None:
            yield kind, _text(_mapping(each).get("path"))


def _user(value: Mapping[str, object]) -> str | None:
    """`0:0`, as docker writes it."""
    uid, gid = value.get("uid"), value.get("gid")
    return f"{uid}:{gid}" if isinstance(uid, int) and isinstance(gid, int) else None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else []
    return tuple(one for one in items if isinstance(one, str))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
