"""What an image archive is, by its first bytes and by its small documents: index, names."""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kuke_ctr.parse.json_text import read_json

HEAD = 512
"""So many bytes tell what a file is."""

INDEX, MANIFEST = "index.json", "manifest.json"
"""The documents that name images: of an OCI archive, of `docker save`."""

_NAME, _TAG = "io.containerd.image.name", "org.opencontainers.image.ref.name"
_DIGEST = re.compile(r"\w+:([0-9a-f]{12})[0-9a-f]+")
_MOST = 1000
_CUT = 3
"""Bytes that may be missing of a character of UTF-8."""


class Compression(NamedTuple):
    """A compression around a whole archive; `words` print what is in the file behind them."""

    name: str
    magic: bytes
    words: tuple[str, ...]


GZIP = Compression("gzip", b"\x1f\x8b", ("gzip", "-dc"))
ZSTD = Compression("zstd", b"\x28\xb5\x2f\xfd", ("zstd", "-dqc"))
XZ = Compression("xz", b"\xfd7zXZ\x00", ("xz", "-dc"))
BZIP2 = Compression("bzip2", b"BZh", ("bzip2", "-dc"))

_ELSE = (
    (b"<!DOCTYPE", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"PK\x03\x04", "a zip file"),
    (b"hsqs", "a squashfs file system"),
    (b"\x7fELF", "a program"),
)
_TAR_MAGIC = slice(257, 262)


def compression_of(head: bytes) -> Compression | None:
    """How a file is compressed, by its first bytes."""
    return next((one for one in (GZIP, ZSTD, XZ, BZIP2) if head.startswith(one.magic)), None)


def not_an_archive(head: bytes) -> str | None:
    """What a file is that is no archive (`an HTML page`); None for one that may be."""
    if not head:
        return "an empty file"
    if head[_TAR_MAGIC] == b"ustar" or compression_of(head) is not None:
        return None
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()[:9].lower()
    what = next((what for start, what in _ELSE if text.startswith(start.lower())), None)
    if what is None and _is_text(head):  # a tar header is padded with NUL
        return "a JSON document" if text.startswith(b"{") else "a text file"
    return what


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8, but for a character that the end cuts, without NUL."""
    try:
        text = head[:-_CUT] if len(head) == HEAD else head
        text.decode()
    except UnicodeDecodeError as error:
        return len(head) == HEAD and error.start > len(text) - _CUT
    return b"\0" not in head


@dataclass(frozen=True, slots=True)
class Named:
    """The images of an archive: how many have names, and what is known of the others.

    `tags` are names that are only a tag (ctr makes names of them with --base-name), `nameless` the
    digests, or for `docker save` the files, of images without any. `known`: one of the documents
    was there.
    """

    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()
    known: bool = False


def names_of(documents: Iterable[tuple[str, bytes]]) -> Named:
    """The names in an archive's index.json and manifest.json; what is none of these is left out."""
    found = dict(documents)
    if INDEX in found:
        return _of_index(_read(found[INDEX]))
    if MANIFEST in found:
        return _of_docker(_read(found[MANIFEST]))
    return Named()


def _of_index(document: object) -> Named:
    names: list[str] = []
    tags: list[str] = []
    nameless: list[str] = []
    for entry in _entries(document.get("manifests") if isinstance(document, dict) else None):
        annotations = entry.get("annotations")
        annotations = annotations if isinstance(annotations, dict) else {}
        name, tag = annotations.get(_NAME), annotations.get(_TAG)
        if isinstance(name, str) and name:
            names.append(name)
        elif isinstance(tag, str) and tag:
            (names if "/" in tag else tags).append(tag)
        else:
            nameless.append(_short(str(entry.get("digest"))))
    return Named(tuple(names), tuple(tags), tuple(nameless), known=True)


def _of_docker(document: object) -> Named:
    names: list[str] = []
    nameless: list[str] = []
    for entry in _entries(document):
        tags = entry.get("RepoTags")
        named = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
        names += named
        if not named:
            config = str(entry.get("Config")).rpartition("/")[2].removesuffix(".json")
            nameless.append(config[:12])
    return Named(tuple(names), (), tuple(nameless), known=True)


def _entries(value: object) -> list[dict[str, object]]:
    entries = value[:_MOST] if isinstance(value, list) else []
    return [entry for entry in entries if isinstance(entry, dict)]


def _short(digest: str) -> str:
    match = _DIGEST.match(digest)
    return f"sha256:{match[1]}" if match is not None else digest[:19]


def _read(data: bytes) -> object:
    try:
        return read_json(data)
    except ValueError:
        return None
