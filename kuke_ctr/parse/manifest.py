"""The JSON blobs of an image: index, manifest, configuration, of OCI and of docker's schema 2.

Anybody can make an image, so nothing here is taken for granted: what does not fit is left out, and
a sentence in `problems` says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kuke_ctr.parse.json_text import read_json
from kuke_ctr.parse.references import INDEXES, MANIFESTS
from kuke_ctr.records.image_details import HistoryStep, NodeKind

CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
MOST_CHILDREN = 1000
"""How many manifests of an index, layers or steps are read; real images have 127 layers at most."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_ATTESTATION = ("vnd.docker.reference.type", "attestation-manifest")
_SUFFIXES = {"gzip": "gzip", "zstd": "zstd", "tar": "none"}


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What points to a blob: its digest and, as the pointing document claims, the rest."""

    media_type: str
    digest: str
    size: int | None = None
    platform: str | None = None
    artifact_type: str | None = None
    annotations: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """An index or a manifest. `problems` are sentences about what does not fit."""

    kind: NodeKind
    manifests: tuple[Descriptor, ...] = ()
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    subject: str | None = None
    artifact_type: str | None = None
    annotations: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """What an image's configuration says; None and empty where it does not say."""

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
    labels: dict[str, str] = field(default_factory=dict)
    diff_ids: tuple[str, ...] = ()
    history: tuple[HistoryStep, ...] = ()
    problems: tuple[str, ...] = ()


