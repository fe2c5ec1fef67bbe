"""kuke-ctr: containerd's ctr for Kukeon realms. `open_realm("main").images()` gives records.

What is in `__all__` is for other programs (docs/library.md); the modules of this package are not.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kuke_ctr.errors import (
        CtrFailed,
        CtrMissing,
        Declined,
        Explained,
        Forbidden,
        FoundWrong,
        Interrupted,
        KukeCtrError,
        NotFound,
        NotStarted,
        OwnFailure,
        Reason,
        TimeLimit,
        Unreachable,
        Unreadable,
        UsageError,
    )
    from kuke_ctr.recipes.log_file import Reader
    from kuke_ctr.records import (
        ActiveIngest,
        Archive,
        Blob,
        Cell,
        CellContainer,
        CellNow,
        Container,
        ContainerDetails,
        Deprecation,
        Disk,
        Event,
        Finding,
        FoundImage,
        Image,
        ImageCheck,
        ImageDetails,
        Lease,
        Listing,
        Metrics,
        Namespace,
        Plugin,
        Process,
        ProcessUsage,
        Prunable,
        PsContainer,
        Realm,
        RealmAccount,
        RealmDetails,
        RealmSource,
        Record,
        Refused,
        ResidualNamespace,
        RowsRefused,
        Sandbox,
        Setting,
        Severity,
        Snapshot,
        SnapshotNode,
        SnapshotUsage,
        Stats,
        StoppedContainer,
        Task,
        TaskStatus,
        TreeKind,
        TreeNode,
        Version,
    )
    from kuke_ctr.session import OpenRealm, open_realm

__all__ = [
    "ActiveIngest",
    "Archive",
    "Blob",
    "Cell",
    "CellContainer",
    "CellNow",
    "Container",
    "ContainerDetails",
    "CtrFailed",
    "CtrMissing",
    "Declined",
    "Deprecation",
    "Disk",
    "Event",
    "Explained",
    "Finding",
    "Forbidden",
    "FoundImage",
    "FoundWrong",
    "Image",
    "ImageCheck",
    "ImageDetails",
    "Interrupted",
    "KukeCtrError",
    "Lease",
    "Listing",
    "Metrics",
    "Namespace",
    "NotFound",
    "NotStarted",
    "OpenRealm",
    "OwnFailure",
    "Plugin",
    "Process",
    "ProcessUsage",
    "Prunable",
    "PsContainer",
    "Realm",
    "RealmAccount",
    "RealmDetails",
    "RealmSource",
    "Reason",
    "Record",
    "Refused",
    "ResidualNamespace",
    "RowsRefused",
    "Sandbox",
    "Setting",
    "Severity",
    "Snapshot",
    "SnapshotNode",
    "SnapshotUsage",
    "Stats",
    "StoppedContainer",
    "Task",
    "TaskStatus",
    "TimeLimit",
    "TreeKind",
    "TreeNode",
    "Unreachable",
    "Unreadable",
    "UsageError",
    "Version",
    "logs",
    "open_realm",
]

_MODULES = ("kuke_ctr.session", "kuke_ctr.errors", "kuke_ctr.records")


def logs(realm: "OpenRealm", container: str) -> "Reader":
    """The log of a container, open: `last(lines)` and `new()` give its bytes, block by block.

    It is the one that `kuke-ctr logs` shows. Raises NotFound, FoundWrong where there is no log, and
    Forbidden, UsageError for a realm on another host. Close it, or use it in a `with`.
    """
    from kuke_ctr.errors import UsageError
    from kuke_ctr.recipes.log_file import Reader
    from kuke_ctr.recipes.logs import find

    if realm.ctr.far is not None:
        raise UsageError(
            f"a file of {realm.ctr.far} cannot be opened here",
            hint=f"`kuke-ctr logs {container}` prints the log",
        )
    return Reader(find(realm.host, realm.resolution, container).file)


def __getattr__(name: str) -> object:
    # late: the command line imports this package before it knows what it needs
    if name in __all__:
        for module in map(import_module, _MODULES):
            if hasattr(module, name):
                found: object = getattr(module, name)
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
