"""Which containers are Kukeon's, by all that tells."""

from pathlib import Path

import pytest

from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.shared.output import note
from kuke_ctr.kukeon.members import Evidence
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.recipes.cell_members import Members, snapshots_of_cells
from kuke_ctr.records import RealmSource, Snapshot
from kuke_ctr.session import Session
from kuke_ctr.shared_options import SharedOptions
from tests.support.cell_host import APP, HALTED, LABELLED, LOST
from tests.support.fake_ctr import FakeCtr

MAIN = Resolution("main", "kukeon-main", RealmSource.RECORD)
BY_FLAG = Resolution("default", "kukeon-main", RealmSource.FLAG)
FORMED = "a_b_c_d"


def members(realm: Resolution = MAIN) -> Members:
    host = Session(SharedOptions(), note).host
    return Members(Scope(host.ctr, realm.namespace), host.settings.run_path, realm)


def test_each_evidence_counts_and_a_record_costs_no_call(cell_host: FakeCtr) -> None:
    found = members().among([APP, HALTED, LOST])
    assert [one.evidence for one in found.values()] == [Evidence.RECORD] * 3
    assert cell_host.calls == []
    found = members().among([APP, LABELLED, FORMED, "mine", "mine", "nothing"])
    assert {name: one.evidence for name, one in found.items()} == {
        APP: Evidence.RECORD,
        LABELLED: Evidence.LABELS,
        FORMED: Evidence.ID,
    }
    assert len(cell_host.calls) == 4


def test_the_realm_is_named_though_only_a_flag_names_the_namespace(cell_host: FakeCtr) -> None:
    known = members(BY_FLAG)
    for name in (APP, LABELLED, FORMED):
        found = known.of(name)
        assert found is not None
        assert found.realm == "main"
    assert not any("rm" in call for call in cell_host.calls)


def test_labels_that_name_another_realm_make_no_cell_of_this_one(cell_host: FakeCtr) -> None:
    """An image may have any labels, and ctr copies them to its containers."""
    labels = {"kukeon.io/cell": "web", "kukeon.io/realm": "other"}
    assert members().of("evil", labels) is None
    found = members(Resolution("x", "x", RealmSource.FLAG)).of("evil", labels)
    assert found is not None  # nobody knows which realm it is: no line names one
    assert found.kuke("start") == "`kuke start web`"
    assert members().of("evil", {**labels, "kukeon.io/realm": "main"}) is not None


@pytest.mark.parametrize("label", ["kuke-ctr/run", "nerdctl/namespace", "com.docker/x"])
def test_what_another_program_made_is_not_known_by_its_id_alone(
    cell_host: FakeCtr, label: str
) -> None:
    known = members()
    assert known.of(FORMED, {label: "x"}) is None
    assert known.of(FORMED, {}) is not None
    assert known.of(FORMED, {label: "x", "kukeon.io/cell": "c"}) is not None
    assert known.of(APP, {label: "x"}) is not None
    assert cell_host.calls == []


def test_the_containers_of_one_cell(cell_host: FakeCtr) -> None:
    known = members()
    app = known.of(APP)
    assert app is not None
    assert {one.name for one in known.of_cell(app)} == {"app", "side", "root"}
    assert cell_host.calls == []


def test_without_records_labels_and_ids_tell(cell_host: FakeCtr, tmp_path: Path) -> None:
    known = Members(members().scope, tmp_path / "nothing", MAIN)
    found = known.of(APP)
    assert found is not None
    assert (found.evidence, found.cell, found.realm) == (Evidence.ID, "web", "main")
    assert len(cell_host.calls) == 1


def test_a_snapshot_below_the_files_of_a_cell_is_the_cells(cell_host: FakeCtr) -> None:
    there = {
        key: Snapshot(key=key, parent=parent, kind=kind)
        for key, parent, kind in (
            ("layer", None, "Committed"),
            ("top", "layer", "Committed"),
            (APP, "top", "Active"),
            ("mine", "layer", "Active"),
            ("odd", "odd", "Committed"),  # a forged table
        )
    }
    found = snapshots_of_cells(members(), there, ["layer", "top", APP, "mine", "odd", "nothing"])
    assert {key: [one.id for one in found[key]] for key in found} == {
        "layer": [APP],
        "top": [APP],
        APP: [APP],
    }
    assert not any("rm" in call for call in cell_host.calls)
