"""Which containers are Kukeon's, by their records, their labels and their ids."""

import json
from pathlib import Path

import pytest

from kuke_ctr.kukeon.members import (
    Evidence,
    Member,
    member,
    named,
    of_id,
    of_labels,
    readable_members,
    recorded_members,
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


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, "`kuke start web --realm main`"),
        (
            {"kukeon.io/space": "default", "kukeon.io/stack": "default"},
            "`kuke start web --realm main`",
        ),
        (
            {"kukeon.io/space": "s", "kukeon.io/stack": "t u"},
            "`kuke start web --realm main --space s --stack 't u'`",
        ),
        ({"kukeon.io/realm": "default"}, "`kuke start web --realm default`"),
    ],
)
def test_kukes_own_line_names_what_is_not_the_default(more: dict[str, str], line: str) -> None:
    found = of_labels("x", {**WEB, **more})
    assert found is not None
    assert found.kuke("start") == line


def test_only_kukeon_starts_its_own_container() -> None:
    found = of_labels("x", WEB)
    assert found is not None
    assert found.start_hint == (
        "it belongs to Kukeon's cell web; to start the cell: `kuke start web --realm main`"
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
    assert member(app.id, {"kukeon.io/cell": "other"}, known) is app
    assert member("c", {}, known) is None


def test_what_can_not_be_read_is_left_to_labels_and_ids(tmp_path: Path) -> None:
    assert readable_members(tmp_path / "nothing", MAIN) == {}


MEMBERS = [
    Member(f"{space}_{stack}_{cell}_{name}", cell, name, space, stack, root=name == "root")
    for space, stack, cell, names in (
        ("default", "default", "web", ("app", "side", "root")),
        ("default", "default", "db", ("pg", "root")),
        ("shop", "back", "db", ("pg", "root")),
        ("shop", "web", "app", ("x",)),
    )
    for name in names
]


@pytest.mark.parametrize(
    ("word", "ids"),
    [
        ("web", ["default_default_web_app", "default_default_web_side"]),
        ("web/root", ["default_default_web_root"]),
        ("web/side", ["default_default_web_side"]),
        ("db", ["default_default_db_pg", "shop_back_db_pg"]),
        ("back/db", ["shop_back_db_pg"]),
        ("shop/back/db", ["shop_back_db_pg"]),
        ("shop/back/db/root", ["shop_back_db_root"]),
        ("web/app", ["default_default_web_app", "shop_web_app_x"]),
        ("we", []),
        ("a/shop/back/db/pg", []),
        ("", []),
    ],
)
def test_a_cell_or_a_container_in_it_can_be_named(word: str, ids: list[str]) -> None:
    assert [one.id for one in named(word, MEMBERS)] == ids


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
