"""Names of images: what docker reads a short one as, and what is wrong with one for a registry."""

import re
from dataclasses import dataclass

_DOCKER_HUB = ("docker.io", "index.docker.io")
_EXAMPLE = "write REGISTRY/REPOSITORY:TAG, for example docker.io/library/busybox:1.36"
_DIGEST_HINT = "a digest is sha256: and 64 hexadecimal digits"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://+")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(?P<port>:.*)?")
_PORT = re.compile(r":[0-9]{1,5}")
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_BARE_DIGEST = re.compile(r"sha\d+:")
_BARE_DIGEST_OR_ID = re.compile(r"(?:sha\d+:)?[0-9a-f]{64,}")
_DIGEST = re.compile(r"sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a name, as a sentence about it, and what to write."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Parts:
    """`host/path:tag@digest`; an empty host where none is named, None where a part is not there."""

    host: str
    path: str
    tag: str | None
    digest: str | None


def whole_name(image: str) -> str:
    """What docker reads a name as: `busybox` is `docker.io/library/busybox:latest`."""
    parts = _parts(_SCHEME.sub("", image, count=1))
    host, path = parts.host or "docker.io", parts.path
    if host.lower() in _DOCKER_HUB:
        host = "docker.io"
        path = path if "/" in path else f"library/{path}"
    tag = f":{parts.tag}" if parts.tag else ""
    digest = f"@{parts.digest}" if parts.digest else ""
    return f"{host}/{path}{tag or ('' if digest else ':latest')}{digest}"


def other_name(image: str) -> str | None:
    """The name under which Kukeon and docker look for an image; None where it has that name.

    None, too, for what they would not take as a name: a digest, or one with a fault.
    """
    if "@" in image or _SCHEME.match(image) or _BARE_DIGEST.match(image):
        return None
    whole = whole_name(image)
    return None if whole == image or fault_of(whole) is not None else whole


def is_exact(image: str) -> bool:
    """Whether nerdctl, of any version, takes a name as it stands.

    Nothing is left out of it, and it has no tag beside a digest, which nerdctl 1.7 drops.
    """
    parts = _parts(image)
    return fault_of(image) is None and (parts.tag is None or parts.digest is None)


def is_untagged(image: str) -> bool:
    """Whether nerdctl, of one version or another, sees no tag in the name of an image.

    It may be the name of no image but a digest, or no name for a registry at all.
    """
    bare = _BARE_DIGEST_OR_ID.fullmatch(image) is not None
    return bare or "@" in image or fault_of(whole_name(image)) is not None


def is_short(image: str) -> bool:
    """Whether docker reads a name as another one: it lacks the registry, or Docker Hub's library.

    A tag that is left out does not make a name short.
    """
    if _SCHEME.match(image):
        return False
    name, parts = _parts(whole_name(image)), _parts(image)
    return bool(parts.path) and (name.host, name.path) != (parts.host, parts.path)


def fault_of(image: str) -> Fault | None:
    """Why a registry can't be asked for a name, or None. Nothing may be left out of the name."""
    if "/" in image.partition("@")[2]:  # a password may stand in it: it is not shown
        return Fault(
            "the name of an image has no user name or password before an @",
            "leave them out: --user NAME asks for the password",
        )
    scheme = _SCHEME.match(image)
    if scheme is not None:
        rest = image[scheme.end() :]
        return Fault(
            f"{image} begins with {scheme[0]}; the name of an image has no scheme",
            f"leave the scheme out: {whole_name(rest)}" if rest else _EXAMPLE,
        )
    return _fault_of(image, _parts(image))


def _fault_of(image: str, parts: _Parts) -> Fault | None:
    if not image.isprintable() or " " in image:
        return Fault(f"{image!r} is not the name of an image: a blank is in it", _EXAMPLE)
    if image.startswith("/") or not parts.path:
        return Fault(f"{image} is not the name of an image", _EXAMPLE)
    if parts.digest is not None and not _DIGEST.fullmatch(parts.digest):
        return Fault(f"the digest in {image} is not one", _DIGEST_HINT)
    if parts.tag is not None and not _TAG.fullmatch(parts.tag):
        return _tag_fault(image, parts.tag)
    return _host_fault(image, parts) or _path_fault(image, parts) or _left_out(image, parts)


def _tag_fault(image: str, tag: str) -> Fault:
    if tag:
        allowed = "letters, digits, `_`, `.` and `-`, at most 128 of them"
        return Fault(f"the tag in {image} is not one", f"a tag has {allowed}")
    whole = whole_name(image)
    return Fault(f"the tag in {image} is empty; is a shell variable unset?", f"for example {whole}")


def _host_fault(image: str, parts: _Parts) -> Fault | None:
    match = _HOST.fullmatch(parts.host)
    if parts.host and match is None:
        return Fault(f"{parts.host} in {image} is not the name of a registry", _EXAMPLE)
    if match is not None and match["port"] and not _PORT.fullmatch(match["port"]):
        return Fault(f"the port in {image} is not a number", "write HOST:PORT/REPOSITORY:TAG")
    return None


def _path_fault(image: str, parts: _Parts) -> Fault | None:
    if all(_COMPONENT.fullmatch(each) for each in parts.path.split("/")):
        return None
    lower = parts.path.lower()
    if lower != parts.path and all(_COMPONENT.fullmatch(each) for each in lower.split("/")):
        return Fault(
            f"the repository {parts.path} has upper-case letters, which a registry does not allow",
            f"for example {whole_name(image.replace(parts.path, lower))}",
        )
    return Fault(f"{parts.path} in {image} is not the name of a repository", _EXAMPLE)


def _left_out(image: str, parts: _Parts) -> Fault | None:
    whole = whole_name(image)
    if is_short(image):
        return Fault(
            f"{image} is a short name; ctr and containerd know only full names",
            f"use the full name {whole}",
        )
    if parts.tag is None and parts.digest is None:
        return Fault(f"{image} has no tag", f"write the tag too, for example {whole}")
    return None


def _parts(image: str) -> _Parts:
    name, at, digest = image.partition("@")
    first, slash, rest = name.partition("/")
    is_host = slash and (first == "localhost" or "." in first or ":" in first)
    host, path = (first, rest) if is_host else ("", name)
    last = path.rpartition("/")[2]
    colon = last.find(":")  # a tag has none, so what follows the first one is the tag
    tag = None
    if colon >= 0:
        cut = len(path) - len(last) + colon
        path, tag = path[:cut], path[cut + 1 :]
    return _Parts(host, path, tag, digest if at else None)
