"""What `doctor` says of Kukeon's cells and daemon, by records and tasks."""

import pytest

from kuke_ctr.recipes.doctor import judge
from kuke_ctr.recipes.doctor.facts import Facts, Space
from kuke_ctr.records import Cell, CellNow, RealmSource
from tests.support.doctor_facts import (
    NS,
    cell,
    checks,
    container,
    facts,
    image,
    only,
    realm,
    task,
)

APP, B, ROOT = (f"default_s1_web_{name}" for name in ("app", "b", "root"))
WHERE = "web --realm main --stack s1"
SYSTEM = "kuke-system"
UP, DOWN, UNKNOWN = True, False, None


def host(one: Cell, *, kukeond: bool | None = UP) -> Facts:
    """A realm with this cell, whose tasks are as it says."""
    space = Space(NS, "main", images=(image(),))
    space.containers = tuple(container(part.id) for part in one.containers if part.exists)
    space.tasks = tuple(task(part.id, part.status) for part in one.containers if part.status)
    return facts(space, cells={"main": [one]}, kukeond_listens=kukeond)


@pytest.mark.parametrize(
    "well",
    [
        cell(APP, ROOT),
        cell(APP, ROOT, recorded="Exited"),
        cell(APP, ROOT, recorded="Exited", root="RUNNING", now=CellNow.PARTLY),
        cell(APP, ROOT, recorded="Error", app="STOPPED", root="RUNNING", now=CellNow.PARTLY),
        cell(APP, ROOT, recorded="Ready", app="RUNNING", root="RUNNING", now=CellNow.RUNNING),
        cell(APP, B, ROOT, recorded="Degraded", app="RUNNING", root="RUNNING", now=CellNow.PARTLY),
    ],
    ids=lambda one: one.recorded,
)
def test_of_a_cell_that_is_as_recorded_nothing_is_said(well: Cell) -> None:
    assert checks(host(well)) == []


def test_a_cell_that_lost_its_root_is_restarted_not_started() -> None:
    lost = cell(APP, ROOT, recorded="Ready", app="RUNNING", root="STOPPED", now=CellNow.PARTLY)
    found = only(host(lost))
    assert (found.severity, found.check) == ("warning", "cell-without-root")
    assert found.fix == (f"kuke restart {WHERE}",)
    assert "kukeond" not in f"{found.message} {found.hint}"


def test_a_paused_task_alone_is_not_a_cell_that_runs() -> None:
    left = cell(APP, B, ROOT, recorded="Ready", app="PAUSED", now=CellNow.PAUSED)
    found, paused = judge(host(left))
    assert (found.check, found.fix) == ("cell-without-root", (f"kuke restart {WHERE}",))
    assert "while app is paused" in found.message
    assert paused.check == "task-paused"


def test_a_paused_task_of_a_stopped_cell_is_resumed_before_it_is_stopped() -> None:
    found = only(host(cell(APP, ROOT, app="PAUSED", now=CellNow.PAUSED)))
    assert (found.severity, found.check) == ("warning", "cell-paused")
    assert found.fix == (
        f"kuke-ctr tasks resume {APP} --namespace {NS}",
        f"kuke stop {WHERE}",
    )
    assert f"`kuke start {WHERE}`" in (found.hint or "")


def test_a_paused_task_of_a_running_cell_is_an_info() -> None:
    meant = cell(APP, ROOT, recorded="Ready", app="PAUSED", root="RUNNING", now=CellNow.PARTLY)
    found = only(host(meant))
    assert (found.severity, found.check) == ("info", "task-paused")
    assert found.fix == (f"kuke-ctr tasks resume {APP} --namespace {NS}",)


def test_a_stopped_cell_of_which_something_runs() -> None:
    runs = cell(APP, B, ROOT, app="RUNNING", root="RUNNING", now=CellNow.PARTLY)
    assert checks(host(runs, kukeond=UNKNOWN)) == ["warning cell-differs"]
    assert checks(host(runs, kukeond=UP)) == ["info cell-differs"]  # it is about to be renewed
    alone = cell(APP, ROOT, app="RUNNING", now=CellNow.PARTLY)
    found = only(host(alone))
    assert (found.check, found.fix) == ("cell-without-root", (f"kuke restart {WHERE}",))
    assert f"`kuke stop {WHERE}` ends it" in (found.hint or "")


