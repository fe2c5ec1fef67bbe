"""`ctr snapshots`: of one snapshotter, ctr's default one where none is named."""

from datetime import datetime

from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import ListCall, R
from kuke_ctr.errors import CtrFailed, NotFound, Reason, Unreadable
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.parse.mounts import MountCommand, parse_mount_commands
from kuke_ctr.parse.snapshots import parse_snapshots, parse_usage
from kuke_ctr.processes.calls import Result

LS = ListCall(("snapshots", "ls"), parse_snapshots)
# -b: exact sizes
USAGE = ListCall(("snapshots", "usage", "-b"), parse_usage)


def words(snapshotter: str | None, *rest: str) -> tuple[str, ...]:
    """The words of a call; the snapshotter stands before the verb."""
    chosen = ("--snapshotter", snapshotter) if snapshotter is not None else ()
    return ("snapshots", *chosen, *rest)


def of(table: ListCall[R], snapshotter: str | None) -> ListCall[R]:
    """The same list of a snapshotter."""
    return table._replace(words=words(snapshotter, *table.words[1:]))


def info(scope: Scope, key: str, snapshotter: str | None = None, *, probe: bool = False) -> Result:
    """`ctr snapshots info KEY`: a JSON document; NotFound."""
    return scope.run(*words(snapshotter, "info", key), probe=probe)


def created(scope: Scope, key: str, snapshotter: str | None = None) -> datetime | None:
    """When a snapshot was made; None where there is none, or no such snapshotter. Unreadable."""
    try:
        found = read_json(info(scope, key, snapshotter, probe=True).stdout)
        time = found.get("Created") if isinstance(found, dict) else None
        return datetime.fromisoformat(str(time))
    except NotFound:
        return None
    except CtrFailed as error:
        if error.reason is Reason.SNAPSHOTTER_NOT_LOADED:
            return None
        raise
    except ValueError:
        raise Unreadable(f"the time when the snapshot {key} was created cannot be read") from None


def mounts(
    scope: Scope,
    key: str,
    target: str,
    snapshotter: str | None = None,
    *,
    probe: bool = False,
) -> Result:
    """`ctr snapshots mounts TARGET KEY`: the mount commands that would mount it; NotFound."""
    return scope.run(*words(snapshotter, "mounts", target, key), probe=probe)


def mount_commands(
    scope: Scope, key: str, target: str, snapshotter: str | None = None
) -> list[MountCommand]:
    """The same, read; a probe. NotFound, CtrFailed for a committed one, Unreadable."""
    said = mounts(scope, key, target, snapshotter, probe=True)
    return parse_mount_commands(lines_of(said.stdout), target)
