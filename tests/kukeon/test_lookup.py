"""Which container a word means: ids, names of cells, fronts of ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.kukeon.lookup import How, Meant, Names
from kuke_ctr.kukeon.members import Evidence, Member, of_id

CELLS = (
    ("default", "default", "web", ("app", "side", "root")),
    ("default", "default", "db", ("pg", "root")),
    ("default", "default", "solo", ("root",)),
    ("shop", "back", "db", ("pg", "root")),
    ("shop", "web", "app", ("x",)),
)


def recorded(*cells: tuple[str, str, str, tuple[str, ...]]) -> dict[str, Member]:
    members = [
        Member(f"{space}_{stack}_{cell}_{name}", cell, name, space, stack, root=name == "root")
        for space, stack, cell, names in cells
        for name in names
    ]
    return {one.id: one for one in members}


RECORDED = recorded(*CELLS)
WEB = ["default_default_web_app", "default_default_web_side"]
BY_WORD = [
    ("web", WEB),
    ("web/root", ["default_default_web_root"]),
    ("web/side", ["default_default_web_side"]),
    ("db", ["default_default_db_pg", "shop_back_db_pg"]),
    ("back/db", ["shop_back_db_pg"]),
    ("shop/back/db", ["shop_back_db_pg"]),
    ("shop/back/db/root", ["shop_back_db_root"]),
    ("web/app", ["default_default_web_app", "shop_web_app_x"]),
    ("solo", []),
    ("solo/root", ["default_default_solo_root"]),
    ("we", []),
    ("a/shop/back/db/pg", []),
    ("/db", []),
    ("db/", []),
    ("", []),
]


@pytest.mark.parametrize("existing", [(), tuple(RECORDED)], ids=["no containerd", "containerd"])
@pytest.mark.parametrize(("word", "ids"), BY_WORD)
def test_a_cell_or_a_container_in_it_can_be_named(
    word: str, ids: list[str], existing: tuple[str, ...]
) -> None:
    assert Names(existing, RECORDED).find(word) == (Meant(How.NAME, tuple(ids)) if ids else None)


@pytest.mark.parametrize(("word", "ids"), BY_WORD)
def test_without_a_record_the_form_of_the_id_tells(word: str, ids: list[str]) -> None:
    found = Names(tuple(RECORDED), {}).find(word)
    assert found == (Meant(How.SEEMING, tuple(ids)) if ids else None)


def test_an_exact_id_wins() -> None:
    names = Names(("web", "web-2", *RECORDED), RECORDED)
    assert names.find("web") == Meant(How.ID, ("web",))
    assert names.find(WEB[0]) == Meant(How.ID, (WEB[0],))


def test_the_id_in_a_record_is_an_id_though_containerd_lacks_it() -> None:
    assert Names(("default_default_db_pg-2",), RECORDED).find("default_default_db_pg") == Meant(
        How.ID, ("default_default_db_pg",)
    )


def test_the_exact_name_of_a_cell_beats_the_front_of_an_id() -> None:
    names = Names(("back-2", *RECORDED), recorded(("s", "t", "back", ("x",))))
    assert names.find("back") == Meant(How.NAME, ("s_t_back_x",))
    assert names.find("bac") == Meant(How.FRONT, ("back-2",))


def test_all_that_begin_so_are_told() -> None:
    fronts = tuple(one for one in RECORDED if one.startswith("default_default_web"))
    assert Names(tuple(RECORDED), RECORDED).find("default_default_web") == Meant(How.FRONT, fronts)


def test_what_a_record_does_not_name_adds_nothing_to_its_cell() -> None:
    """Kukeon would not choose it either; who wants it names it."""
    known = recorded(("default", "default", "db", ("pg", "root")))
    names = Names((*known, "default_default_db_debug"), known)
    assert names.find("db") == Meant(How.NAME, ("default_default_db_pg",))
    assert names.find("db/debug") == Meant(How.SEEMING, ("default_default_db_debug",))


def test_an_attachable_container_is_chosen_for_an_attachment() -> None:
    members = recorded(("s", "t", "dev", ("log", "shell", "root")))
    shell = "s_t_dev_shell"
    members[shell] = Member(shell, "dev", "shell", "s", "t", attachable=True)
    names = Names((), members)
    assert names.find("dev", attachable=True) == Meant(How.NAME, (shell,))
    assert names.find("dev") == Meant(How.NAME, ("s_t_dev_log", shell))
    assert names.find("dev/log", attachable=True) == Meant(How.NAME, ("s_t_dev_log",))
    assert Names((), RECORDED).find("web", attachable=True) == Meant(How.NAME, tuple(WEB))


def test_what_to_type_is_the_shortest_that_is_clear() -> None:
    spelled = Names(("db", "plain"), RECORDED).spelled
    assert spelled == {
        WEB[0]: "default/web/app",
        WEB[1]: "web/side",
        "default_default_web_root": "web/root",
        "default_default_db_pg": "default/db",
        "default_default_db_root": "default/db/root",
        "default_default_solo_root": "solo/root",
        "shop_back_db_pg": "back/db",
        "shop_back_db_root": "back/db/root",
        "shop_web_app_x": "app",
    }


def test_the_nearest_names_come_first_and_each_container_once() -> None:
    known = recorded(("default", "default", "web", ("app", "root")), ("s", "t", "db", ("pg",)))
    names = Names((*known, "plain"), known)
    assert names.nearest("wbe") == ["web", "db", "plain"]
    assert names.nearest("default_default_web_ap")[0] == "default_default_web_app"
    assert names.nearest("pg") == ["db/pg", "plain", "web"]
    assert names.nearest("web/rot")[0] == "web/root"
    assert Names((), {}).nearest("x") == []


NAME = st.sampled_from(("a", "b", "root"))
IDS = st.lists(
    st.one_of(NAME, st.tuples(NAME, NAME, NAME, NAME).map("_".join)), unique=True, max_size=12
)


@given(existing=IDS, in_records=IDS, word=st.lists(NAME, min_size=1, max_size=5).map("/".join))
def test_whatever_the_names_the_rule_holds(
    existing: list[str], in_records: list[str], word: str
) -> None:
    known = {one.id: one for one in map(of_id, in_records) if one is not None}
    for one in known.values():
        object.__setattr__(one, "evidence", Evidence.RECORD)
    names = Names(existing, known)
    found = names.find(word)
    if word in existing:
        assert found == Meant(How.ID, (word,))
    if found is not None:
        assert set(found.ids) <= {*existing, *known}
        assert len(found.ids) == len(set(found.ids)) > 0
        if found.how in (How.NAME, How.SEEMING) and "/" not in word:
            assert not any(names.members[one].root for one in found.ids)
    for container, name in names.spelled.items():
        meant = names.find(name)
        assert meant is not None
        assert meant.ids == (container,)
    assert len(names.nearest(word)) == len(set(names.nearest(word)))
