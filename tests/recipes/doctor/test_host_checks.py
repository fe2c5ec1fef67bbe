"""What `doctor` says of ctr, containerd, realms and cells."""

from dataclasses import replace

import pytest

from kuke_ctr.errors import CtrFailed, CtrMissing, Forbidden, KukeCtrError, TimeLimit
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.processes.far import Far
from kuke_ctr.recipes.doctor.facts import Space
from kuke_ctr.records import CellNow, RealmSource
from tests.support.doctor_facts import (
    NS,
    OTHER,
    cell,
    checks,
    container,
    facts,
    image,
    only,
    realm,
    snapshot,
    task,
)

WEB = "default_s1_web_app"
LABELS = {"kukeon.io/cell": "web", "kukeon.io/stack": "s1", "kukeon.io/realm": "main"}


def test_of_a_host_on_which_all_is_well_nothing_is_said() -> None:
    assert checks(facts()) == []


@pytest.mark.parametrize(
    ("error", "check", "fix"),
    [
        (CtrFailed("x", ran=False), "daemon-unreachable", ("systemctl restart containerd",)),
        (TimeLimit("x"), "daemon-unreachable", ("systemctl restart containerd",)),
        (Forbidden("x"), "daemon-forbidden", ("kuke-ctr doctor --sudo",)),
        (CtrMissing("x"), "ctr-missing", ()),
    ],
)
def test_a_daemon_that_does_not_answer_is_the_first_finding(
    error: KukeCtrError, check: str, fix: tuple[str, ...]
) -> None:
    found = facts(daemon_error=error, warnings=("a record is broken",))
    assert checks(found) == [f"error {check}", "warning record"]
    assert only(facts(daemon_error=error)).fix == fix


@pytest.mark.parametrize(
    ("error", "fix", "hint"),
    [
        (
            CtrFailed("x", hint="`systemctl status containerd`"),
            ("ssh web2 systemctl restart containerd",),
            "`ssh web2 systemctl status containerd`",
        ),
        (
            Forbidden("x", hint="run the same command with --sudo"),
            (),
            "connect as a user who may: --host ssh://root@web2",
        ),
    ],
)
def test_what_mends_another_host_is_not_done_to_this_one(
    error: KukeCtrError, fix: tuple[str, ...], hint: str
) -> None:
    found = facts(daemon_error=error)
    found.ctr = replace(found.ctr, far=Far("web2"))
    assert (only(found).fix, only(found).hint) == (fix, hint)


def test_kukeons_own_commands_run_on_the_host_of_the_finding() -> None:
    found = facts(Space("kuke-system", "kuke-system"), kukeond_listens=False)
    found.ctr = replace(found.ctr, far=Far("web2"))
    assert only(found).fix == ("ssh web2 kuke daemon start",)


@pytest.mark.parametrize(
    ("client", "server", "expected"),
    [
        ("1.7.24", "v1.7.20", []),
        ("2.1.9", "1.6.20", ["warning ctr-too-new"]),
        ("2.1.9", "1.7.20", ["info versions-differ"]),
        ("1.6.20", "2.1.9", ["info versions-differ"]),
        ("", "2.1.9", []),
    ],
)
def test_ctr_and_containerd_have_to_fit(client: str, server: str, expected: list[str]) -> None:
    assert checks(facts(client=client, server=server)) == expected


def test_a_slow_answer_is_a_warning() -> None:
    assert checks(facts(answer=1.4)) == ["warning daemon-slow"]
    assert "1.4 seconds" in only(facts(answer=1.4)).message


def test_a_list_that_could_not_be_read_is_named() -> None:
    space = Space(NS, "main", unread={("images", "ls"): "why"})
    found = only(facts(space))
    assert (found.check, found.found_by) == ("unread", (f"ctr -n {NS} images ls",))


