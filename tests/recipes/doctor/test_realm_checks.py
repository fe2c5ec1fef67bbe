"""What `doctor` says of images, containers, tasks, snapshots and leases."""

from datetime import timedelta

import pytest

from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.doctor import judge
from kuke_ctr.recipes.doctor.facts import Space
from kuke_ctr.recipes.doctor.shims import Shim
from kuke_ctr.recipes.doctor.storage import ago
from kuke_ctr.recipes.unused_snapshots import Unused
from tests.support.doctor_facts import (
    MANIFEST,
    NOW,
    NS,
    REF,
    blob,
    cell,
    checks,
    container,
    facts,
    image,
    image_check,
    lease,
    only,
    snapshot,
    task,
)

KUKEON = "default_s1_web_app"


def test_an_incomplete_image_is_pulled_again() -> None:
    found = only(facts(Space(NS, "main", image_checks=(image_check(),))))
    assert (found.severity, found.check, found.names) == ("error", "image-incomplete", (REF,))
    assert found.fix == (f"kuke-ctr images pull {REF} --namespace {NS}",)
    assert found.found_by == (f"ctr -n {NS} images check 'name==\"{REF}\"'",)


def test_an_incomplete_image_that_another_namespace_has_is_copied_from_there() -> None:
    broken = Space(NS, "main", images=(image(),), image_checks=(image_check(),))
    found = only(facts(broken, elsewhere={"default": (REF,)}))
    assert found.fix == (f"kuke-ctr images copy {REF} --from-namespace default --to main",)


def test_one_that_is_unpacked_is_a_warning_and_a_whole_one_is_none() -> None:
    assert checks(facts(Space(NS, "main", image_checks=(image_check(unpacked=True),)))) == [
        "warning image-incomplete"
    ]
    assert checks(facts(Space(NS, "main", image_checks=(image_check("complete"),)))) == []


def test_an_image_that_only_default_has() -> None:
    found = only(facts(Space(NS, "main", images=(image(),)), elsewhere={"default": (REF, "a:1")}))
    assert (found.severity, found.names, found.namespace) == ("warning", ("a:1",), "default")
    assert found.fix == ("kuke-ctr images copy a:1 --from-namespace default --to main",)


def test_images_of_docker_and_kubernetes_are_no_trouble() -> None:
    found = only(facts(elsewhere={"moby": ("a:1",)}))
    assert (found.severity, found.fix) == ("info", ())
    assert checks(facts(elsewhere={"somebodys": ("a:1",)})) == ["info image-elsewhere"]


@pytest.mark.parametrize(
    ("status", "check", "fix"),
    [
        ("STOPPED", "warning task-stopped", "tasks rm web"),
        ("CREATED", "warning task-created", "tasks rm --force web"),
        ("UNKNOWN", "error task-unknown", "tasks rm --force web"),
    ],
)
def test_tasks_that_do_not_run(status: str, check: str, fix: str) -> None:
    space = Space(NS, "main", images=(image(),), containers=(container(),))
    space.tasks = (task(status=status),)
    space.stuck = frozenset({"web"} if status == "CREATED" else ())
    assert checks(facts(space)) == [check]
    assert only(facts(space)).fix == (f"kuke-ctr {fix} --namespace {NS}",)


def test_a_task_that_is_only_starting_is_none() -> None:
    space = Space(NS, "main", images=(image(),), containers=(container(),))
    space.tasks = (task(status="CREATED"),)
    assert checks(facts(space)) == []


def test_a_stuck_container_of_kukeons_is_restarted_by_kuke() -> None:
    space = Space(NS, "main", images=(image(),), containers=(container(KUKEON),))
    space.tasks = (task(KUKEON, "UNKNOWN", 0),)
    found = only(facts(space, cells={"main": [cell(KUKEON)]}))
    assert found.fix == ("kuke restart web --realm main --stack s1",)


@pytest.mark.parametrize(
    ("shim", "fix"),
    [(Shim(5, stopped=True), "kill -CONT 5"), (Shim(5, stopped=False), "kill -KILL 5")],
)
@pytest.mark.parametrize("listed", [True, False])
def test_a_silent_shim_is_named(shim: Shim, fix: str, listed: bool) -> None:
    space = Space(NS, "main", images=(image(),), containers=(container(),))
    space.tasks = (task(status="UNKNOWN", pid=0),) if listed else ()
    found = only(facts(space, shims={(NS, "web"): shim}))
    assert (found.severity, found.check, found.fix) == ("error", "task-unknown", (fix,))
    assert "process 5" in found.message


def test_the_cell_of_a_silent_shim_is_restarted_after_it() -> None:
    space = Space(NS, "main", images=(image(),), containers=(container(KUKEON),))
    ready = cell(KUKEON, recorded="Ready")
    shims = {(NS, KUKEON): Shim(5, stopped=False)}
    found = only(facts(space, cells={"main": [ready]}, shims=shims))
    assert found.fix == ("kill -KILL 5", "kuke restart web --realm main --stack s1")


def test_a_container_without_a_task() -> None:
    space = Space(NS, "main", images=(image(),), containers=(container(), container("b")))
    found = only(facts(space))
    assert (found.check, found.names) == ("container-without-task", ("web", "b"))
    assert found.fix[0] == f"kuke-ctr tasks start -d web --namespace {NS}"


def test_a_container_without_its_image() -> None:
    space = Space(NS, "main", containers=(container(), container("rootfs", None)))
    space.tasks = (task(), task("rootfs"))
    found = only(facts(space))
    assert (found.check, found.names) == ("container-without-image", ("web",))
    assert found.fix == (f"kuke-ctr images pull {REF} --namespace {NS}",)


