"""What deserves a second look, by the lists alone."""

from collections.abc import Sequence

import pytest

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.tables import ListCall, R
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.runner import Processes
from kuke_ctr.recipes.asking import Asking
from kuke_ctr.recipes.doctor import closer
from kuke_ctr.recipes.doctor.closer import (
    doubtful,
    look_closer,
    maybe_incomplete,
    possibly_unused,
)
from kuke_ctr.recipes.doctor.facts import Space
from kuke_ctr.records import Listing, Task
from tests.support.doctor_facts import (
    CONFIG,
    INDEX,
    LAYER,
    MANIFEST,
    MEDIA_INDEX,
    NS,
    OTHER,
    REF,
    blob,
    cell,
    container,
    facts,
    image,
    snapshot,
    task,
)

GC = "containerd.io/gc.ref.content"
OF_MANIFEST = blob(MANIFEST, f"{GC}.config={CONFIG},{GC}.l.0={LAYER}")
OF_INDEX = blob(INDEX, f"{GC}.m.0={MANIFEST},{GC}.m.1={OTHER}")
OF_INDEX_IMAGE = image(digest=INDEX, media_type=MEDIA_INDEX)


@pytest.mark.parametrize(
    ("blobs", "whole"),
    [
        ((OF_MANIFEST, blob(CONFIG), blob(LAYER)), True),
        ((OF_MANIFEST, blob(CONFIG)), False),
        ((OF_MANIFEST, blob(LAYER)), False),
        ((blob(CONFIG), blob(LAYER)), False),
        ((blob(MANIFEST),), False),
    ],
)
def test_an_image_needs_all_that_its_manifest_names(blobs: tuple[object, ...], whole: bool) -> None:
    space = Space(NS, "main", images=(image(),), blobs=blobs)  # type: ignore[arg-type]
    assert maybe_incomplete(space) == ([] if whole else [REF])


def test_an_index_needs_one_of_its_manifests() -> None:
    here = (OF_INDEX, OF_MANIFEST, blob(CONFIG), blob(LAYER))
    assert maybe_incomplete(Space(NS, images=(OF_INDEX_IMAGE,), blobs=here)) == []
    assert maybe_incomplete(Space(NS, images=(OF_INDEX_IMAGE,), blobs=here[:1])) == [REF]
    assert maybe_incomplete(Space(NS, images=(OF_INDEX_IMAGE,), blobs=here[:3])) == [REF]


def test_nothing_is_suspected_of_lists_that_were_not_read() -> None:
    unread: dict[tuple[str, ...], str] = {("content", "ls"): "why"}
    assert maybe_incomplete(Space(NS, images=(image(),), unread=unread)) == []
    assert possibly_unused(Space(NS, snapshots=(snapshot("a"),), unread=unread)) == []


def test_containers_that_their_records_and_snapshots_explain_are_not_looked_at() -> None:
    recorded, unknown, lost = "a_b_web_app", "a_b_c_d", "plain"
    space = Space(NS, "main", containers=tuple(map(container, (recorded, unknown, lost, "ok"))))
    space.snapshots = tuple(map(snapshot, (recorded, unknown, "ok")))
    found = doubtful(space, facts(space, cells={"main": [cell(recorded)]}))
    assert [one.id for one in found] == [unknown, lost]


def test_snapshots_of_containers_and_images_are_used() -> None:
    chain = "sha256:chain"
    labelled = blob(CONFIG, f"containerd.io/gc.ref.snapshot.overlayfs={chain}")
    space = Space(NS, "main", containers=(container("web"),), blobs=(labelled,))
    space.snapshots = (
        snapshot("base", kind="Committed"),
        snapshot(chain, "base", "Committed"),
        snapshot("web", chain),
        snapshot("orphan", chain),
    )
    assert possibly_unused(space) == ["orphan"]


class Answers(Asking):
    """A ctr that has the same tasks again."""

    def __init__(self, tasks: Sequence[Task], far: Far | None) -> None:
        socket = None if far is None else ""
        super().__init__(Ctr(Processes(), ("ctr",), None, socket, 5.0, lambda text: None, far=far))
        self._tasks = tuple(tasks)

    def table(
        self, table: ListCall[R], namespace: str, flags: Sequence[str] = ()
    ) -> Listing[R] | KukeCtrError:
        del table, namespace, flags
        return Listing(records=self._tasks)  # type: ignore[arg-type]


@pytest.mark.parametrize(("far", "stuck"), [(None, set()), (Far("web3"), {"web"})])
def test_the_age_of_a_process_is_looked_up_on_its_own_host_only(
    monkeypatch: pytest.MonkeyPatch, far: Far | None, stuck: set[str]
) -> None:
    monkeypatch.setattr(closer, "is_younger", lambda *args: True)  # of this host
    tasks = (task(status="CREATED"),)
    space = Space(NS, tasks=tasks)
    look_closer(facts(space), Answers(tasks, far))
    assert space.stuck == stuck
