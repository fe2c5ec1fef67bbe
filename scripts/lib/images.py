"""OCI archives made from nothing but a static busybox: what tests and the demo import.

archive = Archive()
archive.name(busybox(archive, program), "docker.io/library/busybox:1.36")
archive.write(path)
"""

import gzip
import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
NAME = "io.containerd.image.name"

Json = dict[str, object]
"""A descriptor (`mediaType digest size ...`), as it stands in an index or a manifest."""

_APPLETS = (
    "[ cat cut date dd echo env expr false grep head hostname id kill ls mkdir mount nc printf ps "
    "rm sed seq sh sleep sort stty tail test top touch tr true uname wc whoami yes"
)

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


def host_platform() -> str:
    """This machine's platform as an image names it: `linux/amd64`."""
    machine = platform.machine()
    return f"linux/{_ARCHITECTURES.get(machine, machine)}"


@dataclass
class Archive:
    """An image archive in the making: blobs by digest, and the entries of its index.json."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    entries: list[Json] = field(default_factory=list)

    def blob(self, data: bytes, media_type: str) -> Json:
        """Put in a blob; its descriptor."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def document(self, value: Json, media_type: str) -> Json:
        """Put in a JSON blob; its descriptor."""
        return self.blob(json.dumps(value, sort_keys=True).encode(), media_type)

    def manifest(
        self,
        layers: Sequence[bytes],
        *,
        runs_on: str = "",
        command: Sequence[str] = ("sh",),
        entrypoint: Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> Json:
        """Put in an image for one platform; `layers` are uncompressed tar files."""
        where = _platform(runs_on or host_platform())
        settings = {"Cmd": list(command), "Env": ["PATH=/bin"], "Labels": dict(labels or {})}
        if entrypoint:
            settings["Entrypoint"] = list(entrypoint)
        config = {
            **where,
            "config": settings,
            "rootfs": {
                "type": "layers",
                "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers],
            },
            "history": [{"created_by": f"layer {number}"} for number, _ in enumerate(layers)],
        }
        packed = [self.blob(_packed(layer), LAYER) for layer in layers]
        document: Json = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.document(config, CONFIG),
            "layers": packed,
        }
        if annotations:
            document["annotations"] = dict(annotations)
        return {**self.document(document, MANIFEST), "platform": where}

    def index(
        self, manifests: Iterable[Json], annotations: Mapping[str, str] | None = None
    ) -> Json:
        """Put in an index over the platforms' manifests."""
        document: Json = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(manifests)}
        if annotations:
            document["annotations"] = dict(annotations)
        return self.document(document, INDEX)

    def attestation(self, manifest: Json) -> Json:
        """Put in what BuildKit adds for `manifest`: a manifest for the platform unknown/unknown."""
        made = self.manifest([files({"statement.json": b"{}"})], runs_on="unknown/unknown")
        about = {
            "vnd.docker.reference.digest": manifest["digest"],
            "vnd.docker.reference.type": "attestation-manifest",
        }
        return {**made, "annotations": about}

    def name(self, descriptor: Json, *references: str) -> None:
        """Give the image its references: an import makes an image record for each."""
        for reference in references:
            self.entries.append({**descriptor, "annotations": {NAME: reference}})

    def write(self, path: Path, *, leave_out: Collection[object] = ()) -> Path:
        """Write the tar file; blobs whose digest is in `leave_out` are missing from it."""
        layout = json.dumps({"imageLayoutVersion": "1.0.0"}).encode()
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self.entries}
        with tarfile.open(path, "w") as tar:
            _add(tar, "oci-layout", layout)
            for digest, data in self.blobs.items():
                if digest not in leave_out:
                    _add(tar, f"blobs/{digest.replace(':', '/')}", data)
            _add(tar, "index.json", json.dumps(index).encode())
        return path


def busybox(
    archive: Archive,
    program: Path,
    *,
    others: Sequence[str] = (),
    attested: bool = False,
    labels: Mapping[str, str] | None = None,
    command: Sequence[str] = ("sh",),
) -> Json:
    """A busybox that runs on this machine; with `others` (`linux/arm64/v8`) an index.

    The other platforms' images hold a text file only: they are there to be listed.
    """
    real = archive.manifest([busybox_layer(program)], labels=labels, command=command)
    if not others and not attested:
        return real
    manifests = [real]
    for other in others:
        marker = files({"platform": other.encode()})
        manifests.append(archive.manifest([marker], runs_on=other, labels=labels))
    if attested:
        manifests.append(archive.attestation(real))
    return archive.index(manifests)


@cache
def busybox_layer(program: Path) -> bytes:
    """A root file system with a shell: a tar file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        _add(tar, "bin/busybox", program.read_bytes(), mode=0o755)
        for applet in _APPLETS.split():
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for folder, mode in (("tmp", 0o1777), ("root", 0o700), ("proc", 0o555), ("sys", 0o555)):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        _add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
        _add(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    return buffer.getvalue()


def files(contents: Mapping[str, bytes], mode: int = 0o644) -> bytes:
    """A layer with these files: a tar file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in contents.items():
            _add(tar, name, data, mode)
    return buffer.getvalue()


@lru_cache(maxsize=16)
def _packed(layer: bytes) -> bytes:
    return gzip.compress(layer, 6, mtime=0)


def _platform(text: str) -> Json:
    system, architecture, *variant = text.split("/")
    found: Json = {"os": system, "architecture": architecture}
    return {**found, "variant": variant[0]} if variant else found


def _add(tar: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    tar.addfile(entry, io.BytesIO(data))
