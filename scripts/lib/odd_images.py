"""Images that are not the usual ones: docker's media types, zstd, an index in an index, holes."""

import gzip
import hashlib
import json
from pathlib import Path

from scripts.lib.containerd import PrivateContainerd
from scripts.lib.images import MANIFEST, Archive, Json, busybox, files, host_platform

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
ZSTD_LAYER = "application/vnd.oci.image.layer.v1.tar+zstd"

WHOLE = {
    "plain": "example.com/plain:1",
    "many": "example.com/many:1",
    "docker": "example.com/docker:1",
    "zstd": "example.com/zstd:1",
    "nested": "example.com/nested:1",
    "artifact": "example.com/artifact:1",
}
"""Images with everything that they are made of."""

BROKEN = {
    "no-layer": "example.com/no-layer:1",
    "no-config": "example.com/no-config:1",
    "no-manifest": "example.com/no-manifest:1",
    "no-platform": "example.com/no-platform:1",
}
"""Images that lack a blob each; the last one lacks this host's manifest."""


def whole_images(program: Path) -> Archive:
    """One image of each kind."""
    archive = Archive()
    others = ("linux/arm64/v8", "linux/s390x")
    labels = {"team": "a,b", "red": "\x1b[31mred"}
    archive.name(busybox(archive, program, labels=labels), WHOLE["plain"])
    archive.name(busybox(archive, program, others=others, attested=True), WHOLE["many"])
    archive.name(_docker(archive), WHOLE["docker"])
    archive.name(_zstd(archive), WHOLE["zstd"])
    inner = archive.index([archive.manifest([files({"inner": b"1"})])])
    archive.name(archive.index([inner]), WHOLE["nested"])
    archive.name(_artifact(archive), WHOLE["artifact"])
    return archive


def import_broken(daemon: PrivateContainerd, namespace: str) -> dict[str, str]:
    """Import the broken images; name -> the digest that is missing."""
    archive = Archive()
    made = {name: archive.manifest([files({name: b"1"})]) for name in BROKEN}
    arm = archive.manifest([files({"arm": b"1"})], runs_on="linux/arm64/v8")
    here = made["no-platform"]
    missing = {
        "no-layer": _of(archive, made["no-layer"], "layers"),
        "no-config": _of(archive, made["no-config"], "config"),
        "no-manifest": str(made["no-manifest"]["digest"]),
        "no-platform": str(here["digest"]),
    }
    made["no-platform"] = archive.index([here, arm])
    for name, reference in BROKEN.items():
        archive.name(made[name], reference)
    later = {missing["no-manifest"], missing["no-platform"]}  # an import needs those
    path = daemon.base / f"{namespace}.tar"
    archive.write(path, leave_out={*missing.values()} - later)
    flags = ("--all-platforms", "--no-unpack")
    daemon.import_image(path, *flags, namespace=namespace)
    daemon.ctr("content", "rm", *later, namespace=namespace)
    return missing


def zstd(data: bytes) -> bytes:
    """A zstd frame of raw blocks, which every decompressor reads."""
    most = 128 * 1024
    pieces = [data[i : i + most] for i in range(0, len(data), most)]
    blocks = b"".join(
        (len(piece) << 3 | (piece is pieces[-1])).to_bytes(3, "little") + piece for piece in pieces
    )
    return b"\x28\xb5\x2f\xfd\xa0" + len(data).to_bytes(4, "little") + blocks


def _docker(archive: Archive) -> Json:
    """A manifest list with one image, as docker's own registry has them."""
    layer = files({"docker": b"1"})
    system, architecture = host_platform().split("/")
    config: Json = {
        "os": system,
        "architecture": architecture,
        "created": "2024-02-03T04:05:06Z",
        "author": "somebody",
        "config": {
            "Entrypoint": ["/bin/app", "--flag"],
            "Cmd": ["a b", "c"],
            "Env": ["PATH=/bin", "X=1"],
            "WorkingDir": "/srv",
            "User": "1000:1000",
            "StopSignal": "SIGQUIT",
            "ExposedPorts": {"80/tcp": {}},
            "Volumes": {"/data": {}},
            "Labels": {"a": "b"},
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        "history": [
            {"created": "2024-02-03T04:05:05Z", "created_by": "ENV X=1", "empty_layer": True},
            {"created": "2024-02-03T04:05:06Z", "created_by": "COPY docker /"},
        ],
    }
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": DOCKER,
        "config": archive.document(config, DOCKER_CONFIG),
        "layers": [archive.blob(gzip.compress(layer, mtime=0), DOCKER_LAYER)],
    }
    where = {"platform": {"os": system, "architecture": architecture}}
    listed = {**archive.document(manifest, DOCKER), **where}
    document: Json = {"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [listed]}
    return archive.document(document, DOCKER_LIST)


def _zstd(archive: Archive) -> Json:
    layer = files({"zstd": b"1"})
    descriptor = archive.manifest([layer])
    document = json.loads(archive.blobs[str(descriptor["digest"])])
    document["layers"] = [archive.blob(zstd(layer), ZSTD_LAYER)]
    return archive.document(document, MANIFEST)


def _artifact(archive: Archive) -> Json:
    """A manifest that is no image: its configuration is something else's."""
    document: Json = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": "application/vnd.example.report.v1",
        "config": archive.blob(b"{}", "application/vnd.oci.empty.v1+json"),
        "layers": [archive.blob(b"all is well\n", "text/plain")],
        "annotations": {"org.opencontainers.image.created": "2024-02-03T04:05:06Z"},
    }
    return archive.document(document, MANIFEST)


def _of(archive: Archive, manifest: Json, key: str) -> str:
    """The digest of a manifest's configuration, or of its first layer."""
    found = json.loads(archive.blobs[str(manifest["digest"])])[key]
    return str((found[0] if isinstance(found, list) else found)["digest"])
