"""A host with images, content, snapshots and leases that refer to each other."""

import json
from collections.abc import Iterable

import pytest

from tests.support.fake_ctr import FakeCtr
from tests.support.tabwriter import ctr_table

Capture = pytest.CaptureFixture[str]


MANIFEST, CONFIG, LAYER, LOOSE = (f"sha256:{letter * 64}" for letter in "abcd")


CHAIN = f"sha256:{'e' * 64}"


MEDIA = "application/vnd.oci.image.manifest.v1+json"


MAIN = ("-n", "kukeon-main")


REF = "docker.io/library/busybox:1.36"


REFERENCES = (
    f"containerd.io/gc.ref.content.config={CONFIG},containerd.io/gc.ref.content.l.0={LAYER}"
)


MAIN_BLOBS = {
    MANIFEST: "-",
    CONFIG: f"containerd.io/gc.ref.snapshot.overlayfs={CHAIN}",
    LAYER: "-",
    LOOSE: "-",
}


def table(header: str, rows: Iterable[str], padchar: str = " ") -> str:
    return "".join(f"{line}\n" for line in ctr_table(header, rows, padchar=padchar))


def images(*rows: tuple[str, str]) -> str:
    cells = [f"{ref}\t{MEDIA}\t{digest}\t1.0 MiB\tlinux/amd64\t-\t" for ref, digest in rows]
    return table("REF\tTYPE\tDIGEST\tSIZE\tPLATFORMS\tLABELS\t", cells)


def blobs(labels: dict[str, str]) -> str:
    cells = [f"{digest}\t262B\t3 minutes\t{text}" for digest, text in labels.items()]
    return table("DIGEST\tSIZE\tAGE\tLABELS", cells, padchar="\t")


def snapshots(*rows: tuple[str, str, str]) -> str:
    return table("KEY\tPARENT\tKIND\t", ["\t".join([*row, ""]) for row in rows])


def leases(**labels: str) -> str:
    cells = [f"{name}\t2026-11-24T22:13:31Z\t{text}\t" for name, text in labels.items()]
    return table("ID\tCREATED AT\tLABELS\t", cells)


def fill(
    fake: FakeCtr,
    namespace: str,
    *,
    refs: tuple[tuple[str, str], ...] = (),
    content: dict[str, str] | None = None,
    kept: dict[str, str] | None = None,
) -> None:
    """What the lists of a namespace answer."""
    where = ("-n", namespace)
    content, kept = content or {}, kept or {}
    fake.answer(*where, "images", "ls", stdout=images(*refs))
    fake.answer(*where, "images", "ls", "-q", stdout="".join(f"{ref}\n" for ref, _ in refs))
    fake.answer(*where, "content", "ls", stdout=blobs(content))
    fake.answer(*where, "content", "ls", "-q", stdout="".join(f"{one}\n" for one in content))
    fake.answer(*where, "leases", "ls", stdout=leases(**kept))
    fake.answer(*where, "leases", "ls", "-q", stdout="".join(f"{name}\n" for name in kept))


@pytest.fixture
def storage_host(fake_ctr: FakeCtr) -> FakeCtr:
    """A realm with an image, a container, and a blob that nothing needs; another with the image."""
    fake_ctr.answer("namespaces", "ls", "-q", stdout="kukeon-main\nother\n")
    fill(fake_ctr, "kukeon-main", refs=((REF, MANIFEST),), content=MAIN_BLOBS)
    fill(fake_ctr, "other", refs=(("o:1", MANIFEST),), content={MANIFEST: "-", LAYER: "-"})
    document = {"config": {"digest": CONFIG}, "layers": [{"digest": LAYER}]}
    for namespace in ("kukeon-main", "other"):
        words = ("-n", namespace, "content", "get", MANIFEST)
        fake_ctr.answer(*words, stdout=json.dumps(document))
    for digest in MAIN_BLOBS:
        fake_ctr.answer(*MAIN, "content", "rm", digest, stdout=f"{digest}\n")
    fake_ctr.answer(*MAIN, "containers", "ls", "-q", stdout="web\n")
    info = {"ID": "web", "SnapshotKey": "web", "Snapshotter": "overlayfs"}
    fake_ctr.answer(*MAIN, "containers", "info", "web", stdout=json.dumps(info))
    rows = ((CHAIN, "", "Committed"), ("web", CHAIN, "Active"), ("spare", CHAIN, "Active"))
    fake_ctr.answer(*MAIN, "snapshots", "ls", stdout=snapshots(*rows))
    root = '{"Labels": {"containerd.io/gc.root": "2026-11-24T22:13:31Z"}}'
    for key in ("web", "spare"):
        line = f"mount -t overlay overlay /mnt -o upperdir=/s/{key},lowerdir=/s/1\n"
        fake_ctr.answer(*MAIN, "snapshots", "mounts", "/mnt", key, stdout=line)
        fake_ctr.answer(*MAIN, "snapshots", "info", key, stdout=root)
        fake_ctr.answer(*MAIN, "snapshots", "rm", key)
    child = 'ctr: failed to remove "x": cannot remove snapshot with child: failed precondition\n'
    fake_ctr.answer(*MAIN, "snapshots", "rm", CHAIN, stderr=child, exit_code=1)
    return fake_ctr


def changing(fake: FakeCtr) -> list[list[str]]:
    """The calls that change something."""
    verbs = {"rm", "label", "ingest", "fetch", "create", "prepare", "view", "commit", "prune"}
    return [call for call in fake.calls if verbs & set(call)]


def with_leases(storage_host: FakeCtr, **kept: str) -> None:
    labels = {**MAIN_BLOBS, MANIFEST: REFERENCES}
    del labels[LOOSE]
    fill(storage_host, "kukeon-main", refs=((REF, MANIFEST),), content=labels, kept=kept)
    header = "TYPE\tID\tPLATFORMS\tSTATUS\t"
    plugins = table(header, ["io.containerd.snapshotter.v1\toverlayfs\tlinux/amd64\tok\t"])
    storage_host.answer("plugins", "ls", "type==io.containerd.snapshotter.v1", stdout=plugins)
    rows = ((CHAIN, "", "Committed"), ("web", CHAIN, "Active"))
    words = ("snapshots", "--snapshotter", "overlayfs", "ls")
    storage_host.answer(*MAIN, *words, stdout=snapshots(*rows))
    storage_host.answer(
        *MAIN, "content", "active", stdout=table("REF\tSIZE\tAGE\t", [], padchar="\t")
    )
    for name in kept:
        storage_host.answer(*MAIN, "leases", "rm", name, stdout=f"{name}\n")


TAKEN = 'ctr: {} "{}": already exists\n'