def test_nothing_is_said_of_what_was_not_read() -> None:
    space = Space(NS, "main", containers=(container(),), unread={("images", "ls"): "why"})
    space.unread["tasks", "ls"] = "why"
    assert set(checks(facts(space))) == {"warning unread"}


def test_a_container_without_its_snapshot_cannot_be_started() -> None:
    space = Space(NS, "main", images=(image(),), containers=(container(),))
    space.infos = {"web": ContainerInfo("web", snapshot="web")}
    space.without_snapshot = frozenset({"web"})
    found = only(facts(space))
    assert (found.severity, found.check) == ("error", "container-without-snapshot")
    assert found.fix == (f"kuke-ctr containers rm web --namespace {NS}",)


@pytest.mark.parametrize(("b", "verb"), [("STOPPED", "start"), ("RUNNING", "restart")])
def test_kukeon_makes_a_container_without_its_snapshot_anew(b: str, verb: str) -> None:
    space = Space(NS, "main", images=(image(),), containers=(container(KUKEON),))
    space.infos = {KUKEON: ContainerInfo(KUKEON, snapshot=KUKEON)}
    space.without_snapshot = frozenset({KUKEON})
    parts = cell(KUKEON, "default_s1_web_b", recorded="Failed", b=b)
    found = next(
        one
        for one in judge(facts(space, cells={"main": [parts]}))
        if one.check == "container-without-snapshot"
    )
    line = f"kuke {verb} web --realm main --stack s1"
    assert found.fix == (
        f"kuke-ctr containers rm {KUKEON} --yes --kukeon --namespace {NS}",
        f"{line} || {line}",
    )


def test_a_running_container_without_its_snapshot_is_left_alone() -> None:
    space = Space(NS, "main", images=(image(),), containers=(container(),), tasks=(task(),))
    space.infos = {"web": ContainerInfo("web", snapshot="web")}
    space.without_snapshot = frozenset({"web"})
    assert only(facts(space)).fix == ()


def test_output_without_a_reader() -> None:
    assert checks(facts(fifos={(NS, "web"): False})) == ["info output-without-reader"]
    found = only(facts(fifos={(NS, "web"): True}))
    assert (found.severity, found.fix) == ("warning", (f"kuke-ctr attach web --namespace {NS}",))


def test_unused_snapshots_with_size_and_age() -> None:
    space = Space(NS, "main", sizes={"a": 4096, "b": 4096})
    space.unused = Unused(
        unused=(snapshot("a"), snapshot("b")),
        young=(snapshot("c"),),
        created={"a": NOW - timedelta(days=3), "b": NOW - timedelta(hours=2)},
    )
    assert checks(facts(space)) == ["warning snapshot-unused", "info snapshot-unused"]
    space.unused = space.unused._replace(young=())
    found = only(facts(space))
    assert found.message == (
        "2 snapshots (8.0 KiB) are used by nothing: a, b; the oldest was made 3 days ago"
    )
    assert found.fix == (f"kuke-ctr snapshots prune --yes --namespace {NS}",)


def test_files_left_of_a_container_of_kukeons_are_not_removed_by_the_fix() -> None:
    space = Space(NS, "main", unused=Unused(unused=(), spared=(snapshot(KUKEON),)))
    found = only(facts(space))
    assert (found.severity, found.fix) == ("info", ())
    assert f"kuke-ctr snapshots prune --yes --kukeon --namespace {NS}" in (found.hint or "")


EXPIRES = "containerd__io/gc__expire"


@pytest.mark.parametrize(
    ("created", "labels", "expected"),
    [
        ("2026-11-27T11:50:00Z", {EXPIRES: "2026-11-28T11:50:00Z"}, []),
        ("2026-11-27T09:00:00Z", {EXPIRES: "2026-11-28T09:00:00Z"}, ["info lease-left"]),
        ("2026-11-20T09:00:00Z", {EXPIRES: "2026-11-21T09:00:00Z"}, ["info lease-expired"]),
        ("2026-11-20T09:00:00Z", {}, ["warning lease-without-end"]),
        ("2026-11-27T11:50:00Z", {}, ["info lease-without-end"]),
        ("2026-11-20T09:00:00Z", {"owner": "ci"}, []),
    ],
)
def test_leases_that_outlived_their_purpose(
    created: str, labels: dict[str, str], expected: list[str]
) -> None:
    assert checks(facts(Space(NS, "main", leases=(lease(created, **labels),)))) == expected


def test_a_lease_that_keeps_something_is_not_removed_by_the_fix() -> None:
    empty = Space(NS, "main", leases=(lease("2026-11-20T09:00:00Z"),))
    assert only(facts(empty)).fix == (f"kuke-ctr leases rm l1 --yes --namespace {NS}",)
    empty.blobs = (blob(MANIFEST),)
    found = only(facts(empty))
    assert (found.fix, "leases rm l1" in (found.hint or "")) == ((), True)


def test_a_lease_says_how_much_only_leases_keep() -> None:
    space = Space(NS, "main", leases=(lease("2026-11-20T09:00:00Z"),), blobs=(blob(MANIFEST),))
    assert "keep about 1000.0 B" in only(facts(space)).message


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(days=3, hours=5), "3 days"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=20), "20 minutes"),
        (timedelta(), "a moment"),
    ],
)
def test_ages_are_said_in_words(age: timedelta, text: str) -> None:
    assert ago(age) == text