class _Object:
    """A JSON object whose members are asked for by type; what has another type is a problem."""

    def __init__(self, value: object, name: str, problems: list[str]) -> None:
        self.problems = problems
        self._name = name
        self._members: Mapping[str, object] = {}
        if isinstance(value, dict):
            self._members = value
        elif value is not None:
            problems.append(f"{name or 'the document'} is not a JSON object")

    def wrong(self, key: str, what: str) -> None:
        """Note that a member is not what it has to be."""
        self.problems.append(f"{self._path(key)} is not valid (expected: {what})")

    def _path(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def text(self, key: str) -> str | None:
        """A text; an empty one is as good as none."""
        value = self._members.get(key)
        if value is None or isinstance(value, str):
            return value or None
        self.wrong(key, "text")
        return None

    def size(self, key: str) -> int | None:
        value = self._members.get(key)
        if value is None or (type(value) is int and value >= 0):
            return value
        self.wrong(key, "size")
        return None

    def flag(self, key: str) -> bool:
        return self._members.get(key) is True

    def items(self, key: str) -> list[object] | None:
        """The members of a list, of a hostile one the first thousand."""
        value = self._members.get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            self.wrong(key, "list")
            return None
        if len(value) > MOST_CHILDREN:
            self.problems.append(
                f"{self._path(key)} has {len(value)} entries; the first {MOST_CHILDREN} are shown"
            )
        return value[:MOST_CHILDREN]

    def texts(self, key: str) -> tuple[str, ...] | None:
        value = self.items(key)
        if value is None:
            return None
        if not all(isinstance(one, str) for one in value):
            self.wrong(key, "list of strings")
        return tuple(one for one in value if isinstance(one, str))

    def keys(self, key: str) -> tuple[str, ...]:
        """The keys of an object: docker writes a set so."""
        return tuple(self.object(key)._members)

    def labels(self, key: str) -> dict[str, str]:
        found = self.object(key)._members
        if not all(isinstance(value, str) for value in found.values()):
            self.wrong(key, "object with string values")
        return {name: value for name, value in found.items() if isinstance(value, str)}

    def object(self, key: str) -> "_Object":
        return _Object(self._members.get(key), self._path(key), self.problems)

    def objects(self, key: str) -> list["_Object"]:
        values = self.items(key) or []
        name = self._path(key)
        return [_Object(value, f"{name}[{i}]", self.problems) for i, value in enumerate(values)]


def read_document(data: bytes, descriptor: Descriptor) -> Document:
    """The index or manifest in a blob; its kind is the media type's that pointed to it.

    What is no index and no manifest is of the kind OTHER, and its inside is not looked at.
    """
    kind = kind_of(descriptor)
    if kind is NodeKind.OTHER:
        return Document(kind)
    problems: list[str] = []
    top = _Object(_json(data, problems), "", problems)
    subject = _descriptor(top.object("subject"), required=False)
    is_index = kind is NodeKind.INDEX
    return Document(
        kind=kind,
        manifests=_descriptors(top.objects("manifests")) if is_index else (),
        config=None if is_index else _descriptor(top.object("config")),
        layers=() if is_index else _descriptors(top.objects("layers")),
        subject=subject.digest if subject is not None else None,
        artifact_type=top.text("artifactType"),
        annotations=top.labels("annotations"),
        problems=tuple(problems),
    )


def kind_of(descriptor: Descriptor) -> NodeKind:
    """What a descriptor points to."""
    if descriptor.media_type in INDEXES:
        return NodeKind.INDEX
    if descriptor.media_type not in MANIFESTS:
        return NodeKind.OTHER
    key, value = _ATTESTATION
    attests = descriptor.annotations.get(key) == value
    return NodeKind.ATTESTATION if attests else NodeKind.MANIFEST


def read_config(data: bytes) -> Config:
    """The configuration of an image."""
    problems: list[str] = []
    top = _Object(_json(data, problems), "", problems)
    settings = top.object("config")
    return Config(
        platform=_platform(top),
        created=top.text("created"),
        author=top.text("author"),
        entrypoint=settings.texts("Entrypoint"),
        command=settings.texts("Cmd"),
        environment=settings.texts("Env") or (),
        working_dir=settings.text("WorkingDir"),
        user=settings.text("User"),
        stop_signal=settings.text("StopSignal"),
        exposed_ports=settings.keys("ExposedPorts"),
        volumes=settings.keys("Volumes"),
        labels=settings.labels("Labels"),
        diff_ids=top.object("rootfs").texts("diff_ids") or (),
        history=tuple(_step(step) for step in top.objects("history")),
        problems=tuple(problems),
    )


def compression_of(media_type: str) -> str | None:
    """How a layer is packed: gzip, zstd, none, or None where its media type does not say."""
    return _SUFFIXES.get(re.split(r"[.+]", media_type)[-1])


def _json(data: bytes, problems: list[str]) -> object:
    try:
        value: object = read_json(data.decode(errors="surrogateescape"))
    except ValueError as error:
        problems.append(f"it is invalid JSON: {error}")
        return None
    if value is None:
        problems.append("it is JSON null")
    return value


def _descriptors(objects: list[_Object]) -> tuple[Descriptor, ...]:
    found = (_descriptor(one) for one in objects)
    return tuple(one for one in found if one is not None)


def _descriptor(value: _Object, *, required: bool = True) -> Descriptor | None:
    digest = value.text("digest")
    if digest is None or not _DIGEST.fullmatch(digest):
        if required or digest is not None:
            value.wrong("digest", "digest")
        return None
    return Descriptor(
        media_type=value.text("mediaType") or "",
        digest=digest,
        size=value.size("size"),
        platform=_platform(value.object("platform")),
        artifact_type=value.text("artifactType"),
        annotations=value.labels("annotations"),
    )


def _platform(value: _Object) -> str | None:
    """`linux/arm64/v8`, as ctr writes it."""
    parts = (value.text("os"), value.text("architecture"), value.text("variant"))
    if parts[0] is None or parts[1] is None:
        return None
    return "/".join(part for part in parts if part is not None)


def _step(step: _Object) -> HistoryStep:
    return HistoryStep(
        created=step.text("created"),
        created_by=step.text("created_by"),
        author=step.text("author"),
        comment=step.text("comment"),
        empty_layer=step.flag("empty_layer"),
    )