def test_a_record_whose_namespace_is_missing() -> None:
    lost = realm("gone", "nowhere").model_copy(update={"exists": False})
    found = only(facts(realms=(lost,)))
    assert (found.severity, found.check) == ("error", "namespace-missing")
    assert found.fix == ("kuke-ctr namespaces create nowhere",)


def test_a_residual_namespace_says_how_its_images_come_into_the_realm() -> None:
    residual = Space("main.kukeon.io", images=(image("app:1"), image("both:1")))
    found = only(facts(Space(NS, "main", images=(image("both:1"),)), residual))
    assert (found.severity, found.check) == ("warning", "residual-namespace")
    assert found.names == ("app:1", "both:1")
    assert found.fix == ("kuke-ctr images copy app:1 --from-namespace main.kukeon.io --to main",)


def test_a_residual_namespace_is_removed_only_when_the_realm_has_all_its_images() -> None:
    residual = Space("main.kukeon.io", images=(image("both:1"),))
    found = only(facts(Space(NS, "main", images=(image("both:1"),)), residual))
    assert found.fix == (
        "kuke-ctr images prune --all --yes --namespace main.kukeon.io",
        "kuke-ctr namespaces rm main.kukeon.io --yes",
    )


def test_another_image_of_the_same_name_in_a_residual_namespace_is_not_removed() -> None:
    residual = Space("main.kukeon.io", images=(image("both:1", digest=OTHER),))
    found = only(facts(Space(NS, "main", images=(image("both:1"),)), residual))
    assert found.fix == ()
    copies = "kuke-ctr images copy both:1 --from-namespace main.kukeon.io --to main --force"
    assert copies in (found.hint or "")


def test_an_empty_residual_namespace_is_an_info() -> None:
    found = only(facts(Space(NS, "main"), Space("main.kukeon.io")))
    removes = "kuke-ctr namespaces rm main.kukeon.io --yes"
    assert (found.severity, found.fix) == ("info", (removes,))


def test_two_layouts_side_by_side_with_containers_are_not_to_be_removed() -> None:
    other = Space("main.kukeon.io", containers=(container(),), tasks=(task(),))
    guessed = (realm("main", NS, RealmSource.CONTAINERD),)
    other.images = (image(),)
    found = only(facts(Space(NS, "main"), other, realms=guessed))
    assert (found.severity, found.check) == ("warning", "two-layouts")
    assert not any("rm" in line for line in found.fix)


def test_the_namespace_of_another_realm_is_not_residual() -> None:
    other = Space("main.kukeon.io", "other")
    assert checks(facts(Space(NS, "main"), other)) == []


def test_a_history_is_an_info_and_a_left_one_a_warning() -> None:
    names = frozenset({NS, f"{NS}_history", "gone_history"})
    assert checks(facts(namespaces=names)) == [
        "info history-namespace",
        "warning history-namespace",
    ]


def test_records_of_cells_that_cannot_be_read() -> None:
    broken = cell(now=CellNow.ABSENT).model_copy(update={"problem": "it is broken"})
    assert checks(facts(cells={"main": [broken]})) == ["warning cell-record"]
    assert checks(facts(unread_cells={"main": "permission denied"})) == ["warning record"]


def test_a_container_of_kukeons_without_a_record() -> None:
    space = Space(NS, "main", containers=(container(WEB),), tasks=(task(WEB),))
    space.images, space.snapshots = (image(),), (snapshot(WEB),)
    space.infos = {WEB: ContainerInfo(WEB, LABELS)}
    found = only(facts(space))
    assert (found.severity, found.check, found.names) == ("warning", "cell-unrecorded", (WEB,))
    assert found.fix == ()
    removes = f"kuke-ctr containers rm {WEB} --yes --kukeon --namespace {NS}"
    assert removes in (found.hint or "")


def test_settings_with_a_namespace_that_is_missing_are_a_warning() -> None:
    lost = realm("gone", "nowhere", RealmSource.SETTINGS).model_copy(update={"exists": False})
    assert checks(facts(realms=(lost,))) == ["warning namespace-missing"]
