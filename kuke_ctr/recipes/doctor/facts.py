"""What `doctor` knows of a host: gathered once, and judged by the checks without another look."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.lines import line_in
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.members import Member, of_id, of_labels
from kuke_ctr.kukeon.realm_files import names_of
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.cell_members import is_of_another
from kuke_ctr.recipes.doctor.shims import Shim
from kuke_ctr.recipes.unused_snapshots import Unused
from kuke_ctr.records import (
    Blob,
    Cell,
    Container,
    Finding,
    Image,
    ImageCheck,
    Lease,
    Realm,
    Severity,
    Snapshot,
    Task,
)


@dataclass(slots=True, eq=False)
class Space:
    """What one namespace of containerd holds; `realm` is the realm that it belongs to, if any.

    `unread` is what could not be read: ctr's words of the list -> why. The fields behind it hold
    what was looked at more closely, because the lists alone left a doubt: images that may lack
    content, containers, those of which the snapshot is gone, tasks that are CREATED still,
    snapshots without a user, and their sizes in bytes.
    """

    namespace: str
    realm: str | None = None
    images: tuple[Image, ...] = ()
    blobs: tuple[Blob, ...] = ()
    containers: tuple[Container, ...] = ()
    tasks: tuple[Task, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    leases: tuple[Lease, ...] = ()
    unread: dict[tuple[str, ...], str] = field(default_factory=dict)
    image_checks: tuple[ImageCheck, ...] = ()
    infos: dict[str, ContainerInfo] = field(default_factory=dict)
    without_snapshot: frozenset[str] = frozenset()
    stuck: frozenset[str] = frozenset()
    unused: Unused | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

    def knows(self, *words: str) -> bool:
        """Whether a list was read completely."""
        return words not in self.unread


@dataclass(slots=True)
class Facts:
    """What is known of the host.

    `daemon_error` says why containerd could not be asked; then there are no namespaces, and what is
    known comes from files. `client` and `server` are versions, empty where they are not known,
    `answer` the seconds that `ctr version` took. `warnings` are about records that could not be
    read. `cells` and `unread_cells` are by realm. `elsewhere` are the references of the images in
    namespaces that belong to no realm. `fifos` are the tasks without a reader of their output, by
    namespace and id, and whether the task waits for one; None where only root could see that.
    `shims` are the shims of containers of which ctr knows no state, by namespace and id.
    `kukeond_listens`: whether somebody listens on `kukeond_socket`, None where that is not known.
    `usual` is the realm that commands mean without --realm. `claimed` are the namespaces of all
    realms, also where `realms` is only one of them; `whole`: it was not asked for one only.
    """

    ctr: Ctr
    realms: tuple[Realm, ...] = ()
    claimed: frozenset[str] = frozenset()
    whole: bool = True
    usual: str = "default"
    suffix: str = "kukeon.io"
    namespaces: frozenset[str] = frozenset()
    daemon_error: KukeCtrError | None = None
    client: str = ""
    server: str = ""
    answer: float = 0.0
    warnings: tuple[str, ...] = ()
    run_path: str = ""
    spaces: dict[str, Space] = field(default_factory=dict)
    elsewhere: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cells: dict[str, list[Cell]] = field(default_factory=dict)
    unread_cells: dict[str, str] = field(default_factory=dict)
    fifos: Mapping[tuple[str, str], bool] | None = None
    shims: Mapping[tuple[str, str], Shim] = field(default_factory=dict)
    kukeond_socket: str = ""
    kukeond_listens: bool | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def of_realms(self) -> Iterator[Space]:
        """The namespaces of the realms, by name."""
        return (self.spaces[name] for name in sorted(self.spaces) if self.spaces[name].realm)

    def ran(self, namespace: str | None, *words: str) -> str:
        """A call of ctr as a line for a shell."""
        return self.ctr.call(*words, namespace=namespace).line

    def line(self, namespace: str | None, *words: str) -> str:
        """A command of kuke-ctr as a line for a shell."""
        return line_in(namespace, *words, typed=self.ctr.typed).strip("`")

    def namespace_of(self, realm: str) -> str | None:
        """The namespace of a realm."""
        return next((one.namespace for one in self.realms if one.name == realm), None)

    def realm_of(self, namespace: str | None) -> str | None:
        """The realm that a namespace belongs to."""
        space = self.spaces.get(namespace or "")
        return space.realm if space is not None else None

    def cell_of(self, realm: str | None, container: str) -> Cell | None:
        """The cell whose record has a container."""
        return next(
            (
                cell
                for cell in self.cells.get(realm or "", ())
                if any(part.id == container for part in cell.containers)
            ),
            None,
        )

    def named(self, space: Space, container: str, *, by_id: bool = True) -> Member | None:
        """The cell that labels name, or `by_id` the form of the id; as for all other commands.

        None where the labels name another realm's.
        """
        info = space.infos.get(container)
        labels = info.labels if info is not None else {}
        found = of_labels(container, labels)
        if found is not None:
            own = not found.realm or not space.realm or found.realm in names_of(space.realm)
            return found if own else None
        if not by_id or is_of_another(space.namespace, container, labels):
            return None
        found = of_id(container)
        return found and replace(found, realm=space.realm)


def finding(
    severity: Severity,
    check: str,
    message: str,
    *,
    realm: str | None = None,
    namespace: str | None = None,
    names: tuple[str, ...] = (),
    hint: str | None = None,
    fix: tuple[str, ...] = (),
    found_by: tuple[str, ...] = (),
) -> Finding:
    """A finding; what is left out is empty."""
    return Finding(
        severity=severity,
        check=check,
        message=message,
        realm=realm,
        namespace=namespace,
        names=names,
        hint=hint,
        fix=fix,
        found_by=found_by,
    )


MOST_NAMES = 5


def listed(names: tuple[str, ...]) -> str:
    """`a, b, c`; of many the first five, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join([*names[:MOST_NAMES], *([f"and {more} more"] if more > 0 else ())])
