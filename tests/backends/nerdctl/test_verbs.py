"""What is known of nerdctl's verbs."""

import shlex

import pytest

from kuke_ctr.backends.nerdctl import verbs
from kuke_ctr.backends.nerdctl.command_line import Typed, read


def typed(line: str) -> Typed:
    return read(shlex.split(line))


@pytest.mark.parametrize(
    "line",
    [
        *("ps -a", "container ls", "container list", "image list", "ns ls", "stop web", "rmi a"),
        *("image prune", "system df", "system info", "compose up", "builder prune", "network rm x"),
    ],
)
def test_known_verbs(line: str) -> None:
    assert verbs.is_known(typed(line)) is (line != "system df")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("tag a:1 b:1", ["b:1"]),
        ("commit -m text web b:1", ["web", "b:1"]),
        ("commit --message=text web b:1", ["b:1"]),
        ("image convert --oci a b", ["b"]),
        ("import - b:1", ["b:1"]),
        ("build -t a --tag=b --tag c -td -qt e -t=f .", ["a", "b", "c", "d", "e", "f"]),
        ("build --target x --build-arg T=a:1 .", []),
        ("push a", []),
    ],
)
def test_the_names_that_images_get(line: str, names: list[str]) -> None:
    assert verbs.new_names(typed(line)) == names


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        ("compose down", True),
        ("compose -p ps down", True),
        ("compose --file=c.yaml --debug up", True),
        ("compose --odd ps", True),
        ("compose -fc.yaml ps", False),
        ("compose -f c.yaml logs -f", False),
        ("compose", False),
        ("ps down", False),
    ],
)
def test_which_compose_changes_containers(line: str, changes: bool) -> None:
    assert verbs.compose_changes(typed(line)) is changes


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("rm web,id~=app", "web,id~=app"),
        ("rmi registry.example:5000/a_b-c+d@sha256:ab", None),
        ("rm ''", ""),
        ("commit --message='a b' web c", None),
    ],
)
def test_words_that_are_no_names(line: str, word: str | None) -> None:
    assert verbs.odd_word(typed(line)) == word
