"""Whose a container is: labels count for their own realm only, then the form of its id."""

import pytest

from kuke_ctr.kukeon.members import Evidence
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.recipes.doctor.facts import Space
from tests.support.doctor_facts import NS, facts

FORMED = "space_stack_cell_app"
LABELS = {"kukeon.io/cell": "web", "kukeon.io/space": "s", "kukeon.io/stack": "t"}


def space(name: str, realm: str | None = "main", says: str = "", **labels: str) -> Space:
    """The namespace of a realm with one container, of which labels may say another realm."""
    told = {**LABELS, "kukeon.io/realm": says} if says else {}
    found = Space(NS, realm)
    found.infos = {name: ContainerInfo(name, {**told, **labels})}
    return found


@pytest.mark.parametrize("name", ["web", FORMED])
def test_labels_of_another_realm_are_not_believed(name: str) -> None:
    """An image may have any labels, and ctr copies them to its containers."""
    foreign = space(name, says="other")
    assert facts(foreign).named(foreign, name) is None
    own = space(name, says="main")
    found = facts(own).named(own, name)
    assert found is not None
    assert (found.realm, found.cell, found.evidence) == ("main", "web", Evidence.LABELS)


def test_both_names_of_the_system_realm_are_its_own() -> None:
    system = space("web", "kuke-system", says="kukeon-system")
    assert facts(system).named(system, "web") is not None


def test_where_no_realm_is_known_the_labels_are_all_there_is() -> None:
    nobodys = space("web", None, says="other")
    found = facts(nobodys).named(nobodys, "web")
    assert found is not None
    assert found.realm == "other"


def test_the_form_of_an_id_counts_where_no_label_speaks() -> None:
    there = space(FORMED)
    found = facts(there).named(there, FORMED)
    assert found is not None
    assert (found.realm, found.cell, found.name) == ("main", "cell", "app")
    assert found.evidence is Evidence.ID
    assert facts(there).named(there, FORMED, by_id=False) is None
    assert facts(there).named(there, "web") is None
    empty = Space(NS, "main")  # nobody could ask for its labels
    assert facts(empty).named(empty, FORMED) == found


@pytest.mark.parametrize("label", ["kuke-ctr/run", "nerdctl/namespace", "com.docker/x"])
def test_what_another_program_made_is_not_known_by_its_id(label: str) -> None:
    made = space(FORMED, **{label: "x"})
    assert facts(made).named(made, FORMED) is None
