"""Facts for the checks of `doctor`: a host with one realm, on which all is well."""

from datetime import UTC, datetime

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.processes.runner import Processes
from kuke_ctr.recipes.doctor import judge
from kuke_ctr.recipes.doctor.facts import Facts, Space
from kuke_ctr.records import (
    Blob,
    Cell,
    CellContainer,
    CellNow,
    Container,
    Finding,
    Image,
    ImageCheck,
    Lease,
    Realm,
    RealmSource,
    Snapshot,
    Task,
)

NS = "kukeon-main"
REF = "docker.io/library/busybox:1.36"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
INDEX, MANIFEST, CONFIG, LAYER, OTHER = (f"sha256:{letter * 64}" for letter in "12345")
MEDIA = "application/vnd.oci.image.manifest.v1+json"
MEDIA_INDEX = "application/vnd.oci.image.index.v1+json"


def facts(*spaces: Space, **more: object) -> Facts:
    """Those of a host with the realm main; with other spaces in its place where some are given."""
    ctr = Ctr(Processes(), ("ctr",), None, None, 1.0, lambda text: None)
    found = Facts(ctr, client="1.7.24", server="1.7.24", now=NOW, run_path="/opt/kukeon")
    for space in spaces or (Space(NS, "main"),):
        found.spaces[space.namespace] = space
    found.realms = tuple(
        realm(one.realm, one.namespace) for one in found.spaces.values() if one.realm
    )
    found.claimed = frozenset(one.namespace for one in found.realms)
    found.namespaces = frozenset(found.spaces)
    for name, value in more.items():
        setattr(found, name, value)
    return found


def checks(found: Facts) -> list[str]:
    """The findings in short: `warning image-incomplete`."""
    return [f"{one.severity} {one.check}" for one in judge(found)]


def only(found: Facts) -> Finding:
    """The one finding."""
    (one,) = judge(found)
    return one


def realm(name: str, namespace: str, source: RealmSource = RealmSource.RECORD) -> Realm:
    return Realm(name=name, namespace=namespace, source=source, exists=True)


def image(ref: str = REF, digest: str = MANIFEST, media_type: str = MEDIA) -> Image:
    return Image(
        ref=ref,
        media_type=media_type,
        digest=digest,
        size="1.0 MiB",
        size_bytes=1 << 20,
        size_approximate=True,
        platforms=(),
        labels={},
        labels_text="-",
    )


def blob(digest: str, labels: str = "-", size: int = 1000) -> Blob:
    return Blob(
        digest=digest,
        size=f"{size}B",
        size_bytes=size,
        size_approximate=True,
        age="3 minutes",
        labels={},
        labels_text=labels,
    )


def image_check(status: str = "incomplete", *, unpacked: bool = False) -> ImageCheck:
    return ImageCheck(
        ref=REF,
        media_type=MEDIA,
        digest=MANIFEST,
        status=status,
        blobs="1/2",
        blobs_present=1,
        blobs_required=2,
        size="1 B/2 B",
        size_bytes=1,
        required_bytes=2,
        size_approximate=True,
        unpacked=unpacked,
        problem=None,
    )


def container(name: str = "web", image: str | None = REF) -> Container:
    return Container(id=name, image=image, runtime="io.containerd.runc.v2")


def task(name: str = "web", status: str = "RUNNING", pid: int = 7) -> Task:
    return Task(id=name, pid=pid, status=status)


def snapshot(key: str, parent: str | None = None, kind: str = "Active") -> Snapshot:
    return Snapshot(key=key, parent=parent, kind=kind)


def lease(created_at: str, **labels: str) -> Lease:
    named = {name.replace("__", "."): value for name, value in labels.items()}
    return Lease(id="l1", created_at=created_at, labels=named, labels_text="-")


def cell(
    *ids: str,
    recorded: str = "Stopped",
    now: CellNow = CellNow.STOPPED,
    reason: str | None = None,
    **statuses: str,
) -> Cell:
    """The cell web with these containers; an id that ends with `-` is gone.

    `statuses` are those of tasks, by the name of the container.
    """
    return Cell(
        name="web",
        space="default",
        stack="s1",
        recorded=recorded,
        recorded_at=None,
        now=now,
        running="0/1",
        restarts=0,
        exit_codes=(),
        reason=reason,
        message=reason and "it did not work",
        differs=None,
        made_from=None,
        address=None,
        volumes=(),
        problem=None,
        containers=tuple(
            CellContainer(
                name=one.rstrip("-").rpartition("_")[2],
                id=one.rstrip("-"),
                image=REF,
                root=one.rstrip("-").endswith("_root"),
                attachable=False,
                restart_policy=None,
                volumes=(),
                state=None,
                restarts=0,
                exit_code=None,
                exit_signal=None,
                exists=not one.endswith("-"),
                status=statuses.get(one.rstrip("-").rpartition("_")[2]),
                recorded=True,
            )
            for one in ids
        ),
    )
