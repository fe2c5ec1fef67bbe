"""Snapshots, leases, content and namespaces."""

from kuke_ctr.backends.ctr.failures.table import Failed, Row, Table
from kuke_ctr.backends.ctr.filters import equal
from kuke_ctr.errors import Reason


def _snapshot(failed: Failed, *words: str) -> str:
    snapshotter = failed.asked.snapshotter
    chosen = ("--snapshotter", snapshotter) if snapshotter is not None else ()
    return failed.line("snapshots", words[0], *chosen, *words[1:])


def _taken(failed: Failed) -> str:
    key = failed.group("key")
    return f"{_snapshot(failed, 'info', key)} shows it, {_snapshot(failed, 'rm', key)} removes it"


def _lease(failed: Failed) -> str:
    name = failed.group("name")
    shows = failed.line("leases", "ls", equal("id", name))
    return f"{shows} shows it, {failed.line('leases', 'rm', name)} removes it"


MOUNTS = Table(
    (
        Row(
            r"not active",
            lambda failed: (
                "create a view first: " + _snapshot(failed, "view", "NAME", failed.asked.name)
            ),
        ),
    ),
    ("snapshots mounts",),
)

COMMIT = Table(
    (
        Row(
            r"not active|not an active",
            lambda failed: (
                f"only a writable snapshot can be committed; {_snapshot(failed, 'ls')} shows the "
                "kind of each"
            ),
        ),
    ),
    ("snapshots commit",),
)

SNAPSHOTS = Table(
    (
        Row(r'snapshot "(?P<key>.*)": already exists$', _taken, reason=Reason.ALREADY_EXISTS),
        Row(
            r"cannot remove snapshot with child",
            lambda failed: f"{_snapshot(failed, 'tree')} shows its children; remove them first",
        ),
        Row(
            r"is not committed snapshot",
            "the parent must be a committed snapshot; `kuke-ctr snapshots commit KEY ACTIVE` makes "
            "one",
        ),
    ),
    ("snapshots",),
)

LEASES = Table(
    (Row(r'lease "(?P<name>.*)": already exists$', _lease, reason=Reason.ALREADY_EXISTS),),
    ("leases",),
)

CONTENT = Table(
    (
        Row(
            r"unexpected commit digest",
            "--expected-digest names another digest; was the file changed or cut?",
            given=("--expected-digest",),
        ),
        Row(
            r"failed size validation",
            "--expected-size names another size; was the file changed or cut?",
            given=("--expected-size",),
        ),
    ),
    ("content ingest",),
)
