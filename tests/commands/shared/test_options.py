"""Shared options: on either side of the command, once, and not against each other."""

import pytest

from kuke_ctr.cli.arguments import hoist
from kuke_ctr.commands.shared.option_table import SHARED
from kuke_ctr.commands.shared.option_values import options_of
from kuke_ctr.errors import UsageError

NOUNS = {"images", "i", "tasks"}


def moved(line: str) -> str:
    return " ".join(hoist(line.split(), NOUNS.__contains__))


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        ("images ls --realm main", "images ls --realm main"),
        ("--realm main images ls", "images ls --realm main"),
        ("--realm=main images ls", "images ls --realm=main"),
        ("-r main images ls -o json", "images ls --realm main -o json"),
        ("-rmain images ls", "images ls --realm main"),
        ("images --realm main ls", "images ls --realm main"),
        ("-xx images -q ls", "images ls --trace --trace --quiet"),
        ("-xq images ls", "images ls --trace --quiet"),
        ("-xqr main images ls", "images ls --trace --quiet --realm main"),
        ("-xqrmain images ls", "images ls --trace --quiet --realm main"),
        ("-n web tasks ls -n 5", "tasks ls --namespace web -n 5"),
        ("--sort-by -size images ls", "images ls --sort-by -size"),
        ("--realm main exec c1 ls --realm x", "exec --realm main c1 ls --realm x"),
        ("--realm main ctr -- -n x images ls", "ctr --realm main -- -n x images ls"),
        ("--help", "--help"),
        ("--realm main --help", "--realm main --help"),
        ("images --help", "images --help"),
        ("--unknown images ls", "--unknown images ls"),
    ],
)
def test_shared_options_move_behind_the_verb(typed: str, parsed: str) -> None:
    assert moved(typed) == parsed


def test_the_same_value_twice_is_fine() -> None:
    assert options_of({"realm": ["main", "main"]}).realm == "main"


@pytest.mark.parametrize("field", [one.field for one in SHARED if one.metavar])
def test_two_different_values_of_one_option_are_refused(field: str) -> None:
    with pytest.raises(UsageError, match="given twice"):
        options_of({field: ["a", "b"]})


@pytest.mark.parametrize(
    "given",
    [
        {"realm": ["a"], "namespace": ["b"]},
        {"realm": ["a"], "all_realms": True},
        {"namespace": ["a"], "all_realms": True},
        {"manifest": ["m"], "namespace": ["n"]},
        {"record": ["a"], "replay": ["b"]},
    ],
)
def test_options_that_exclude_each_other_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="cannot be combined"):
        options_of(given)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90.0), ("1.5", 1.5), ("90s", 90.0), ("5m", 300.0), ("1h", 3600.0), ("250ms", 0.25)],
)
def test_a_time_limit_is_seconds_or_has_a_unit(text: str, seconds: float) -> None:
    assert options_of({"timeout": [text]}).timeout == seconds


@pytest.mark.parametrize("text", ["", "-1", "soon", "5 m", "1e3", "nan", "inf"])
def test_a_time_limit_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a time|is empty"):
        options_of({"timeout": [text]})


def test_columns_are_split_at_commas_and_take_headers_too() -> None:
    assert options_of({"columns": ["ref, MEDIA TYPE"]}).columns == ("ref", "media_type")
    with pytest.raises(UsageError):
        options_of({"columns": [","]})