@pytest.mark.parametrize(
    ("kukeond", "fix", "hint"),
    [
        (UNKNOWN, (f"kuke start {WHERE}",), "if it runs"),
        (UP, (), f"every 30 seconds; if it stays so: `kuke start {WHERE}`"),
        (DOWN, ("kuke daemon start",), "nobody renews the record"),
    ],
)
def test_the_daemon_is_named_where_it_can_be_the_cause(
    kukeond: bool | None, fix: tuple[str, ...], hint: str
) -> None:
    dead = cell(APP, ROOT, recorded="Ready", app="STOPPED", root="RUNNING", now=CellNow.PARTLY)
    *_, found = judge(host(dead, kukeond=kukeond))
    assert (found.check, found.fix) == ("cell-differs", fix)
    assert hint in (found.hint or "")


def test_a_cell_of_which_much_runs_is_restarted() -> None:
    dead = cell(
        *(APP, B, ROOT),
        recorded="Ready",
        app="STOPPED",
        b="RUNNING",
        root="RUNNING",
        now=CellNow.PARTLY,
    )
    assert only(host(dead, kukeond=UNKNOWN)).fix == (f"kuke restart {WHERE}",)


@pytest.mark.parametrize(
    ("running", "verb"), [({}, "start"), ({"b": "RUNNING", "root": "RUNNING"}, "restart")]
)
def test_a_lost_container_is_made_anew_by_the_second_try(
    running: dict[str, str], verb: str
) -> None:
    found = only(host(cell(f"{APP}-", B, ROOT, now=CellNow.PARTLY, **running)))
    assert (found.severity, found.check) == ("warning", "cell-incomplete")
    line = f"kuke {verb} {WHERE}"
    assert found.fix == (f"{line} || {line}",)
    assert "app" in found.message


def test_a_cell_without_any_container_is_told_too() -> None:
    assert checks(host(cell(f"{APP}-", f"{ROOT}-", now=CellNow.ABSENT))) == [
        "warning cell-incomplete"
    ]


def test_a_cell_that_could_not_be_made_has_to_go_first() -> None:
    found = only(host(cell(f"{APP}-", recorded="Failed", reason="CreateCellFailed")))
    assert (found.severity, found.check, found.fix) == ("warning", "cell-failed", ())
    assert "it did not work" in found.message
    assert f"`kuke delete cell {WHERE}`" in (found.hint or "")


def test_a_cell_that_failed_to_start_is_an_info() -> None:
    failed = host(cell(APP, recorded="Failed", reason="StartCellFailed"))
    assert checks(failed) == ["info cell-failed"]
    runs = cell(APP, recorded="Failed", app="RUNNING", now=CellNow.RUNNING)
    assert checks(host(runs)) == ["info cell-differs"]


def daemons_host(recorded: str, status: str, **more: object) -> Facts:
    """A host with the cell in which kukeond runs."""
    name = "kukeon_kukeon_kukeond_kukeond"
    own = cell(name, recorded=recorded, kukeond=status).model_copy(
        update={"name": "kukeond", "space": "kukeon", "stack": "kukeon"}
    )
    space = Space(f"{SYSTEM}.kukeon.io", SYSTEM, images=(image(),), containers=(container(name),))
    space.tasks = (task(name, status),)
    return facts(space, cells={SYSTEM: [own]}, kukeond_socket="/run/k.sock", **more)


@pytest.mark.parametrize(
    ("recorded", "status", "kukeond", "found"),
    [
        ("Ready", "STOPPED", DOWN, ["error kukeond-down"]),
        ("Stopped", "STOPPED", DOWN, ["error kukeond-down"]),
        ("Ready", "STOPPED", UNKNOWN, ["warning kukeond-down"]),
        ("Error", "STOPPED", UNKNOWN, []),
        ("Ready", "RUNNING", UNKNOWN, []),
        ("Ready", "STOPPED", UP, []),
        ("Ready", "RUNNING", DOWN, ["error kukeond-down"]),
    ],
)
def test_the_daemon_is_down_by_its_socket_or_else_its_task(
    recorded: str, status: str, kukeond: bool | None, found: list[str]
) -> None:
    host = daemons_host(recorded, status, kukeond_listens=kukeond)
    assert checks(host) == found
    assert not found or only(host).fix == ("kuke daemon start",)


def test_without_records_no_daemon_is_missed() -> None:
    guessed = (realm("main", NS, RealmSource.CONTAINERD),)
    assert checks(facts(realms=guessed, kukeond_listens=DOWN)) == []
