"""What namespaces store: their content, unfinished downloads and snapshots, read side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kuke_ctr.backends.ctr import content, daemon, snapshots
from kuke_ctr.backends.ctr.tables import ListCall, read
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.recipes.asking import Asking
from kuke_ctr.records import ActiveIngest, Blob, Image, RowsRefused, SnapshotUsage

_SNAPSHOTTERS = daemon.PLUGINS._replace(
    words=(*daemon.PLUGINS.words, f"type=={daemon.SNAPSHOTTER}")
)

Answer = tuple[Any, ...] | KukeCtrError
"""The records of a list, all of them; or why there are none."""


@dataclass(slots=True)
class Stored:
    """What one namespace stores; None is what could not be read, and `unread` says why.

    `snapshots` are by snapshotter, None being ctr's default one where it is not known which there
    are. `images` are read by `held_in`.
    """

    namespace: str
    images: tuple[Image, ...] | None = None
    blobs: tuple[Blob, ...] | None = None
    ingests: tuple[ActiveIngest, ...] | None = None
    snapshots: dict[str | None, tuple[SnapshotUsage, ...] | None] = field(default_factory=dict)
    unread: list[KukeCtrError] = field(default_factory=list)

    def known(self, said: Answer) -> Any:
        """The records of an answer; None, and a thing more that is unread, for an error."""
        if isinstance(said, KukeCtrError):
            self.unread.append(said)
            return None
        return said

    @property
    def content_bytes(self) -> int | None:
        """Of all blobs that the namespace has; other namespaces may have them too."""
        return sum_of(self.blobs)

    @property
    def ingests_bytes(self) -> int | None:
        """Of downloads that run, or were broken off within the last day."""
        return sum_of(self.ingests)

    @property
    def snapshots_count(self) -> int | None:
        """Of all snapshotters."""
        counts = [None if one is None else len(one) for one in self.snapshots.values()]
        return added(counts)

    @property
    def snapshots_bytes(self) -> int | None:
        """Of all snapshotters: what each snapshot adds to its parent."""
        return added(sum_of(one) for one in self.snapshots.values())


def sum_of(rows: Iterable[Blob | ActiveIngest | SnapshotUsage] | None) -> int | None:
    """The bytes of the rows; None where there are none to add, or one has no size."""
    return None if rows is None else added(row.size_bytes for row in rows)


def added(numbers: Iterable[int | None]) -> int | None:
    """The sum, None where one of them is not known."""
    known = list(numbers)
    return sum(one for one in known if one is not None) if None not in known else None


def stored_in(asking: Asking, namespaces: Sequence[str]) -> list[Stored]:
    """What each namespace stores: `ctr content ls`, `content active`, and `snapshots usage` of
    every snapshotter that containerd has loaded. Raises TimeLimit."""
    tables = (content.LS, content.ACTIVE)
    wanted = [(table, name) for name in namespaces for table in tables]
    loaded, *said = lists(asking, [(_SNAPSHOTTERS, None), *wanted])
    found = [Stored(name) for name in namespaces]
    for one, blobs, ingests in zip(found, said[::2], said[1::2], strict=True):
        one.blobs, one.ingests = one.known(blobs), one.known(ingests)
    _read_usage(asking, found, _snapshotters(loaded))
    return found


def _snapshotters(loaded: Answer) -> list[str | None]:
    if isinstance(loaded, KukeCtrError):
        return [None]
    return [plugin.id for plugin in loaded if plugin.status == "ok"]


def _read_usage(asking: Asking, found: Sequence[Stored], names: Sequence[str | None]) -> None:
    wanted = [(one, name) for one in found for name in names]
    calls = [(snapshots.of(snapshots.USAGE, name), one.namespace) for one, name in wanted]
    for (one, name), said in zip(wanted, lists(asking, calls), strict=True):
        one.snapshots[name] = one.known(said)


def lists(asking: Asking, wanted: Sequence[tuple[ListCall[Any], str | None]]) -> list[Answer]:
    """Lists of namespaces, side by side; one with rows that can't be read is RowsRefused.

    They are not compared with what `-q` prints: a forged row could only make a wrong sum. Raises
    TimeLimit.
    """
    calls = [
        asking.ctr.call(*table.words, namespace=namespace, probe=True)
        for table, namespace in wanted
    ]
    answers: list[Answer] = []
    for (table, _), said in zip(wanted, asking.run(calls), strict=True):
        if isinstance(said, KukeCtrError):
            answers.append(said)
            continue
        try:
            found = read(asking.ctr, table, said)
        except KukeCtrError as error:
            answers.append(error)
            continue
        refused = RowsRefused(found, command=said.argv) if found.refused else None
        answers.append(found.records if refused is None else refused)
    if asking.late is not None:
        raise asking.late
    return answers
