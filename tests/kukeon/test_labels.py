"""What the labels of a container say of Kukeon."""

import pytest

from kuke_ctr.kukeon.labels import cell_of, kuke_line, start_hint

WEB = {"kukeon.io/cell": "web", "kukeon.io/realm": "main"}


def test_a_container_of_a_cell_is_known_by_its_label() -> None:
    assert cell_of(WEB) == "web"
    assert cell_of({}) is None
    assert cell_of({"kukeon.io/cell": ""}) is None


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
    assert kuke_line("start", {**WEB, **more}) == line


def test_only_kukeon_starts_its_own_container() -> None:
    assert start_hint(WEB) == (
        "it belongs to Kukeon's cell web; to start the cell: `kuke start web --realm main`"
    )
    assert start_hint({}) is None
