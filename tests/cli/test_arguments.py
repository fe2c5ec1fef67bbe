"""Where shared options stand on a line, and one whose value may be left out."""

import pytest

from kuke_ctr.cli.arguments import hoist, with_values

NOUNS = ("images",)


@pytest.mark.parametrize(
    ("line", "hoisted"),
    [
        ("--watch images ls", "images ls --watch 2"),
        ("--watch 5 images ls", "images ls --watch 5"),
        ("--watch=5 images ls", "images ls --watch=5"),
        ("-w images 0.5s ls", "images 0.5s --watch 2 ls"),
        ("images -w 1m ls name==x", "images ls --watch 1m name==x"),
        ("-Aw ps", "ps --all-realms --watch 2"),
        ("-Aw 5 ps", "ps --all-realms --watch 5"),
        ("-w5 ps -a", "ps --watch 5 -a"),
        ("ps --watch", "ps --watch"),
    ],
)
def test_a_value_that_is_left_out_before_the_command(line: str, hoisted: str) -> None:
    assert hoist(line.split(), lambda word: word in NOUNS) == hoisted.split()


@pytest.mark.parametrize(
    ("line", "filled"),
    [
        ("--watch", "--watch=2"),
        ("--watch 5", "--watch 5"),
        ("--watch=5", "--watch=5"),
        ("-w -o json", "-w2 -o json"),
        ("-w 1.5 x", "-w 1.5 x"),
        ("-w5", "-w5"),
        ("-Aw", "-Aw2"),
        ("-Aw 10s", "-Aw 10s"),
        ("-rw", "-rw"),  # the realm w
        ("-r main name==x --watch", "-r main name==x --watch=2"),
        ("--watch name==x", "--watch=2 name==x"),
        ("-- -w", "-- -w"),
    ],
)
def test_a_value_that_is_left_out_behind_the_command(line: str, filled: str) -> None:
    known = ("--watch", "-w", "--realm", "-r", "-A", "-o")
    assert with_values(line.split(), known, ("-A",)) == filled.split()


def test_a_command_without_that_option_keeps_its_words() -> None:
    words = ["-w", "/srv", "--watch"]
    assert with_values(words, ("-w2",), ()) == words


def test_a_commands_own_letter_is_not_that_of_a_shared_option() -> None:
    words = ["-w", "/tmp", "web", "pwd"]
    assert with_values(words, ("--cwd", "--workdir", "-w"), ()) == words
