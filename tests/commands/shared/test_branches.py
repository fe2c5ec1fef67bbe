import pytest

from kuke_ctr.commands.shared.branches import branches


@pytest.mark.parametrize(
    ("depths", "drawn"),
    [
        ([], []),
        ([0, 0], ["", ""]),
        ([0, 1, 2, 1], ["", "├─ ", "│  └─ ", "└─ "]),
        ([0, 1, 2, 2, 0, 1], ["", "└─ ", "   ├─ ", "   └─ ", "", "└─ "]),
        ([0, 1, 2, 3, 1], ["", "├─ ", "│  └─ ", "│     └─ ", "└─ "]),
    ],
)
def test_each_node_has_its_bars_and_its_corner(depths: list[int], drawn: list[str]) -> None:
    assert branches(depths) == drawn
