"""What is in a namespace: containerd removes only one that holds nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

from kuke_ctr.backends.ctr import daemon, snapshots
from kuke_ctr.backends.ctr.client import lines_of
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.processes.calls import Result


@dataclass(frozen=True, slots=True)
class Contents:
    """How many of each a namespace has; leases alone do not keep containerd from removing it."""

    images: int
    containers: int
    tasks: int
    snapshots: int
    blobs: int
    leases: int

    @property
    def blocks(self) -> bool:
        """Whether containerd refuses to remove the namespace."""
        return bool(self.images or self.containers or self.snapshots or self.blobs)

    def __str__(self) -> str:
        """`2 images, 1 container, 5 blobs`; `nothing`."""
        return ", ".join(self._parts()) or "nothing"

    def _parts(self) -> Iterator[str]:
        for what, count in (
            ("image", self.images),
            ("container", self.containers),
            ("task", self.tasks),
            ("snapshot", self.snapshots),
            ("blob", self.blobs),
            ("lease", self.leases),
        ):
            if count:
                yield f"{count} {what}" if count == 1 else f"{count} {what}s"


def contents(
    scope: Scope,
) -> Contents:
    """What a namespace has: `ctr ... ls -q` of each, and the snapshots of every snapshotter.

    Probes: they run in a dry run too.
    """
    nouns = ("images", "containers", "tasks", "content", "leases")
    quiet = [scope.call(noun, "ls", "-q", probe=True) for noun in nouns]
    of_snapshots = [
        scope.call(*snapshots.words(name, "ls"), probe=True)
        for name in daemon.snapshotters(scope.ctr)
    ]
    results = scope.ctr.processes.run_all([*quiet, *of_snapshots])
    counts = [len(_lines(scope.ctr.checked(result))) for result in results[: len(quiet)]]
    images, containers, tasks, blobs, held = counts
    return Contents(
        images=images,
        containers=containers,
        tasks=tasks,
        snapshots=sum(max(len(_lines(said)) - 1, 0) for said in results[len(quiet) :]),
        blobs=blobs,
        leases=held,
    )


def _lines(result: Result) -> list[str]:
    return [line for line in lines_of(result.stdout) if line]
