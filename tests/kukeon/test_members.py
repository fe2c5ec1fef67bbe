"""Which containers are Kukeon's, by their records, their labels and their ids."""

import json
from pathlib import Path

import pytest

from kuke_ctr.kukeon.members import (
    Evidence,
    Member,
    of_id,
    of_labels,
    readable_members,
    recorded_members,
    words_of,
)
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.records import RealmSource

WEB = {"kukeon.io/cell": "web", "kukeon.io/realm": "main"}
MAIN = Resolution("main", "kukeon-main", RealmSource.RECORD)


def test_a_container_of_a_cell_is_known_by_its_label() -> None:
    found = of_labels("default_default_web_app", WEB)
    assert found is not None
    assert (found.cell, found.name, found.evidence) == ("web", "app", Evidence.LABELS)
    assert of_labels("x", {}) is None
    assert of_labels("x", {"kukeon.io/cell": ""}) is None


def test_a_label_that_the_id_contradicts_names_no_container() -> None:
    found = of_labels("default_default_other_app", WEB)
    assert found is not None
    assert (found.cell, found.name) == ("web", "")


@pytest.mark.parametrize("name", ["cell", "space", "stack", "realm"])
@pytest.mark.parametrize("value", ["--all", "../..", "a/b", "a b", "x\ny", "-", "$(id)"])
def test_a_label_whose_value_is_no_name_is_not_believed(name: str, value: str) -> None:
    assert of_labels("x", {**WEB, f"kukeon.io/{name}": value}) is None


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, "`kuke start web --realm main`"),
        (
            {"kukeon.io/space": "default", "kukeon.io/stack": "default"},
            "`kuke start web --realm main`",
        ),
        (
            {"kukeon.io/space": "s", "kukeon.io/stack": "t.u"},
            "`kuke start web --realm main --space s --stack t.u`",
        ),
        ({"kukeon.io/realm": "default"}, "`kuke start web --realm default`"),
    ],
)
def test_kukes_own_line_names_what_is_not_the_default(more: dict[str, str], line: str) -> None:
    found = of_labels("x", {**WEB, **more})
    assert found is not None
    assert found.kuke("start") == line


def test_kukeons_daemon_is_not_asked_to_start_itself() -> None:
    found = of_id("kukeon_kukeon_kukeond_root", Resolution("kuke-system", "n", RealmSource.RECORD))
    assert found is not None
    assert found.kuke("start") == "`kuke daemon start`"
    assert found.kuke("delete cell") == "`kuke daemon reset`"
    assert found.kuke("get cell").startswith("`kuke get cell kukeond --realm kuke-system ")


def test_only_kukeon_starts_its_own_container() -> None:
    found = of_labels("x", WEB)
    assert found is not None
    assert found.start_hint == (
        "it belongs to Kukeon's cell web; to start the cell: `kuke start web --realm main` "
        "(`kuke restart web --realm main` if a part of it runs)"
    )


def test_an_id_of_kukeons_form_says_where_it_would_be() -> None:
    found = of_id("shop_back_db_root", MAIN)
    assert found is not None
    assert found.path == "shop/back/db/root"
    assert found.root
    assert found.kuke("start") == "`kuke start db --realm main --space shop --stack back`"


@pytest.mark.parametrize("name", ["web", "a_b_c", "a_b_c_d_e", "a__c_d", ""])
def test_other_ids_are_nobodys(name: str) -> None:
    assert of_id(name) is None


def test_a_namespace_that_a_flag_named_names_no_realm() -> None:
    found = of_id("a_b_c_d", Resolution("default", "x", RealmSource.FLAG))
    assert found is not None
    assert found.realm is None


def test_the_record_says_most(tmp_path: Path) -> None:
    _cell(tmp_path, "default/default/web", app={"restartPolicy": "always"}, root={"root": True})
    known = recorded_members(tmp_path, MAIN)
    app = known["default_default_web_app"]
    assert (app.realm, app.path, app.restart_policy) == (
        "main",
        "default/default/web/app",
        "always",
    )
    assert known["default_default_web_root"].root


def test_what_can_not_be_read_is_left_to_labels_and_ids(tmp_path: Path) -> None:
    assert readable_members(tmp_path / "nothing", MAIN) == {}


def test_what_can_be_typed_for_a_container() -> None:
    app = Member("s_t_web_app", "web", "app", "s", "t")
    assert words_of(app) == ("web", "t/web", "s/t/web", "web/app", "t/web/app", "s/t/web/app")
    root = Member("s_t_web_root", "web", "root", "s", "t", root=True)
    assert words_of(root) == ("web/root", "t/web/root", "s/t/web/root")
    assert words_of(Member("x", "web", space="s", stack="t")) == ("web", "t/web", "s/t/web")
    assert words_of(Member("a_a_a_a", "a", "a", "a", "a")) == ("a", "a/a", "a/a/a", "a/a/a/a")


def _cell(run_path: Path, where: str, **containers: dict[str, object]) -> None:
    realm = run_path / "data" / "main"
    folder = realm / where
    folder.mkdir(parents=True)
    record = {"kind": "Realm", "metadata": {"name": "main"}, "spec": {"namespace": "kukeon-main"}}
    (realm / "metadata.json").write_text(json.dumps(record))
    parts = [
        {"id": name, "containerdId": f"{where.replace('/', '_')}_{name}", **more}
        for name, more in containers.items()
    ]
    (folder / "metadata.json").write_text(
        json.dumps({"kind": "Cell", "spec": {"containers": parts}})
    )
